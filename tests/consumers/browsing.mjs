/** Opens what a consumer built and reads what its app wrote. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { launch, ROOT, serve } from "../harness.mjs";

const FOLDER = join(ROOT, "tests/fixtures/tiny-bert");

/**
 * The model of the tests; every app here takes one from its address: `?model=/tiny/`. Optional files that it lacks are answered as hosts
 * of single-page apps do, with a web page: for a 404, browsers write an error in the console.
 */
export const TINY = {
  "/tiny/": async (request, response) => {
    const file = join(FOLDER, new URL(request.url, "http://localhost").pathname.slice("/tiny/".length));
    const bytes = await readFile(file).catch(() => null);
    response.writeHead(200, { "content-type": bytes ? "application/octet-stream" : "text/html" }).end(bytes ?? "<!doctype html>");
  },
};
const TINY_MODEL = "?model=/tiny/";
/** An address that names none. */
export const DEFAULT_MODEL = "";

/**
 * Serves a folder, opens its page, and waits until the app wrote a hit or an error.
 * @param {{ headers?: Record<string, string>, roots?: object, path?: string, query?: string, inspect?: (page) => Promise<unknown> }} options
 * @returns {Promise<{ hit: string, errors: string[], requests: string[], inspected: unknown }>}
 */
export async function visit(folder, { headers = {}, roots = {}, path = "", query = TINY_MODEL, inspect = async () => null } = {}) {
  const server = await serve({ "/": folder, ...TINY, ...roots }, { headers });
  try {
    return { ...(await look(server.url + path + query, inspect)), requests: server.requests };
  } finally {
    await server.close();
  }
}

/** The same for a page that somebody else serves. */
export async function look(url, inspect = async () => null) {
  const chromium = await launch({ webgpu: false });
  try {
    const page = await chromium.open(url);
    await page.waitForFunction(() => document.querySelector("#hit")?.textContent, undefined, { timeout: 60_000 });
    return { hit: await page.textContent("#hit"), errors: chromium.errors, inspected: await inspect(page) };
  } catch (error) {
    throw new Error(`${error.message}\nconsole: ${chromium.errors.join("\n")}`, { cause: error });
  } finally {
    await chromium.close();
  }
}

/** What each app writes: the first hit of the query "turn the valve", and on what it was found. */
export function found({ hit, errors }) {
  assert.equal(hit, "valve on cpu");
  assert.deepEqual(errors, []);
}
