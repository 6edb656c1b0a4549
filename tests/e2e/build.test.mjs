/** The view Build: calls on the page's engine, without eval, with what they gave, what was called and how fast it went. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { idle, loadModel, addNotes, sample, search, start, tell } from "./page.mjs";

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
    for (const [args, message] of [["[1,", /not JSON/], ["{}", /^Not sent: the arguments have to stand in a list/], ['["a", {"q": 1}]', /^INPUT_INVALID: .*q/], ["[fetch('x')]", /not JSON/]]) {
      const { ok, text } = await call("search", args);
      assert.deepEqual([ok, message.test(text)], [false, true], `${args} → ${text}`);
    }
  });

  it("trains with events, and the view Tune knows of it", async () => {
    const { ok, text } = await call("train", [{ loss: "margin", margin: 0.2, epochs: 2 }]);
    assert.ok(ok, text);
    const verdict = JSON.parse(text);
    assert.equal(verdict.metric, "ndcg@10");
    // The list follows with the next frame.
    await page.getByTestId("events").filter({ hasText: '"type": "verdict"' }).waitFor();
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
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied.split("\n").length, code.split("\n").length);
    assert.doesNotMatch(copied, /more \*\/|…/, "what is shortened on the page is whole in the copy");
    for (const { text } of sample().corpus) assert.ok(copied.includes(JSON.stringify(text)), text);
    // Node reads it as a module: it is code.
    execFileSync(process.execPath, ["--input-type=module", "--check"], { input: copied });
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

describe("the view Build, by itself", { timeout: 300_000 }, () => {
  let site;
  before(async () => {
    // A model whose files never come.
    site = await start({ hooks: true, routes: { "/models/slow/": () => {} } });
  });
  after(() => site?.close());

  const engineNote = (page) => page.getByTestId("build-note");

  it("shows what went wrong with loading, where it was asked for, and goes no further", async () => {
    const page = await site.open("?model=absent&device=cpu#build");
    await page.getByTestId("build-load").click();
    const error = page.locator("#playground").getByTestId("error");
    await error.waitFor();
    assert.equal(await error.isVisible(), true);
    assert.equal(await error.getAttribute("data-code"), "MODEL_INVALID");
    await page.locator("#build-load:enabled").waitFor();
    assert.match(await engineNote(page).textContent(), /^No engine runs yet/);
    assert.equal(await error.isVisible(), true, "it stays until it is dismissed");
    await page.locator(".doors a", { hasText: "Tune" }).click();
    await page.locator("#model").getByTestId("error").waitFor();
    assert.equal(await page.locator("#documents-count").textContent(), "No notes yet.");
    site.errors.length = 0;
    await page.context().close();
  });

  it("can be cancelled while it loads, and then loads nothing else", async () => {
    const page = await site.open("?model=slow&device=cpu#build");
    await page.getByTestId("build-load").click();
    const cancel = page.locator("#playground").getByTestId("cancel");
    await cancel.waitFor();
    // The bar goes along to another view.
    await page.locator(".doors a", { hasText: "Learn" }).click();
    await page.locator("#live").getByTestId("cancel").waitFor();
    await page.locator(".doors a", { hasText: "Build" }).click();
    await cancel.click();
    await page.locator("#build-load:enabled").waitFor();
    assert.match(await engineNote(page).textContent(), /^No engine runs yet/);
    assert.equal(await page.locator("#documents-count").textContent(), "No notes yet.");
    await page.context().close();
  });

  it("takes a person's own notes for its calls, and puts none of the sample's among them", async () => {
    const page = await site.open("?model=tiny&device=cpu");
    await addNotes(page, { "jam.txt": "Plum jam needs an hour.", "tea.txt": "Tea needs three minutes." });
    await page.locator(".doors a", { hasText: "Build" }).click();
    await page.getByTestId("build-load").click();
    await engineNote(page).filter({ hasText: "with 2 passages" }).waitFor();
    await page.locator("#call-run:enabled").waitFor();
    assert.equal(await page.getByTestId("build-load").isVisible(), false);
    await page.context().close();
  });

  it("measures what can be measured, and says what training lacks", async () => {
    const page = await site.open("?model=tiny&device=cpu");
    await loadModel(page);
    await addNotes(page, { "jam.txt": "Plum jam needs an hour.", "tea.txt": "Tea needs three minutes." });
    await search(page, "how long does tea take");
    await page.getByTestId("mark-right").first().click();
    await page.locator(".doors a", { hasText: "Build" }).click();
    await page.getByTestId("measure").click();
    await page.getByTestId("measure-note").filter({ hasText: /^Training was not measured\. Training still needs 1 more practice question and 2 more test questions/ }).waitFor();
    assert.deepEqual(await page.getByTestId("measured").locator("th").allTextContents(), ["Encode 2 notes", "Search"]);
    assert.equal(await page.getByTestId("error").count(), 0);
    await page.context().close();
  });

  it("lets nothing be marked while a training runs that was asked for here", async () => {
    const page = await site.open("?model=tiny&device=cpu#build");
    await page.getByTestId("build-load").click();
    await page.locator("#call-run:enabled").waitFor();
    await page.locator(".doors a", { hasText: "Tune" }).click();
    await search(page, sample().queries[1].text);
    await page.locator(".doors a", { hasText: "Build" }).click();
    await page.getByTestId("call").selectOption("train");
    await tell(page, "hold", { step: 2 });
    await page.getByTestId("call-run").click();
    await page.locator("#playground .busy .label", { hasText: "Step 1 of" }).waitFor();
    await page.locator(".doors a", { hasText: "Tune" }).click();
    const mark = page.getByTestId("hit").last().getByTestId("mark-right");
    assert.equal(await mark.getAttribute("aria-disabled"), "true");
    await page.locator("#training").getByTestId("cancel").waitFor();
    await tell(page, "release");
    await page.getByTestId("verdict").waitFor();
    await page.locator("#train:enabled").waitFor();
    assert.equal(await mark.getAttribute("aria-disabled"), "false");
    await page.context().close();
    assert.deepEqual(site.errors, []);
  });
});
