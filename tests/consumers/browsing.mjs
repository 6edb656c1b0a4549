/** Opens what a consumer built and reads what its app wrote. */
import assert from "node:assert/strict";
import { launch, serve } from "../harness.mjs";

/** The model of the tests; every app here takes one from its address: `?model=/tiny/`. Without it, the package's own is used. */
export const TINY = {
  "/tiny/": "tests/fixtures/tiny-bert",
  // Optional, and the fixture has none; browsers write a line in the console about each file that is not there.
  "/tiny/sentence_bert_config.json": (_, response) => response.writeHead(200, { "content-type": "application/json" }).end('{ "max_seq_length": 64 }'),
};
const TINY_MODEL = "?model=/tiny/";

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
