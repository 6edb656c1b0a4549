/**
 * Tabs and browsers that die while they write: what was acknowledged is there, whole and in order, and at most one more. The
 * writer goes on only after the test has noted an acknowledgement, so that none gets lost on the way.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";
import { findChromium } from "../../tools/system.mjs";
import { random } from "../package/storage-values.mjs";
import { openPages, serveStores } from "./storage-browser.mjs";

const SEED = 4711;
const SIZE_SEED = 13;

describe("stores of tabs that are killed", { timeout: 300_000 }, () => {
  let server, profile, browser;
  before(async () => {
    server = await serveStores();
    profile = await mkdtemp(join(tmpdir(), "nearmiss-kill-"));
    browser = await start(profile);
  });
  after(async () => {
    await browser?.kill();
    await server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });

  const WAYS = {
    "the tab is closed": (page) => page.close(),
    "the tab crashes": async (page) => {
      const crashed = new Promise((resolve) => page.once("crash", resolve));
      const devtools = await page.context().newCDPSession(page);
      // Is never answered: who should?
      devtools.send("Page.crash").catch(() => {});
      await crashed;
      await page.close();
    },
    "the browser is killed": async () => {
      await browser.kill();
      browser = await start(profile);
    },
  };

  const cases = [
    ["opfs", "appendForever", 15],
    ["opfs", "replaceForever", 15],
    ["indexeddb", "appendForever", 6],
    ["indexeddb", "replaceForever", 6],
  ];
  for (const [kind, work, rounds] of cases) {
    it(`${kind}, ${work}: ${rounds} deaths`, async () => {
      const spec = `${kind}:${work}`;
      const next = random(SEED + cases.findIndex((one) => one[0] === kind && one[1] === work));
      let acknowledged = 0;
      let [wrote, unheard] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        const { page, call } = await openPages(server.url, browser.context)();
        const { kind: got } = await call("worker", "open", spec);
        assert.equal(got, kind);
        // A killed browser may come back without any database of the page, which no store can outlive. In 257 kills of Chromium 156 a store
        // was found empty once; a database of nobody's tells whether it was that store alone, and then this fails.
        const lost = kind === "indexeddb" && round > 0 && (await witness(page)) === null;
        await witness(page, round);
        if (lost) {
          console.error(`# ${spec}: round ${round}: the browser has lost all databases, not this one alone`);
          acknowledged = 0;
        }
        const found = await call("worker", "readHeavy", spec, SIZE_SEED);
        assert.deepEqual(found, Array.from(found, (_, i) => i), "whole and in order");
        assert.ok([0, 1].includes(found.length - acknowledged), `round ${round}: ${found.length} found, ${acknowledged} acknowledged`);
        unheard += found.length - acknowledged;
        const from = (acknowledged = found.length);
        const enough = from + 1 + Math.floor(next() * 8);
        await new Promise((resolve) => {
          const note = (number) => {
            acknowledged = number;
            if (number >= enough) resolve();
          };
          // Ends with its page, in an error that says so.
          page.exposeFunction("acknowledged", note).then(() => call("worker", work, spec, SIZE_SEED, from)).catch(() => {});
        });
        await pause(next() * 12);
        const ways = Object.values(WAYS);
        await ways[round % ways.length](page);
        wrote += acknowledged - from;
      }
      console.error(`# ${spec}: ${wrote} records, ${unheard} of ${rounds - 1} deaths between writing and acknowledging`);
    });
  }
});

/**
 * Writes a value to a database that no store knows of, on disk when it resolves; without one, reads what was written last.
 *
 * @returns null where there is none
 */
function witness(page, value) {
  return page.evaluate(async (value) => {
    const settled = (request, name = "onsuccess") => new Promise((resolve, reject) => ([request[name], request.onerror] = [() => resolve(request.result), () => reject(request.error)]));
    const request = indexedDB.open("witness", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("values");
    const database = await settled(request);
    const transaction = database.transaction("values", value === null ? "readonly" : "readwrite", { durability: "strict" });
    const values = transaction.objectStore("values");
    const read = value === null ? await settled(values.get(0)) : void (values.put(value, 0), await settled(transaction, "oncomplete"));
    database.close();
    return read ?? null;
  }, value ?? null);
}

/** A Chromium with a profile on disk, in a group of processes of its own that can be killed as one. */
async function start(profile) {
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
  const child = spawn(findChromium(), [...args, "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const endpoint = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const found = /DevTools listening on (ws:\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    gone.then(() => reject(new Error("Chromium did not start")));
  });
  const connection = await chromium.connectOverCDP(endpoint);
  const kill = async () => {
    const disconnected = new Promise((resolve) => connection.once("disconnected", resolve));
    process.kill(-child.pid, "SIGKILL");
    await Promise.all([gone, disconnected]);
  };
  return { context: connection.contexts()[0], kill };
}
