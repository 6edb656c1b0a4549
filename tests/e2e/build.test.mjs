/** The view Build: calls on the page's engine, without eval, with what they gave, what was called and how fast it went. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { idle, sample, search, start } from "./page.mjs";

describe("the view Build", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny&device=cpu#build", { viewport: { width: 1280, height: 900 } });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  });
  after(() => site?.close());

  /** Makes a call and waits for what comes of it. */
  const call = async (path, args) => {
    await page.getByTestId("call").selectOption(path);
    if (args !== undefined) await page.getByTestId("call-args").fill(typeof args === "string" ? args : JSON.stringify(args));
    await page.locator("#call-result").evaluate((result) => (result.textContent = ""));
    await page.getByTestId("call-run").click();
    await page.locator("#call-result:not(:empty)").waitFor();
    await page.locator("#call-run:enabled").waitFor();
    return page.locator("#call-result").evaluate(({ textContent, dataset }) => ({ ok: dataset.ok === "true", text: textContent }));
  };

  it("shows the code to begin with, and runs nothing without an engine", async () => {
    assert.match(await page.locator("#build pre").nth(1).textContent(), /await Nearmiss\.create\(\)/);
    assert.equal(await page.getByTestId("call-run").isDisabled(), true);
    assert.deepEqual(site.server.requests.filter((path) => /models|wasm/.test(path)), []);
  });

  it("loads the model and the sample, and says what runs", async () => {
    await page.getByTestId("build-load").click();
    await page.getByTestId("build-note").filter({ hasText: `${sample().corpus.length} passages` }).waitFor();
    await page.locator("#call-run:enabled").waitFor();
    const facts = await page.getByTestId("engine-facts").textContent();
    assert.match(facts, /DeviceCPU.*32 dimensions, 2 layers/);
    await page.getByTestId("engine-facts").filter({ hasText: /Engine’s memory[\d.]+ MB/ }).waitFor();
  });

  it("searches with edited arguments, and gives result and time", async () => {
    const { ok, text } = await call("search", ["signing key", { k: 2, mode: "lexical" }]);
    assert.equal(ok, true);
    const hits = JSON.parse(text);
    assert.equal(hits.length, 2);
    assert.ok(hits.every(({ id }) => sample().corpus.some(({ _id }) => _id === id)));
    assert.match(await page.getByTestId("call-took").textContent(), /^[\d.,]+ ms$/);
  });

  it("shortens vectors, and answers every call that is offered with its own arguments", async () => {
    assert.match((await call("encode", [["one", "two"], { as: "query" }])).text, /^"Float32Array\(64\) \[-?\d\.\d{4}/);
    const offers = await page.getByTestId("call").locator("option").evaluateAll((options) => options.map(({ value }) => value));
    for (const path of offers.filter((path) => !["train", "export"].includes(path))) {
      const { ok, text } = await call(path);
      assert.ok(ok, `${path}: ${text}`);
    }
    assert.match((await call("search", ["quokkas", { k: 1, mode: "lexical" }])).text, /"id": "jetty"/);
    assert.match((await call("documents.list")).text, /… \d+ more characters$/);
  });

  it("tells what is wrong: no JSON, no list, an option that does not exist", async () => {
    for (const [args, message] of [["[1,", /not JSON/], ["{}", /have to stand in a list/], ['["a", {"q": 1}]', /^INPUT_INVALID: .*q/], ["[fetch('x')]", /not JSON/]]) {
      const { ok, text } = await call("search", args);
      assert.deepEqual([ok, message.test(text)], [false, true], `${args} → ${text}`);
    }
  });

  it("trains with events, and the view Tune knows of it", async () => {
    const { ok, text } = await call("train", [{ loss: "margin", margin: 0.2, epochs: 2 }]);
    assert.ok(ok, text);
    const verdict = JSON.parse(text);
    assert.equal(verdict.metric, "ndcg@10");
    const events = await page.getByTestId("events").textContent();
    for (const type of ["mining", "step", "verdict"]) assert.match(events, new RegExp(`"type": "${type}"`));
    await page.locator(".doors a", { hasText: "Tune" }).click();
    await page.getByTestId("verdict").waitFor();
    assert.equal(await page.getByTestId("verdict").getAttribute("data-outcome"), verdict.outcome);
    assert.match(await page.locator("#documents-count").textContent(), new RegExp(`^${sample().corpus.length + 1} notes`));
  });

  it("logs as code what was pressed under Tune, to be copied", async () => {
    await idle(page);
    await search(page, "rotate the signing key");
    await page.getByTestId("mark-right").first().click();
    await page.locator(".doors a", { hasText: "Build" }).click();
    const calls = page.getByTestId("calls");
    await calls.filter({ hasText: /"rotate the signing key".*\/\/ [\d.,]+ ms\n.*nm\.judgments\.add\(.*ms$/ }).waitFor();
    const code = await calls.textContent();
    assert.match(code, /^import \{ Nearmiss \} from "nearmiss";\n\nconst nm = await Nearmiss\.create\(\{ model: "models\/tiny\/", device: "cpu", storage: "opfs:/);
    assert.match(code, /await nm\.documents\.add\(\[\{ id: "signing-key".* \/\* 81 more \*\/\]\);/);
    assert.match(code, /await nm\.search\("rotate the signing key", \{[^}]*mode: "hybrid"[^}]*\}\); \/\/ [\d.,]+ ms/);
    assert.match(code, /for await \(const event of nm\.train\(\{ loss: "margin", margin: 0\.2, epochs: 2 \}\)\) console\.log\(event\);/);
    assert.match(code, /nm\.search\("a".* \/\/ failed/);
    assert.doesNotMatch(code, /signal|onProgress/);
    await page.getByTestId("copy-calls").click();
    await page.locator("#calls-copied", { hasText: "Copied." }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code);
  });

  it("measures encoding, searching and training, and gives a table", async () => {
    const calls = await page.getByTestId("calls").textContent();
    await page.getByTestId("measure").click();
    await page.getByTestId("copy-measured").waitFor();
    const rows = await page.getByTestId("measured").locator("tr").evaluateAll((rows) => rows.map(({ cells }) => [...cells].map(({ textContent }) => textContent)));
    assert.deepEqual(rows.map(([name]) => name), ["Encode 16 notes", "Search", "Training step (head, 16 questions)"]);
    assert.ok(rows.every(([, ms, rounds]) => Number.parseFloat(ms) > 0 && Number(rounds) >= 5), JSON.stringify(rows));
    assert.equal(await page.getByTestId("calls").textContent(), calls, "measuring is no call of yours");
    await page.getByTestId("copy-measured").click();
    await page.locator("#measured-copied", { hasText: "Copied." }).waitFor();
    const table = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(table, /^nearmiss, tiny, CPU \(.+\)\n\n\| What \| Median \| Rounds \|\n\|---\|---:\|---:\|\n\| Encode 16 notes \| /);
  });

  it("needed no eval, and logged no error", () => assert.deepEqual(site.errors, []));
});
