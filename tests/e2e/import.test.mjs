/** Files of all kinds and whole folders come in through the page, and what they say is found. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { docx, japanesePdf, pdf } from "../package/input-files.mjs";
import { file, hits, idle, loadModel, search, start } from "./page.mjs";

const OPEN = "?model=tiny&device=cpu#mode=lexical";

const FILES = {
  "quokkas.pdf": pdf([["A page that comes first."], ["Quokkas sleep under the jetty."]]),
  "valves.docx": docx([["Valves", "Heading1"], ["Turn the red valve clockwise."]]),
  "ferry.html": "<title>Ferries</title><nav>Home</nav><p>The ferry leaves at noon.</p>",
  "bread.csv": "name,note\nRye,Knead the dough twice\n",
  "broken.pdf": "%PDF-1.4 and nothing else",
};

/** Hands files made in the page to its drop handler: `count` small texts. */
async function dropNotes(page, count) {
  const transfer = await page.evaluateHandle((count) => {
    const made = new DataTransfer();
    for (let at = 0; at < count; at += 1) made.items.add(new File([`Note ${at} is about thing${at}.`], `${at}.txt`));
    return made;
  }, count);
  await page.locator("body").dispatchEvent("drop", { dataTransfer: transfer });
}

/** Counts the frames that the page draws from now on. */
const countFrames = (page) =>
  page.evaluate(() => {
    globalThis.frames_drawn = 0;
    const draw = () => requestAnimationFrame(() => (globalThis.frames_drawn += 1, draw()));
    draw();
  });

