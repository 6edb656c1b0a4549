/** Near misses before training: found, drawn, counted, explained, and chosen in the way that training then follows. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { addNotes, counts, loadModel, loadSample, mine, sample, search, start, tell, train, unfold } from "./page.mjs";

describe("near misses", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start({ hooks: true });
    // The real model: for one of random weights all notes are alike, and the rules leave nothing.
    page = await site.open("#epochs=2");
    await loadModel(page);
  });
  after(() => site?.close());

  const summary = async () => (await page.locator("#mining-summary").textContent()).match(/\d+/g).map(Number);
  const bins = () => page.locator("#bins tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].slice(1).map((cell) => Number(cell.textContent))));
  const total = (rows, column) => rows.reduce((sum, row) => sum + row[column], 0);

  it("waits for a mark to start from", async () => {
    assert.equal(await page.getByTestId("mine").isDisabled(), true);
    await loadSample(page);
    assert.equal(await page.getByTestId("mine").isEnabled(), true);
  });

  it("can be stopped while it reads, and leaves nothing behind", async () => {
    await tell(page, "hold", { type: "encode" });
    await page.getByTestId("mine").click();
    await page.getByTestId("progress").waitFor();
    await page.getByTestId("cancel").click();
    await tell(page, "release");
    await page.locator("#mining-note", { hasText: "Stopped. Nothing was changed." }).waitFor();
    assert.equal(await page.getByTestId("error").count(), 0);
    assert.equal(await page.locator("#mining-report").isVisible(), false);
  });

  it("finds them for every right answer among the practice questions, and draws and counts their scores", async () => {
    await mine(page);
    const [misses, answers] = await summary();
    const practice = sample().train.filter(([, , grade]) => Number(grade) > 0).length;
    assert.equal(answers, practice);
    assert.ok(misses > 0 && misses <= 3 * practice, `${misses} near misses`);
    const chart = page.getByTestId("histogram").locator("svg[role=img]");
    assert.match(await chart.getAttribute("aria-label"), /right answers and near misses/);
    assert.equal(await chart.locator("g[aria-label]").count(), 0);
    await unfold(page.locator("#mining-report details", { hasText: "Show the numbers" }));
    const rows = await bins();
    assert.deepEqual([total(rows, 0), total(rows, 1)], [answers, misses], "the table holds all that the picture shows");
    assert.equal(await chart.locator("rect").count(), rows.flat().filter((count) => count > 0).length);
    assert.match(await page.locator("#histogram-text").textContent(), /Right answers score .* Near misses score/);
  });

  it("says what each rule left out and where they come from", async () => {
    await unfold(page.locator("#mining-report details", { hasText: "How they were chosen" }));
    const rules = await page.locator("#dropped tbody tr").evaluateAll((rows) => rows.map((row) => [row.cells[0].textContent, Number(row.cells[1].textContent)]));
    assert.ok(rules.length > 0);
    assert.ok(rules.every(([, count]) => count > 0), "rules that left out nothing are not listed");
    assert.match(await page.locator("#mining-sources").textContent(), /you marked them wrong/);
  });

  it("lists them by question, ten questions at a time", async () => {
    await unfold(page.locator("#near-misses-box"));
    const items = page.locator("#near-misses > li");
    await items.first().waitFor();
    assert.equal(await items.count(), 10);
    await page.locator("#more-near-misses").click();
    assert.equal(await items.count(), 20);
    assert.ok((await items.first().getByTestId("near-miss").count()) > 0);
  });

  it("looks elsewhere and for more when told so, keeps that in the address, and trains in the same way", async () => {
    const options = page.locator("#mining-options");
    await unfold(options);
    await options.getByRole("radio", { name: /By words/ }).check();
    await page.locator("#negatives").fill("5");
    await page.locator("#negatives").press("Tab");
    await options.getByRole("checkbox", { name: /Take a second look/ }).check();
    await unfold(page.locator("#training-options"));
    await page.locator("#curriculum").selectOption("rank");
    await page.locator("#warmup").check();
    const given = new URLSearchParams(new URL(page.url()).hash.slice(1));
    assert.deepEqual(
      ["strategy", "negatives", "teacher", "curriculum", "warmup"].map((name) => given.get(name)),
      ["bm25", "5", "true", "rank", "true"],
    );
    const [before] = await summary();
    await mine(page);
    const [misses] = await summary();
    assert.ok(misses > before, `${misses} after ${before}`);
    assert.match(await page.locator("#mining-sources").textContent(), /found by words/);
    assert.match(await page.locator("#mining-gap").textContent(), /the time before/);

    // A second look at every step of the way would take long here.
    await options.getByRole("checkbox", { name: /Take a second look/ }).uncheck();
    await train(page);
    await page.getByTestId("verdict").waitFor();
    assert.match(await page.locator("#mining-when").textContent(), /As training/, "training shows its own near misses");
    assert.equal(await page.locator("#near-misses-box").isVisible(), false, "which it does not name");
    assert.match(await page.locator("#mining-sources").textContent(), /found by words/);
    await mine(page);
    assert.equal(await page.locator("#mining-when").textContent(), "");
    await page.getByTestId("rollback").click();
    await page.locator("#rollback[aria-pressed=true]:enabled").waitFor();
    assert.deepEqual(site.errors, []);
  });

  it("takes the settings from the address", async () => {
    const other = await site.open("?model=tiny#strategy=random&negatives=2&teacher=true&curriculum=score&warmup=true");
    assert.equal(await other.locator("input[name=strategy][value=random]").isChecked(), true);
    assert.equal(await other.locator("#negatives").inputValue(), "2");
    assert.equal(await other.locator("#teacher").isChecked(), true);
    assert.equal(await other.locator("#curriculum").inputValue(), "score");
    assert.equal(await other.locator("#warmup").isChecked(), true);
    await other.close();
  });
});

describe("passages of one note", { timeout: 300_000 }, () => {
  it("are no near misses of each other", async () => {
    const site = await start();
    try {
      const page = await site.open("?model=tiny");
      await loadModel(page);
      const part = (name) => `## About the ${name}\n\nThe ${name} is on the ${name}, turn it. `;
      const names = ["valve", "key", "battery", "mast", "branch", "store"];
      await addNotes(page, { "long.md": `# All\n\n${names.map(part).join("\n\n")}`, "a.md": part("team"), "b.md": part("door"), "c.md": part("pay") });
      await search(page, "About the valve");
      await page.locator('[data-id="long.md"]').getByTestId("mark-right").click();
      assert.equal((await counts(page)).practice, 1);
      await mine(page);
      await unfold(page.locator("#near-misses-box"));
      await page.getByTestId("near-miss").first().waitFor();
      const found = await page.getByTestId("near-miss").evaluateAll((items) => items.map((item) => item.dataset.id));
      assert.deepEqual(found.filter((id) => id.startsWith("long.md")), []);
      await unfold(page.locator("#mining-report details", { hasText: "How they were chosen" }));
      assert.match(await page.locator("#dropped tbody").textContent(), /From the same note as a right answer/);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });
});
