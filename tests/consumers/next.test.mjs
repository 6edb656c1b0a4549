/** Next.js: a page rendered on the server without wasm, whose client component searches; its hook is the one in the recipes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT } from "../harness.mjs";
import { found, look } from "./browsing.mjs";
import { heavyFixture, output } from "./install.mjs";
import { recipe } from "./recipes.mjs";

describe("Next.js", { timeout: 300_000 }, () => {
  let folder, server;
  before(async () => {
    folder = await heavyFixture("next");
    await rm(join(folder, ".next"), { recursive: true, force: true });
    await writeFile(join(folder, "app/use-nearmiss.js"), recipe("In React and Next.js", "jsx"));
    await cp(join(ROOT, "tests/fixtures/tiny-bert"), join(folder, "public/tiny"), { recursive: true });
  });
  after(() => server?.stop());

  const env = () => ({ ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_OPTIONS: `--require=${join(folder, "large-wasm.cjs")}` });
  const next = () => join(folder, "node_modules/next/dist/bin/next");

  test("builds, and compiles no module of ours on the way", async () => {
    const said = await output(process.execPath, [next(), "build"], { cwd: folder, env: env() });
    assert.match(said, /Compiled successfully/);
    assert.doesNotMatch(said, /large wasm/);
  });

  test("renders on the server without wasm, and searches in the browser", async () => {
    server = await start(process.execPath, [next(), "start", "--port", "0", "--hostname", "127.0.0.1"], { cwd: folder, env: env() });
    const html = await (await fetch(server.url)).text();
    assert.match(html, /<output id="hit"><\/output>/);
    found(await look(`${server.url}?model=/tiny/`));
    found(await look(server.url));
    assert.doesNotMatch(server.said(), /large wasm/);
  });

  test("the hook: no hits without a query, and no error any more once the next attempt succeeds", async () => {
    const says = (page, text) => page.waitForFunction((expected) => document.querySelector("#hit").textContent === expected, text, { timeout: 60_000 });
    await look(`${server.url}?model=/tiny/`, async (page) => {
      await page.click("#clear");
      await says(page, "");
    });
    const { hit } = await look(`${server.url}?model=/nowhere/`, async (page) => {
      await page.click("#default");
      await says(page, "valve on cpu");
    });
    assert.match(hit, /nowhere/);
  });
});

/** A server that says its address when it is ready. */
async function start(command, args, options) {
  const child = spawn(command, args, options);
  let said = "";
  const url = await new Promise((ready, fail) => {
    const hear = (data) => {
      said += data;
      const address = /Ready in/.test(said) && /(http:\/\/127\.0\.0\.1:\d+)/.exec(said);
      if (address) ready(`${address[1]}/`);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => fail(new Error(`the server ended: ${said}`)));
  });
  const stop = async () => {
    const ended = new Promise((done) => child.once("exit", done));
    child.kill();
    await ended;
  };
  return { url, said: () => said, stop };
}
