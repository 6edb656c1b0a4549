/** What a person says can be taken back, brought back, looked through, put right, carried away and brought in. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { counts, file, hits, importMarks, loadModel, loadSample, marks, problem, sample, search, start, unfold } from "./page.mjs";

const own = "what did nobody ask yet?";

describe("marks", { timeout: 300_000 }, () => {
  let site, page, given;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny");
    await loadModel(page);
    await loadSample(page);
    given = await counts(page);
  });
  after(() => site?.close());

  const note = (text) => page.locator("#marks-note", { hasText: text }).waitFor();
  const markOf = async (at) => (await hits(page))[at].mark;
  const said = async () => [(await counts(page)).right - given.right, (await counts(page)).wrong - given.wrong];

  it("undoes and redoes with buttons, step by step, and says what", async () => {
    assert.equal(await page.locator("#undo-row").isVisible(), false, "the sample's marks are no step of a person");
    await search(page, own);
    await page.getByTestId("mark-right").nth(0).click();
    await page.getByTestId("mark-wrong").nth(1).click();
    await page.locator("#undo:enabled").click();
    await note(`Undone: the mark “wrong” for “${own}”.`);
    assert.deepEqual([await markOf(0), await markOf(1)], ["true", "undefined"]);
    await page.locator("#undo").click();
    await note(`Undone: the mark “right” for “${own}”.`);
    assert.deepEqual(await counts(page), given);
    assert.equal(await page.locator("#undo").isDisabled(), true);
    await page.locator("#redo:focus").waitFor();
    await page.keyboard.press("Enter");
    await note(`Done again: the mark “right” for “${own}”.`);
    await page.locator("#redo").click();
    await note("Done again: the mark “wrong”");
    assert.deepEqual([await markOf(0), await markOf(1)], ["true", "false"]);
    assert.equal(await page.locator("#redo").isDisabled(), true);
  });

  it("undoes and redoes with keys, but leaves a text field its own undo", async () => {
    await page.getByTestId("search-input").fill("typed");
    await page.keyboard.press("ControlOrMeta+z");
    assert.deepEqual(await said(), [1, 1]);
    await page.getByTestId("mark-right").first().focus();
    await page.keyboard.press("ControlOrMeta+z");
    await note("Undone");
    assert.deepEqual(await said(), [1, 0]);
    await page.keyboard.press("ControlOrMeta+Shift+z");
    await note("Done again");
    assert.deepEqual(await said(), [1, 1]);
  });

  it("undoes a forgotten question as one step", async () => {
    await unfold(page.locator("#judgments"));
    await page.getByRole("button", { name: `Forget the marks for ${own}`, exact: true }).click();
    await page.getByRole("button", { name: `Forget the marks for ${own}`, exact: true }).waitFor({ state: "detached" });
    assert.deepEqual(await said(), [0, 0]);
    await page.locator("#undo:enabled").click();
    await note("Undone: taking back 2 marks.");
    assert.deepEqual(await said(), [1, 1]);
  });

  it("shows who said what, and where two voices contradict each other; one click settles it, one undo brings it back", async () => {
    const [{ id }] = await hits(page);
    const click = { query: own, document: id, relevant: false, source: "click", impressions: 3 };
    await importMarks(page, file("clicks.jsonl", `${JSON.stringify(click)}\n`));
    await note("1 mark imported.");
    const conflict = page.getByTestId("conflict");
    await conflict.waitFor();
    assert.match(await conflict.textContent(), /right, says you; counts now.*wrong, says a click/s);
    const [question] = (await marks(page)).filter((asked) => asked.question === own);
    assert.deepEqual(question.marks.map(({ verdict, who }) => [verdict, who]).sort(), [["Right", "you"], ["Wrong", "a click"], ["Wrong", "you"]]);
    assert.equal(await markOf(0), "true", "a click never overrules a person");

    await page.getByRole("button", { name: `Keep “wrong” for ${own}, remove the other` }).click();
    await conflict.waitFor({ state: "detached" });
    assert.equal(await markOf(0), "false");
    await page.locator("#undo:enabled").click();
    await conflict.waitFor();
    assert.equal(await markOf(0), "true");
    await page.getByRole("button", { name: `Keep “right” for ${own}, remove the other` }).click();
    await conflict.waitFor({ state: "detached" });
    assert.equal(await markOf(0), "true");
    assert.equal((await marks(page)).flatMap((asked) => asked.marks).filter(({ who }) => who === "a click").length, 0);
  });

  it("says in its place what is wrong with a file, and takes nothing of it", async () => {
    const wanted = await counts(page);
    const good = JSON.stringify({ query: "a", document: sample().corpus[0]._id, relevant: true });
    const cases = [
      [[file("bad.jsonl", `${good}\n{"query": 7}\n`)], /judgments\.jsonl.*2/],
      [[file("gone.jsonl", `${good}\n${good.replace(sample().corpus[0]._id, "no-such-note")}`)], /no document has the id "no-such-note"/],
      [[file("qrels.tsv", "query-id\tcorpus-id\tscore\n")], /choose its queries\.jsonl together with it/],
      [[file("a.jsonl", good), file("b.jsonl", good)], /not more/],
      [[file("marks.csv", good)], /marks\.csv: only \.jsonl and \.tsv/],
    ];
    for (const [files, message] of cases) {
      await importMarks(page, ...files);
      const { code, detail, section } = await problem(page);
      assert.deepEqual([code, section], ["INPUT_INVALID", "your-marks"]);
      assert.match(detail, message);
      assert.deepEqual(await counts(page), wanted);
      await page.getByRole("button", { name: "Dismiss" }).click();
    }
    assert.deepEqual(site.errors, []);
  });
});
