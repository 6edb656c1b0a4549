/** What a person says can be taken back, brought back, looked through, put right, carried away and brought in. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { addNotes, counts, file, hits, importMarks, loadModel, loadSample, marks, problem, sample, search, start, unfold } from "./page.mjs";

const own = "what did nobody ask yet?";

const turning = Object.fromEntries(
  ["valve", "key", "battery", "mast", "pay", "branch", "store", "team", "door"].map((name) => [
    `${name}.md`,
    `# How to turn the ${name}\n\nWith the ${name} you can do this: turn it, then leave it.`,
  ]),
);

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

describe("marks as files", { timeout: 300_000 }, () => {
  it("carry everything from one page to another as JSONL, and what BEIR knows as its two files", async () => {
    const site = await start();
    try {
      const page = await site.open("?model=tiny");
      await loadModel(page);
      await addNotes(page, turning);
      for (const question of ["first?", "second?", "third?", "fourth?"]) {
        await search(page, question);
        await page.getByTestId("mark-right").nth(0).click();
        await page.getByTestId("mark-wrong").nth(1).click();
      }
      const wanted = { practice: 3, test: 1, right: 4, wrong: 4 };
      assert.deepEqual(await counts(page), wanted);
      await unfold(page.locator("#mark-files"));
      const [lines] = await downloads(page, "#export-lines", 1);
      assert.equal(lines.name, "nearmiss-marks.jsonl");
      assert.equal(lines.text.trim().split("\n").length, 8);
      const beir = await downloads(page, "#export-beir", 2);
      assert.deepEqual(beir.map(({ name }) => name).sort(), ["qrels.tsv", "queries.jsonl"]);

      const other = await site.open("?model=tiny");
      await loadModel(other);
      await addNotes(other, turning);
      await importMarks(other, file("nearmiss-marks.jsonl", lines.text));
      await other.locator("#marks-note", { hasText: "8 marks imported." }).waitFor();
      assert.deepEqual(await counts(other), wanted);
      assert.deepEqual(await marks(other), await marks(page));

      await other.locator("#undo:enabled").click();
      await other.locator("#marks-note", { hasText: "Undone: the import of 8 marks." }).waitFor();
      assert.deepEqual(await counts(other), { practice: 0, test: 0, right: 0, wrong: 0 });
      await importMarks(other, ...beir.map(({ name, text }) => file(name, text)));
      await other.locator("#marks-note", { hasText: "8 marks imported." }).waitFor();
      assert.deepEqual(await counts(other), wanted, "a question keeps its side even where the file does not name it");
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });
});

describe("practice questions without any marks", { timeout: 300_000 }, () => {
  it("are made from the notes with one button, named as stand-ins, trained on, and undone", async () => {
    const site = await start();
    try {
      const page = await site.open("?model=tiny#epochs=2");
      assert.equal(await page.locator("#no-marks").isVisible(), false);
      await loadModel(page);
      await addNotes(page, turning);
      assert.match(await page.locator("#no-marks").textContent(), /stand-ins.*dropped from\s+the measurement as soon as real marks exist/s);
      await page.locator("#make-questions").click();
      await page.locator("#marks-note", { hasText: /^9 practice questions made from your notes\.$/ }).waitFor();
      const made = await counts(page);
      assert.deepEqual(made, { practice: 6, test: 3, right: 0, wrong: 0 }, "nobody has marked anything");
      assert.ok((await marks(page)).every((asked) => asked.marks.every(({ who }) => who === "made from a note")));
      assert.match(await page.locator("#stand-ins").textContent(), /9 questions here were made from your notes.*dropped from the measurement as soon as/);
      await search(page, "a real question");
      await page.getByTestId("mark-right").first().click();
      await page.locator("#stand-ins", { hasText: "practice only" }).waitFor();
      assert.deepEqual(await counts(page), { practice: 10, test: 0, right: 1, wrong: 0 });
      await page.locator("#undo:enabled").click();
      await page.locator("#stand-ins", { hasText: "dropped" }).waitFor();
      assert.deepEqual(await counts(page), made);

      await page.getByTestId("train").click();
      await page.locator("#train:enabled").waitFor();
      await page.getByTestId("verdict").waitFor();
      assert.match(await page.locator("#verdict-stand-ins").textContent(), /made from your notes/);

      await page.locator("#undo").click();
      await page.locator("#marks-note", { hasText: "Undone: 9 marks." }).waitFor();
      assert.deepEqual(await counts(page), { practice: 0, test: 0, right: 0, wrong: 0 });
      assert.equal(await page.locator("#no-marks").isVisible(), true);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });
});

/** What the browser saves when this is pressed: `[{ name, text }]`. */
async function downloads(page, button, wanted) {
  const saved = [];
  const all = new Promise((done) => {
    const take = (download) => {
      saved.push(download);
      if (saved.length < wanted) return;
      page.off("download", take);
      done();
    };
    page.on("download", take);
  });
  await page.locator(button).click();
  await all;
  return Promise.all(saved.map(async (download) => ({ name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") })));
}
