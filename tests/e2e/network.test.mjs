/** "Nothing leaves this device": the page's count of its requests is that of the server, and stands still once a model is ready. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { serve } from "../harness.mjs";
import { docx, japanesePdf, pdf } from "../package/input-files.mjs";
import { file, loadModel, loadSample, idle, sample, search, start, tell, train, unfold } from "./page.mjs";

/** A file of each kind that needs something to read it. */
const FILES = [
  file("quokkas.pdf", pdf([["Quokkas sleep under the jetty."]])),
  file("japanese.pdf", japanesePdf("93fa967b8cea82cc95b68fcd82c582b78142")),
  file("valves.docx", docx([["Valves", "Heading1"], ["Turn the red valve clockwise."]])),
  file("ferry.html", "<p>The ferry leaves at noon.</p>"),
  file("bread.csv", "name,note\nRye,Knead the dough twice\n"),
];

for (const serviceWorkers of ["block", "allow"]) {
  describe(`the count of requests, service worker: ${serviceWorkers}`, { timeout: 300_000 }, () => {
    let site, page;
    const methods = [];
    before(async () => {
      site = await start();
      page = await site.open("?device=cpu", { serviceWorkers });
      page.context().on("request", (request) => methods.push(request.method()));
    });
    after(() => site?.close());

    const line = () => page.getByTestId("network-count").textContent();
    const counted = async () => Number((await line()).match(/^\d+/)[0]);
    /** But the service worker's own script: the browser asks for it when it likes, and tells no page. */
    const seen = () => site.server.requests.filter((path) => path !== "/sw.js");
    /** Until the browser has told the page of everything that the server saw. */
    const caughtUp = () => page.waitForFunction((wanted) => parseInt(document.getElementById("network-count").textContent) >= wanted, seen().length);

    it("is what the server saw, before and after the model, in workers too", async () => {
      if (serviceWorkers === "allow") await page.waitForFunction(() => navigator.serviceWorker.controller);
      await caughtUp();
      assert.match(await line(), /^\d+ requests, all to this page’s own server\.$/);
      assert.equal(await counted(), seen().length);
      await loadModel(page);
      assert.ok(seen().some((path) => path.endsWith(".wasm")), "an engine was fetched, in a worker");
      await caughtUp();
      assert.equal(await counted(), seen().length);
    });

    it("stands still while one searches, marks, trains and visits the other views", async () => {
      const [before, atServer] = [await counted(), seen().length];
      await loadSample(page);
      await search(page, sample().queries[1].text);
      await page.getByTestId("hit").first().getByTestId("mark-right").click();
      await train(page);
      await page.locator(".doors a", { hasText: "Learn" }).click();
      await page.locator("#lesson-notes tr").first().waitFor();
      await page.locator("[name=lesson-trouble][value=collapse]").check();
      await page.getByTestId("lesson-step").press("End");
      await page.getByTestId("sign").filter({ hasText: "collapse" }).waitFor();
      await page.locator(".doors a", { hasText: "Build" }).click();
      await page.locator(".doors a", { hasText: "Tune" }).click();
      assert.match(await line(), /; none since the model was ready\.$/);
      assert.deepEqual([await counted(), seen().length], [before, atServer]);
    });

    it("tells of what reads files: nothing is fetched for it, or parts of the page where none could be kept", async () => {
      const [before, atServer] = [await counted(), seen().length];
      await page.getByTestId("file-input").setInputFiles(FILES);
      await page.locator("#documents-count", { hasText: `${sample().corpus.length + FILES.length} notes` }).waitFor();
      await idle(page);
      if (serviceWorkers === "allow") {
        assert.deepEqual([seen().length, await counted()], [atServer, before]);
        assert.match(await line(), /; none since the model was ready\.$/);
      } else {
        assert.ok(seen().length > atServer);
        await caughtUp();
        assert.equal(await counted(), seen().length);
        assert.match(await line(), /; \d+ since the model was ready, which fetched parts of this page\.$/);
      }
    });

    it("stands still while the lesson is trained live, by an engine of its own", async () => {
      if (serviceWorkers === "block") return;
      const [before, atServer] = [await counted(), seen().length];
      await page.locator(".doors a", { hasText: "Learn" }).click();
      await page.getByTestId("go-live").click();
      await page.getByTestId("live-note").filter({ hasText: /^Live:/ }).waitFor();
      await page.getByTestId("end-live").click();
      await page.locator(".doors a", { hasText: "Tune" }).click();
      assert.deepEqual([seen().slice(atServer), await counted()], [[], before]);
    });

    it("is this page's alone: another tab counts its own", async () => {
      if (serviceWorkers === "block") return;
      const before = await line();
      const other = await page.context().newPage();
      await other.goto(`${site.server.url}?device=cpu`);
      await other.waitForFunction(() => /^1 request, /.test(document.getElementById("network-count").textContent));
      await other.close();
      assert.equal(await line(), before);
      site.server.requests.splice(site.server.requests.lastIndexOf("/"), 1);
    });

    it("names what is fetched after all", async () => {
      const since = Number((await line()).match(/; (\d+)/)?.[1] ?? 0);
      await page.evaluate(() => fetch("door.js?after"));
      await page.waitForFunction((since) => new RegExp(`; ${since} since the model was ready\\.$`).test(document.getElementById("network-count").textContent), since + 1);
      await unfold(page.getByTestId("network"));
      assert.match(await page.getByTestId("network-latest").locator("li").first().textContent(), /^\/door\.js/);
      assert.equal(await page.getByTestId("network-latest").locator("li").count(), 8);
    });

    it("is also right when the page is opened again, and comes out of what was kept", async () => {
      if (serviceWorkers === "block") return;
      site.server.requests.length = 0;
      await page.reload();
      await caughtUp();
      assert.deepEqual(seen(), ["/"], "the page itself is asked for, in case it has changed");
      assert.equal(await counted(), 1);
      await loadModel(page);
      assert.equal(await counted(), seen().length);
      assert.match(await line(), /; none since the model was ready\.$/);
    });

    it("has only read: every request was a GET, or asked whether a model that is kept has changed", () => {
      assert.deepEqual([...new Set(methods)], serviceWorkers === "block" ? ["GET"] : ["GET", "HEAD"]);
      assert.deepEqual(site.errors, []);
    });
  });
}

