/** Tabs that are closed, or crash, while they write: what was acknowledged is there, whole and in order. */
import assert from "node:assert/strict";
import { numbered } from "./store-numbers.mjs";

/**
 * Starts writing numbered records in a worker. `begun` is what the store held, `last()` the last number that was acknowledged, and
 * `reached(n)` resolves as soon as so many were.
 */
export async function startWriting(page, spec, seed, from) {
  let last = from - 1;
  let wake = () => {};
  await page.exposeFunction("kept", (number) => {
    last = number;
    wake();
  });
  const begun = await page.evaluate(async (spec) => {
    const { inWorker } = await import("/store.js");
    globalThis.own = inWorker((number) => globalThis.kept(number));
    await globalThis.own.open(spec);
    return globalThis.own.read();
  }, spec);
  begun.forEach((record, at) => assert.equal(record, numbered(seed, at), `record ${at}`));
  // A store of its own again, as this one has been read already.
  const started = page.evaluate(
    async ([spec, seed, from]) => {
      await globalThis.own.close();
      const { inWorker } = await import("/store.js");
      globalThis.own = inWorker((number) => globalThis.kept(number));
      await globalThis.own.open(spec);
      void globalThis.own.write(seed, from).catch(() => {});
    },
    [spec, seed, begun.length],
  );
  await started;
  last = Math.max(last, begun.length - 1);
  const reached = (count) =>
    new Promise((resolve) => {
      wake = () => last >= count && resolve();
      wake();
    });
  return { begun, last: () => last, reached };
}

export function crashes(it, { open, another }) {
  for (const [spec, rounds] of [["opfs:notes", 14], ["indexeddb:notes", 8]]) {
    it(`loses nothing that was acknowledged when tabs die: ${spec}, ${rounds} times`, async () => {
      let page = await open();
      const keeper = await another(page);
      let known = 0;
      for (let round = 0; round < rounds; round += 1) {
        const writing = await startWriting(page, spec, 3, known);
        assert.ok(writing.begun.length >= known, `round ${round}: ${writing.begun.length} of ${known} acknowledged records`);
        // Somewhere within the next records; every 17th writes all of them anew.
        await writing.reached(writing.begun.length + ((round * 7) % 23));
        await end(page, round);
        known = writing.last() + 1;
        page = await another(keeper);
      }
      await keeper.context().close();
    });
  }
}

/** In turns: closed by a person, and a process that crashes. */
async function end(page, round) {
  if (round % 2 === 0) return page.close();
  const crashed = new Promise((done) => page.once("crash", done));
  const session = await page.context().newCDPSession(page);
  session.send("Page.crash").catch(() => {});
  await crashed;
  await page.close();
}
