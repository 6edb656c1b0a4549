/** What a person adds is there again: after a reload, in another tab, on another machine; until they delete it. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { addNotes, counts, hits, loadModel, search, start, unfold } from "./page.mjs";

const OPEN = "?model=tiny&device=cpu#mode=lexical";
const NOTES = { "key.md": "# Keys\n\nRotate the signing key each year.", "bread.txt": "Knead the dough twice.", "ferry.txt": "The ferry leaves at noon." };

/** Loads the page again, as a person who comes back. */
async function comeBack(page, site) {
  await page.goto("about:blank");
  await page.goto(site.server.url + OPEN);
  await loadModel(page);
}

describe("what is kept on this device", { timeout: 300_000 }, () => {
  let site;
  before(async () => void (site = await start()));
  after(() => site?.close());

  it("notes and marks are there again after a reload, and found as before", async () => {
    const page = await site.open(OPEN);
    assert.match(await page.locator("#kept").textContent(), /^Nothing is kept yet/);
    await loadModel(page);
    await addNotes(page, NOTES);
    await search(page, "signing key");
    await page.getByTestId("mark-right").first().click();
    await page.locator('[data-mark="true"]').waitFor();
    assert.match(await page.locator("#kept").textContent(), /^Kept in this browser, on this device/);

    await page.goto("about:blank");
    await page.goto(site.server.url + OPEN);
    await page.locator("#kept", { hasText: "from an earlier visit" }).waitFor();
    assert.equal(await page.locator("#documents-count").textContent(), "No notes yet.", "nothing is read before the model is there");
    await loadModel(page);
    await page.locator("#documents-count", { hasText: "3 notes" }).waitFor();
    assert.deepEqual(await counts(page), { practice: 1, test: 0, right: 1, wrong: 0 });
    await search(page, "signing key");
    assert.deepEqual((await hits(page)).map(({ id, mark }) => [id, mark]), [["key.md", "true"]]);
    assert.deepEqual(site.errors, []);
    await page.context().close();
  });

  it("a second tab follows the first, and takes over when that is closed", async () => {
    const first = await site.open(OPEN);
    await loadModel(first);
    await addNotes(first, { "key.md": NOTES["key.md"] });
    const second = await first.context().newPage();
    second.setDefaultTimeout(120_000);
    await second.goto(site.server.url + OPEN);
    await loadModel(second);
    await second.locator("#keeping-notice", { hasText: "Another tab has these notes open" }).waitFor();
    await second.locator("#documents-count", { hasText: "1 note." }).waitFor();
    await addNotes(first, { "bread.txt": NOTES["bread.txt"] });
    await second.locator("#documents-count", { hasText: "2 notes." }).waitFor();
    await search(second, "knead dough");
    assert.equal((await hits(second))[0].id, "bread.txt");
    await first.close();
    await second.locator("#keeping-notice").waitFor({ state: "hidden" });
    await addNotes(second, { "ferry.txt": NOTES["ferry.txt"] });
    await second.locator("#documents-count", { hasText: "3 notes." }).waitFor();
    await comeBack(second, site);
    await second.locator("#documents-count", { hasText: "3 notes." }).waitFor();
    await second.context().close();
  });

  it("everything goes into a file, is deleted after a second press, and comes back from the file", async () => {
    const page = await site.open(OPEN);
    await loadModel(page);
    await addNotes(page, NOTES);
    await unfold(page.locator("#keeping details"));
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("export-all").click()]);
    assert.equal(download.suggestedFilename(), "notes.nearmiss");
    const kept = { name: "notes.nearmiss", mimeType: "application/octet-stream", buffer: await readFile(await download.path()) };

    await page.getByTestId("delete-all").click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), "delete-no");
    await page.getByTestId("delete-yes").click();
    await page.locator("#keeping-note", { hasText: "Everything is deleted" }).waitFor();
    assert.equal(await page.locator("#documents-count").textContent(), "No notes yet.");
    await comeBack(page, site);
    assert.equal(await page.locator("#documents-count").textContent(), "No notes yet.");

    await unfold(page.locator("#keeping details"));
    await page.getByTestId("import-all").setInputFiles(kept);
    await page.locator("#keeping-note", { hasText: "Taken up" }).waitFor();
    await loadModel(page);
    await page.locator("#documents-count", { hasText: "3 notes." }).waitFor();
    await search(page, "ferry noon");
    assert.equal((await hits(page))[0].id, "ferry.txt");
    await unfold(page.locator("#keeping details"));
    const damaged = { ...kept, buffer: kept.buffer.subarray(0, 40) };
    await page.getByTestId("import-all").setInputFiles(damaged);
    assert.equal(await page.evaluate(() => document.activeElement?.id), "import-no", "what is here would be gone");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("#import-sure").isVisible(), false);
    assert.equal(await page.locator("#documents-count").textContent(), "3 notes.");
    await page.getByTestId("import-all").setInputFiles(damaged);
    await page.getByTestId("import-yes").click();
    await page.getByTestId("error").waitFor();
    assert.equal(await page.getByTestId("error").getAttribute("data-code"), "STORAGE_CORRUPT");
    await page.context().close();
  });

  it("nothing of a person’s is left on the page, in any view, when everything is deleted", async () => {
    const page = await site.open(OPEN);
    await loadModel(page);
    await addNotes(page, { ...NOTES, "odd.bin": "\0" });
    await page.locator("#skipped", { hasText: "odd.bin" }).waitFor();
    await search(page, "knead dough");
    await page.getByTestId("mark-right").first().click();
    await page.locator('[data-mark="true"]').waitFor();
    await page.locator(".doors a", { hasText: "Build" }).click();
    await page.getByTestId("call").selectOption("search");
    await page.getByTestId("call-args").fill('["ferry noon", { "k": 1 }]');
    await page.getByTestId("call-run").click();
    await page.locator("#call-result", { hasText: "ferry.txt" }).waitFor();
    await page.getByTestId("calls").filter({ hasText: "knead dough" }).waitFor();
    await page.locator(".doors a", { hasText: "Tune" }).click();
    await unfold(page.locator("#keeping details"));
    await page.getByTestId("delete-all").click();
    await page.getByTestId("delete-yes").click();
    await page.locator("#keeping-note", { hasText: "Everything is deleted" }).waitFor();
    await page.locator(".doors a", { hasText: "Build" }).click();
    await page.getByTestId("calls").filter({ hasNotText: "knead dough" }).waitFor();
    const traces = await page.evaluate(() => {
      const typed = [...document.querySelectorAll("input, textarea")].map(({ value }) => value);
      return `${document.documentElement.innerHTML}\n${typed.join("\n")}`.match(/ferry|odd\.bin|knead/gi);
    });
    assert.equal(traces, null);
    assert.deepEqual(site.errors, []);
    await page.context().close();
  });

  it("a tab that dies while files come in loses none that came before, and few of those under way", async () => {
    let page = await site.open(OPEN);
    const keeper = await page.context().newPage();
    const stored = async () => Number((await page.locator("#documents-count").textContent()).replaceAll(",", "").match(/^\d+/)?.[0] ?? 0);
    let known = 0;
    for (const [round, least] of [150, 230, 310].entries()) {
      await loadModel(page);
      const before = await stored();
      assert.ok(before >= known, `round ${round}: ${before} of ${known}`);
      const notes = Array.from({ length: 400 }, (_, at) => ({ name: `r${round}-${at}.txt`, mimeType: "text/plain", buffer: Buffer.from(`Note ${round} ${at} is about thing${at}.`) }));
      await page.getByTestId("file-input").setInputFiles(notes);
      // As far as the page says that it has come; then the tab dies.
      await page.waitForFunction((least) => document.querySelector(".busy progress")?.value >= least, least, { polling: 5 });
      await page.close();
      // Files are added some sixty at a time: all but the last of these were kept.
      known = before + least - 130;
      page = await keeper.context().newPage();
      page.setDefaultTimeout(120_000);
      await page.goto(site.server.url + OPEN);
    }
    await loadModel(page);
    const after = await stored();
    assert.ok(after >= known && after < 1200, `${after} of ${known} notes`);
    await search(page, "thing7");
    assert.ok((await hits(page)).length > 0);
    await page.context().close();
  });
});
