/** Files that come while the page is busy, or in a view where notes are not shown, are taken all the same, and the page says so. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT } from "../harness.mjs";
import { file, hits, idle, search, start } from "./page.mjs";

const WEIGHTS = readFileSync(join(ROOT, "tests/fixtures/tiny-bert/model.safetensors"));

describe("files that come at a bad time", { timeout: 300_000 }, () => {
  let site, page;
  /** Sends the rest of the model. */
  let release;
  before(async () => {
    const released = new Promise((resolve) => (release = resolve));
    const weights = async (_, response) => {
      response.writeHead(200, { "content-length": WEIGHTS.length });
      response.write(WEIGHTS.subarray(0, 1000));
      await released;
      response.end(WEIGHTS.subarray(1000));
    };
    site = await start({ routes: { "/models/tiny/model.safetensors": weights } });
    page = await site.open("?model=tiny&device=cpu#mode=lexical");
  });
  after(() => site?.close());

  const drop = async (name, text) => {
    const transfer = await page.evaluateHandle(([name, text]) => {
      const made = new DataTransfer();
      made.items.add(new File([text], name));
      return made;
    }, [name, text]);
    await page.locator("body").dispatchEvent("dragover", { dataTransfer: transfer });
    assert.ok(await page.evaluate(() => document.documentElement.classList.contains("over")), "the page shows that it takes them");
    await page.locator("body").dispatchEvent("drop", { dataTransfer: transfer });
    assert.ok(await page.evaluate(() => !document.documentElement.classList.contains("over")));
  };
  const elsewhere = () => page.locator("#elsewhere");

  it("wait while the model loads, and are read after it", async () => {
    await page.getByTestId("load-model").click();
    await page.locator(".busy .label", { hasText: "Fetching the model" }).waitFor();
    await page.getByTestId("file-input").setInputFiles(file("key.txt", "Rotate the signing key."));
    await drop("ferry.txt", "The ferry leaves at noon.");
    assert.match(await page.locator("#files-waiting").textContent(), /^2 more files or folders will be read as soon as/);
    assert.equal(await page.locator("#documents-count").textContent(), "No notes yet.");
    release();
    await page.locator("#documents-count", { hasText: "2 notes." }).waitFor();
    await idle(page);
    assert.equal(await page.locator("#files-waiting").isVisible(), false);
    await search(page, "ferry");
    assert.equal((await hits(page))[0].id, "ferry.txt");
  });

  for (const door of ["Learn", "Build"]) {
    it(`become notes when they are dropped under ${door}, which says so`, async () => {
      await page.locator(".doors a", { hasText: door }).click();
      const before = Number((await page.locator("#documents-count").textContent()).match(/^\d+/)[0]);
      await drop(`${door}.txt`, `Dropped under ${door}.`);
      await elsewhere().filter({ hasText: "1 file or folder dropped" }).waitFor();
      await elsewhere().getByRole("link", { name: "Tune" }).click();
      await page.locator("#documents-count", { hasText: `${before + 1} notes.` }).waitFor();
      assert.equal(await elsewhere().isVisible(), false);
      await idle(page);
    });
  }

  it("are not all that the other views could change unseen: a mark is taken back under Tune alone", async () => {
    await search(page, "signing key");
    await page.getByTestId("mark-right").first().click();
    await page.locator("#count-right", { hasText: "1" }).waitFor();
    await page.locator("#undo:enabled").waitFor();
    await page.locator(".doors a", { hasText: "Learn" }).click();
    await page.keyboard.press("ControlOrMeta+z");
    await page.locator(".doors a", { hasText: "Tune" }).click();
    assert.equal(await page.locator("#count-right").textContent(), "1");
    await page.keyboard.press("ControlOrMeta+z");
    await page.locator("#count-right", { hasText: "0" }).waitFor();
    assert.deepEqual(site.errors, []);
  });
});