/** In front of the worker's script: asks another server when told to, and says how that went. */
const REACHES_OUT = `{
  const channel = new BroadcastChannel("hooks");
  channel.onmessage = async ({ data }) => {
    if (data.command !== "reach") return;
    const went = await fetch(data.url, { mode: "no-cors" }).then(() => "sent", (error) => error.name);
    new BroadcastChannel("reached").postMessage(went);
    channel.postMessage({ done: "reach" });
  };
}
`;

describe("the policy of the page", { timeout: 120_000 }, () => {
  let site, elsewhere;
  before(async () => {
    site = await start({ worker: REACHES_OUT });
    elsewhere = await serve({ "/": (_, response) => response.writeHead(200, { "access-control-allow-origin": "*" }).end("heard") });
  });
  after(async () => {
    await site?.close();
    await elsewhere?.close();
  });

  it("keeps page and worker from speaking to another server, with the headers that the built page brings for its host", async () => {
    const page = await site.open("?model=tiny&device=cpu");
    await loadModel(page);
    assert.equal(await page.evaluate((url) => fetch(url, { mode: "no-cors" }).then(() => "sent", (error) => error.name), elsewhere.url), "TypeError");
    await page.evaluate(() => {
      globalThis.reached = new Promise((done) => (new BroadcastChannel("reached").onmessage = ({ data }) => done(data)));
    });
    await tell(page, "reach", { url: elsewhere.url });
    assert.equal(await page.evaluate(() => globalThis.reached), "TypeError");
    assert.deepEqual(elsewhere.requests, []);
    // Refused by the policy, and by nothing else: the other server answers whoever asks.
    assert.equal(await (await fetch(elsewhere.url)).text(), "heard");
    assert.ok(site.errors.length > 0 && site.errors.every((error) => /Content Security Policy|violates the following/.test(error)), site.errors.join("\n"));
  });
});
