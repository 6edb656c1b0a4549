/** The page changes on its server: who opens it sees the change, also in files of fixed names, and who has it open goes on with what he has. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { launch, ROOT, serve } from "../harness.mjs";
import { pdf } from "../package/input-files.mjs";
import { file, idle, loadModel, loadSample } from "./page.mjs";

describe("a change of the page on its server", { timeout: 300_000 }, () => {
  let folder, server, chromium, context, old;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "nearmiss-deploy-"));
    await cp(join(ROOT, "www/dist"), join(folder, "site"), { recursive: true, filter: (path) => !path.endsWith("dist/models") });
    server = await serve({ "/": relative(ROOT, join(folder, "site")) });
    chromium = await launch({ webgpu: false });
    old = await chromium.open(`${server.url}?device=cpu`);
    context = old.context();
    context.setDefaultTimeout(120_000);
    await old.waitForFunction(() => navigator.serviceWorker.controller);
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const caches = (page) => page.evaluate(async () => (await globalThis.caches.keys()).filter((name) => name.startsWith("nearmiss-page-")).length);
  const site = (...names) => join(folder, "site", ...names);
  const edit = async (name, change) => writeFile(site(name), change(await readFile(site(name), "utf8")));

  /** Another text in index.html, another note in the sample, and every script of the page under another name, the old ones gone. */
  const deploy = async () => {
    const before = await readFile(site("sw.js"), "utf8");
    const version = before.match(/\?v=(\w+)/)[1];
    const scripts = (await readdir(site("assets"))).filter((name) => name.endsWith(".js"));
    const renamed = new Map([...scripts.map((name) => [name, name.replace(/-([\w-]{8})\.js$/, "-x$1.js")]), [version, `x${version}`]]);
    const replaced = (text) => [...renamed].reduce((text, [from, to]) => text.replaceAll(from, to), text);
    for (const name of scripts) {
      await edit(join("assets", name), replaced);
      await rename(site("assets", name), site("assets", renamed.get(name)));
    }
    await edit("index.html", (text) => replaced(text).replace("<h1 tabindex=\"-1\">Search", "<h1 tabindex=\"-1\">Changed: search"));
    await edit("sample/corpus.jsonl", (text) => `${text.trimEnd()}\n${JSON.stringify({ _id: "new", title: "New", text: "Quokkas have moved in." })}\n`);
    await edit("sw.js", (text) => replaced(text).replace(/const VERSION = "/, "$&x"));
  };

  it("is seen by who opens it, with the parts that belong to it", async () => {
    await deploy();
    const fresh = await context.newPage();
    await fresh.goto(`${server.url}?device=cpu`);
    assert.match(await fresh.locator("#tune h1").textContent(), /^Changed: search/);
    await loadModel(fresh);
    await loadSample(fresh);
    await fresh.locator("#documents-count", { hasText: "84 notes" }).waitFor();
    assert.equal(await caches(fresh), 2, "what the old tab needs is kept beside the new");
    await fresh.close();
  });

  it("leaves a tab that was open before in working order: parts that it never loaded are there", async () => {
    server.requests.length = 0;
    await old.getByTestId("file-input").setInputFiles(file("quokkas.pdf", pdf([["Quokkas sleep under the jetty."]])));
    await old.locator("#documents-count", { hasText: /^1 note/ }).waitFor();
    await old.locator(".doors a", { hasText: "Learn" }).click();
    await old.locator("#lesson-notes tr").first().waitFor();
    await old.locator("[name=lesson-trouble][value=collapse]").check();
    await old.getByTestId("lesson-step").press("End");
    await old.getByTestId("sign").filter({ hasText: "collapse" }).waitFor();
    assert.deepEqual(server.requests.filter((path) => path !== "/sw.js"), [], "all of it came from what was kept");
  });

  it("forgets the old version once no tab has it, and works without a network in the new one", async () => {
    await old.goto("about:blank");
    const page = await context.newPage();
    await page.goto(`${server.url}?device=cpu`);
    await page.waitForFunction(async () => (await caches.keys()).filter((name) => name.startsWith("nearmiss-page-")).length === 1);
    await server.close();
    await page.reload();
    assert.match(await page.locator("#tune h1").textContent(), /^Changed: search/);
    await loadModel(page);
    await idle(page);
    assert.deepEqual(chromium.errors.filter((error) => !/ERR_CONNECTION_REFUSED|ERR_FAILED/.test(error)), []);
  });
});
