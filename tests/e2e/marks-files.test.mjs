/** Marks that come from a file or from the notes themselves, and marks that go into a file. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { addNotes, counts, file, importMarks, loadModel, marks, search, start, unfold } from "./page.mjs";

/** Alike but for one word each, and long enough for the engine to ask about. */
const turning = Object.fromEntries(
  ["valve", "key", "battery", "mast", "pay", "branch", "store", "team", "door"].map((name) => [
    `${name}.md`,
    `# How to turn the ${name}\n\nWith the ${name} you can do this: turn it, then leave it.`,
  ]),
);

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
