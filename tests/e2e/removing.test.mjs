/** What is removed stays away, unless the person takes that back; and every note can be reached to be removed. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { addNotes, counts, hits, idle, loadModel, loadSample, search, start, unfold } from "./page.mjs";

const OPEN = "?model=tiny&device=cpu#mode=lexical";
const NOTES = { "key.txt": "Rotate the signing key each year.", "bread.txt": "Knead the dough twice.", "ferry.txt": "The ferry leaves at noon." };

describe("removing notes", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open(OPEN);
    await loadModel(page);
    await addNotes(page, NOTES);
    await search(page, "signing key");
    await page.getByTestId("mark-right").first().click();
    await page.locator('[data-mark="true"]').waitFor();
  });
  after(() => site?.close());

  const listed = () => page.locator("#notes > li > span").allTextContents();
  const notes = (text) => page.locator("#documents-count", { hasText: text }).waitFor();
  const note = (text) => page.locator("#marks-note", { hasText: text }).waitFor();
  const removed = (text) => page.locator("#removed-text", { hasText: text }).waitFor();
  const comeBack = async () => {
    await page.goto("about:blank");
    await page.goto(site.server.url + OPEN);
    await loadModel(page);
    await idle(page);
  };

  it("is undone with the marks about them, and done again", async () => {
    await unfold(page.locator("#documents-list"));
    await page.getByRole("button", { name: "Remove key" }).focus();
    await page.keyboard.press("Enter");
    await removed(/^1 note removed, and 1 mark with it\.$/);
    await notes("2 notes.");
    assert.deepEqual(await counts(page), { practice: 0, test: 0, right: 0, wrong: 0 });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Remove bread", "the next line has the focus");
    await page.getByTestId("undo-removal").click();
    await notes("3 notes.");
    await note("Undone: removing 1 note with 1 mark.");
    assert.deepEqual(await counts(page), { practice: 1, test: 0, right: 1, wrong: 0 });
    assert.equal(await page.locator("#removed").isVisible(), false);
    await page.locator("#hits [data-mark=true]").waitFor();
    assert.deepEqual((await hits(page)).map(({ id, mark }) => [id, mark]), [["key.txt", "true"]], "found as before, by itself");
    await page.locator("#redo").click();
    await notes("2 notes.");
    await note("Done again: removing 1 note with 1 mark.");
    assert.equal((await counts(page)).right, 0);
    await page.locator("#undo:enabled").click();
    await notes("3 notes.");
    assert.equal((await counts(page)).right, 1);
  });

  it("of all of them at once is undone as well, before and after other changes", async () => {
    await page.locator("#remove-all").click();
    await removed(/^3 notes removed, and 1 mark with them\.$/);
    await notes("No notes yet.");
    await page.locator("#undo-removal:focus").waitFor();
    await addNotes(page, { "ferry.txt": "The ferry leaves at one.", "owl.txt": "An owl lives in the mast." });
    await notes("2 notes.");
    assert.equal(await page.locator("#removed").isVisible(), false, "undo would take back what came since");
    await page.locator("#undo:enabled").click();
    await note("Undone: adding 2 notes.");
    await removed(/^3 notes removed/);
    await page.locator("#undo:enabled").click();
    await notes("3 notes.");
    assert.equal((await counts(page)).right, 1);
    await search(page, "ferry");
    assert.match(await page.getByTestId("hit").first().textContent(), /at noon/);
  });

  it("holds after a reload, as does what was undone; undo begins anew", async () => {
    await page.getByRole("button", { name: "Remove bread" }).click();
    await notes("2 notes.");
    await comeBack();
    await notes("2 notes.");
    await unfold(page.locator("#documents-list"));
    assert.deepEqual((await listed()).sort(), ["ferry", "key"]);
    assert.equal((await counts(page)).right, 1);
    assert.equal(await page.locator("#undo-row").isVisible(), false, "nobody did anything on this visit");
    await search(page, "ferry");
    await page.getByTestId("mark-wrong").first().click();
    await page.locator("#undo:enabled").click();
    await note("Undone: the mark “wrong” for “ferry”.");
    assert.equal(await page.locator("#undo").isDisabled(), true);
    assert.equal((await counts(page)).right, 1);
  });

  it("waits for an engine where the browser keeps them, and says so", async () => {
    await search(page, "signing key");
    await page.locator("#change-model").click();
    await page.getByTestId("load-model").waitFor();
    await unfold(page.locator("#documents-list"));
    await unfold(page.locator("#judgments"));
    assert.match(await page.locator("#remove-hint").textContent(), /Load the model to remove any/);
    for (const control of ["Remove key", "Remove all notes", "Forget the marks for signing key"]) {
      assert.equal(await page.getByRole("button", { name: control }).isDisabled(), true, control);
    }
    assert.equal(await page.getByTestId("mark-right").first().getAttribute("aria-disabled"), "true");
    await page.locator("#kept", { hasText: /^Kept in this browser, on this device, and in use again when a model is loaded/ }).waitFor();
    assert.equal(await page.getByTestId("delete-all").isDisabled(), false, "it can be deleted from here as well");
    await page.getByTestId("mark-right").first().click({ force: true });
    assert.equal((await counts(page)).right, 1, "a mark that would come back is not taken away");
    await loadModel(page);
    await idle(page);
    assert.equal(await page.locator("#remove-hint").isVisible(), false);
    await page.getByRole("button", { name: "Remove key" }).click();
    await notes("1 note.");
    await comeBack();
    await notes("1 note.");
    assert.deepEqual(site.errors, []);
    await page.context().close();
  });

  it("before any engine is open is undone too, with the sample’s marks", async () => {
    const fresh = await site.open(OPEN);
    await loadSample(fresh);
    const before = await counts(fresh);
    const examples = await fresh.getByTestId("example").allTextContents();
    assert.ok(examples.length > 0);
    await unfold(fresh.locator("#documents-list"));
    await fresh.locator("#remove-all").click();
    await fresh.locator("#removed-text", { hasText: "83 notes removed" }).waitFor();
    assert.equal((await counts(fresh)).right, 0);
    assert.equal(await fresh.locator("#examples").isVisible(), false, "no question without notes");
    await fresh.getByTestId("undo-removal").click();
    await fresh.locator("#documents-count", { hasText: "83 notes" }).waitFor();
    assert.deepEqual(await fresh.getByTestId("example").allTextContents(), examples);
    assert.deepEqual(await counts(fresh), before);
    await loadModel(fresh);
    await idle(fresh);
    assert.deepEqual(await counts(fresh), before);
    assert.equal(await fresh.locator("#undo-row").isVisible(), false);
    // What the storage brings back is no step either, the sample's marks least of all.
    await fresh.goto("about:blank");
    await fresh.goto(site.server.url + OPEN);
    await loadModel(fresh);
    await idle(fresh);
    assert.deepEqual(await counts(fresh), before);
    assert.equal(await fresh.locator("#undo-row").isVisible(), false);
    assert.deepEqual(site.errors, []);
    await fresh.context().close();
  });

  it("of passages that a newer reading lacks holds, whether an engine is open or not, and goes with its undo", async () => {
    const [long, short] = [{ "a.md": "# One\n\nalpha\n\n# Two\n\nbeta" }, { "a.md": "# One\n\ndelta" }];
    const reading = await site.open(OPEN);
    const shows = (text) => reading.locator("#documents-count", { hasText: text }).waitFor();
    await addNotes(reading, long);
    await shows("1 note in 2 passages.");
    await addNotes(reading, short);
    await shows(/^1 note\. /);
    assert.equal(await reading.locator("#removed").isVisible(), false, "the note is still there");
    await reading.locator("#undo:enabled").click();
    await reading.locator("#marks-note", { hasText: "Undone: reading notes anew." }).waitFor();
    await shows("1 note in 2 passages.");
    await loadModel(reading);
    await idle(reading);
    await search(reading, "beta");
    assert.equal(await reading.getByTestId("hit").count(), 1);

    await reading.locator("#change-model").click();
    await reading.getByTestId("load-model").waitFor();
    await addNotes(reading, short);
    await loadModel(reading);
    await idle(reading);
    await shows(/^1 note\.$/);
    await search(reading, "beta");
    assert.equal(await reading.getByTestId("hit").count(), 0);
    await addNotes(reading, long);
    await reading.locator("#undo:enabled").click();
    await shows(/^1 note\.$/);
    await search(reading, "delta");
    assert.equal(await reading.getByTestId("hit").count(), 1);
    assert.deepEqual(site.errors, []);
    await reading.context().close();
  });

  it("reaches each of many notes, by name or page by page", async () => {
    const many = await site.open(OPEN);
    await addNotes(many, Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`note-${at}.txt`, `About thing${at}.`])));
    await unfold(many.locator("#documents-list"));
    const lines = many.locator("#notes > li");
    assert.equal(await lines.count(), 50);
    await many.getByRole("button", { name: "Show 50 more of 70" }).click();
    assert.equal(await many.evaluate(() => document.activeElement.getAttribute("aria-label")), "Remove note-50");
    await many.getByRole("button", { name: "Show the last 20" }).click();
    assert.equal(await lines.count(), 120);
    assert.equal(await many.locator("#more-notes").isVisible(), false);
    await many.getByRole("searchbox", { name: "Find among the notes" }).fill("NOTE-117");
    assert.equal(await lines.count(), 1);
    await many.getByRole("button", { name: "Remove note-117" }).click();
    await many.locator("#no-note-found").waitFor();
    await many.locator("#notes-filter").fill("");
    assert.equal(await lines.count(), 50);
    assert.match(await many.locator("#documents-count").textContent(), /^119 notes/);
    assert.deepEqual(site.errors, []);
    await many.context().close();
  });
});