describe("import of files", { timeout: 300_000 }, () => {
  let site;
  before(async () => void (site = await start()));
  after(() => site?.close());

  it("reads PDF, DOCX, HTML and CSV, and names what is broken", async () => {
    const page = await site.open(OPEN);
    await loadModel(page);
    await page.getByTestId("file-input").setInputFiles(Object.entries(FILES).map(([name, content]) => file(name, content)));
    await page.locator("#documents-count", { hasText: "4 notes in 5 passages." }).waitFor();
    await idle(page);
    for (const [words, id] of [["quokkas jetty", "quokkas.pdf#2"], ["red valve", "valves.docx"], ["ferry noon", "ferry.html"], ["knead dough", "bread.csv#1"]]) {
      await search(page, words);
      assert.equal((await hits(page))[0].id, id);
    }
    assert.deepEqual(await page.locator("#skipped").innerText().then((text) => text.split(/\n+/)[0]), "1 file could not be added:");
    assert.match(await page.locator("#skipped li").first().textContent(), /^broken\.pdf: is damaged, or no PDF file/);
    assert.deepEqual(site.errors, []);
  });

  it("reads a PDF file by a table of characters that the page serves", async () => {
    const page = await site.open(OPEN);
    // "日本語の文章です。" in Shift_JIS.
    await page.getByTestId("file-input").setInputFiles(file("j.pdf", japanesePdf("93fa967b8cea82cc95b68fcd82c582b78142")));
    await page.locator("#documents-count", { hasText: "1 note." }).waitFor();
    await loadModel(page);
    await search(page, "日本語の文章です");
    assert.match(await page.getByTestId("hit").first().innerText(), /日本語の文章です。/);
    assert.deepEqual(site.errors, []);
  });

  it("reads before a model is loaded, and finds it once there is one", async () => {
    const page = await site.open(OPEN);
    await page.getByTestId("file-input").setInputFiles([file("early.pdf", FILES["quokkas.pdf"]), file("early.docx", FILES["valves.docx"])]);
    await page.locator("#documents-count", { hasText: "2 notes in 3 passages. They are read when the model is loaded." }).waitFor();
    await loadModel(page);
    await search(page, "quokkas");
    assert.equal((await hits(page))[0].id, "early.pdf#2");
    assert.deepEqual(site.errors, []);
  });

  it("reads a folder with the folders in it; a file that has changed replaces its passages", async () => {
    const place = mkdtempSync(join(tmpdir(), "nearmiss-notes-"));
    try {
      const page = await site.open(OPEN);
      await loadModel(page);
      const put = (name, text) => writeFileSync(join(place, "notes", name), text);
      mkdirSync(join(place, "notes", "deep"), { recursive: true });
      put("a.md", "# One\n\nalpha\n\n# Two\n\nbeta");
      put("deep/b.txt", "gamma");
      await page.getByTestId("folder-input").setInputFiles(join(place, "notes"));
      await page.locator("#documents-count", { hasText: "2 notes in 3 passages." }).waitFor();
      await idle(page);
      await search(page, "gamma");
      assert.equal((await hits(page))[0].id, "notes/deep/b.txt");
      put("a.md", "# One\n\ndelta");
      await page.getByTestId("folder-input").setInputFiles(join(place, "notes"));
      await page.locator("#documents-count", { hasText: "2 notes." }).waitFor();
      await idle(page);
      await search(page, "delta");
      assert.equal((await hits(page))[0].id, "notes/a.md");
      assert.deepEqual(site.errors, []);
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it("asks the browser for a folder where it has such a dialog", async () => {
    const page = await site.open(OPEN);
    // A real handle, of a folder that the page itself keeps; nobody can press the browser's own dialog here.
    await page.addInitScript(() => {
      globalThis.showDirectoryPicker = async () => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("letters", { create: true });
        const below = await folder.getDirectoryHandle("1999", { create: true });
        const out = await (await below.getFileHandle("may.txt", { create: true })).createWritable();
        await out.write("The cherries are ripe.");
        await out.close();
        return folder;
      };
    });
    await page.reload();
    await page.locator("label", { hasText: "Choose a folder" }).click();
    await page.locator("#documents-count", { hasText: "1 note." }).waitFor();
    await loadModel(page);
    await search(page, "cherries");
    assert.equal((await hits(page))[0].id, "letters/1999/may.txt");
    assert.deepEqual(site.errors, []);
  });

  it("of 10,000 files draws all the while, is stopped halfway, and keeps what came before", async () => {
    const page = await site.open(OPEN);
    await loadModel(page);
    await countFrames(page);
    await dropNotes(page, 10_000);
    const label = page.locator(".busy .label");
    await label.filter({ hasText: /: [1-9][\d,]* of 10,000 files/ }).waitFor();
    const first = await page.evaluate(() => globalThis.frames_drawn);
    // A page that is held up draws no frame between one count and the next.
    await page.waitForFunction((seen) => globalThis.frames_drawn > seen + 5, first);
    await page.getByTestId("cancel").click();
    await page.getByTestId("progress").waitFor({ state: "detached" });
    const count = await page.locator("#documents-count").textContent();
    const kept = Number(count.match(/^([\d,]+) notes\./)[1].replaceAll(",", ""));
    assert.ok(kept > 0 && kept < 10_000, count);
    assert.match(count, /Not all have been read|^[\d,]+ notes\.$/);
    assert.ok((await page.locator("#notes > li").count()) <= 51, "not a line for each of them");
    await search(page, "thing0");
    assert.equal((await hits(page))[0].id, "0.txt");
    assert.equal(await page.getByTestId("error").count(), 0, "to cancel is no error");
    assert.deepEqual(site.errors, []);
  });

  it("shows the first reasons where many files are skipped, and how many more there are", async () => {
    const page = await site.open(OPEN);
    const pictures = Array.from({ length: 30 }, (_, at) => file(`${at}.png`, "x"));
    await page.getByTestId("file-input").setInputFiles(pictures);
    await page.locator("#skipped li").first().waitFor();
    const lines = await page.locator("#skipped li").allTextContents();
    assert.equal(lines.length, 21);
    assert.equal(lines.at(-1), "and 10 more");
    assert.deepEqual(site.errors, []);
  });
});
