/** Without a bundler: an import map, a strict policy, isolation from other origins, and a host that is another origin. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ISOLATED, serve } from "../harness.mjs";
import { DEFAULT_MODEL, found, visit } from "./browsing.mjs";
import { fixture, installed } from "./install.mjs";

const { folder } = await installed();
const app = await fixture("plain");
const roots = { "/node_modules/": join(folder, "node_modules") };

test("an import map and a module script", async () => {
  const seen = await visit(app, { roots });
  found(seen);
  assert.ok(seen.requests.includes("/node_modules/nearmiss/wasm/cpu/nearmiss_bg.wasm"));
  assert.deepEqual(seen.requests.filter((path) => path.includes("webgpu")), [], "only the chosen module is fetched");
});

test("without a model of one's own", async () => {
  const seen = await visit(app, { roots, query: DEFAULT_MODEL });
  found(seen);
  assert.ok(seen.requests.includes("/node_modules/nearmiss/models/compact/model.safetensors"));
});

test("a page isolated from other origins, as SharedArrayBuffer asks for", async () => {
  const seen = await visit(app, { roots, headers: ISOLATED, inspect: (page) => page.evaluate(() => crossOriginIsolated) });
  found(seen);
  assert.equal(seen.inspected, true);
});

/** What the README asks of a policy, and nothing more; the import map is named by its hash, as inline scripts must be. */
const policy = (html) => {
  const map = html.match(/<script type="importmap">([^]*?)<\/script>/)[1];
  const hash = createHash("sha256").update(map).digest("base64");
  return `default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'; worker-src 'self'; connect-src 'self'`;
};

test("a Content-Security-Policy without unsafe-eval", async () => {
  const headers = { "content-security-policy": policy(await readFile(join(app, "index.html"), "utf8")) };
  const seen = await visit(app, { roots, headers, inspect: (page) => page.evaluate(evaluating) });
  found(seen);
  assert.equal(seen.inspected, "EvalError", "the policy is in force");
});

/** Later, since what the debugger itself evaluates is exempt. */
function evaluating() {
  return new Promise((done) => {
    setTimeout(() => {
      try {
        done(new Function("return 'allowed'")());
      } catch (error) {
        done(error.name);
      }
    });
  });
}

describe("from another origin, as a CDN is", () => {
  let cdn, page;
  before(async () => {
    page = await fixture("elsewhere");
    cdn = await serve({ "/npm/nearmiss@0.1.0/": join(folder, "node_modules/nearmiss") }, { headers: { "access-control-allow-origin": "*" } });
  });
  after(() => cdn?.close());

  const at = (file, rest = "") => `?model=/tiny/&package=${encodeURIComponent(`${cdn.url}npm/nearmiss@0.1.0/${file}`)}${rest}`;

  test("the file that package.json names for CDNs runs its worker", async () => {
    const { jsdelivr, unpkg } = JSON.parse(await readFile(join(folder, "node_modules/nearmiss/package.json"), "utf8"));
    assert.equal(jsdelivr, unpkg);
    found(await visit(page, { query: at(jsdelivr) }));
    assert.ok(cdn.requests.includes("/npm/nearmiss@0.1.0/dist/worker.js"));
    assert.ok(cdn.requests.includes("/npm/nearmiss@0.1.0/wasm/cpu/nearmiss_bg.wasm"));
  });

  test("any other entry says what to do", async () => {
    const { hit } = await visit(page, { query: at("dist/index.js") });
    assert.match(hit, /^NETWORK: the worker could not be started: .*import dist\/cdn\.js, or use worker: false$/);
  });

  test("any other entry works in the page's own thread", async () => {
    found(await visit(page, { query: at("dist/index.js", "&worker=no") }));
  });
});
