/** Pages of one Chromium that use stores, for the tests beside this. */
import { launch, serve } from "../harness.mjs";

const BLANK = "<!doctype html><link rel=icon href=data:,><title>test</title>";

/** @returns a server whose `url` is an empty page that finds storage-page.js beside it */
export async function serveStores() {
  const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
  return serve({ "/": "tests/browser", "/blank/": blank, "/dist/": "pkg/dist", "/package/": "tests/package" });
}

/**
 * @returns `open()` gives a tab `{ page, context, call }`; `call(where, name, …args)` does one of storage-calls.js in the page or
 *   its worker, and rejects with what the store threw, code and all
 */
export function openPages(url, context) {
  return async () => {
    const page = await context.newPage();
    await page.goto(`${url}blank/`);
    const call = async (where, name, ...args) => {
      const run = async ([where, name, args]) => (await import("/storage-page.js")).call(where, name, ...args);
      const { value, error } = await page.evaluate(run, [where, name, args]);
      if (error) throw Object.assign(new Error(error.message), { code: error.code });
      return value;
    };
    return { page, context, call };
  };
}

/** @returns `open(context?)`: a tab, in a context of its own unless one is given */
export async function openBrowser() {
  const server = await serveStores();
  const chromium = await launch({ webgpu: false });
  const open = async (context) => openPages(server.url, context ?? (await chromium.browser.newContext()))();
  const close = async () => {
    await chromium.close();
    await server.close();
  };
  return { url: server.url, open, close };
}

/** Asks until the answer is as wanted: another tab hears of a change in its own time. The runner's timeout ends what never comes. */
export async function until(ask, wanted) {
  for (let answer = await ask(); ; answer = await ask()) if (wanted(answer)) return answer;
}
