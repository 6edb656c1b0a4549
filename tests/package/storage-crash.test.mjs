/** The log in files, stopped at every single operation, cut, and damaged at every single byte. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FileLog } from "../../pkg/dist/storage/filelog.js";
import { encodeHeader, HEADER } from "../../pkg/dist/storage/frames.js";
import { crc32 } from "../../pkg/dist/storage/crc32.js";
import { Crash, Disk } from "./storage-disk.mjs";
import { collect, numbered, random } from "./storage-values.mjs";

const record = (number) => numbered(11, number, 60);
const list = (from, to) => Array.from({ length: to - from }, (_, i) => record(from + i));
const show = (records) => records.map((bytes) => Buffer.from(bytes).toString("hex"));

async function open(disk, recover = false) {
  const log = new FileLog(disk.folder());
  await log.own(recover);
  return log;
}

const all = (log) => collect(log.records(log.start, log.end));

/** Each: what is done, and what the log holds afterwards if it held `before`. */
const SCRIPT = [
  ["append", list(0, 1)],
  ["append", list(1, 6)],
  ["replace", list(3, 9)],
  ["append", list(9, 11)],
  ["replace", []],
  ["append", [new Uint8Array(0), ...list(20, 23)]],
  ["replace", list(30, 32)],
  ["append", [numbered(1, 1, 3_000_000), ...list(40, 43), numbered(1, 2, 3_000_000)]],
].map(([what, records]) => [what, records, (before) => (what === "append" ? [...before, ...records] : records)]);

/** Runs the script until the disk stops. Gives what was acknowledged, and what it would have been one step later. */
async function run(disk) {
  let [held, next] = [[], []];
  try {
    const log = await open(disk);
    for (const [what, records, after] of SCRIPT) {
      next = after(held);
      await log[what](records);
      held = next;
    }
    return { held, next, finished: true };
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return { held, next, finished: false };
  }
}

describe("a log in files", () => {
  for (const [what, power, rounds] of [["process", false, 2], ["power", true, 12]]) {
    it(`has all that was acknowledged, and no half of what was not, after the ${what} stops at any operation`, async () => {
      for (let round = 0; round < rounds; round++) {
        const next = random(100 + round);
        for (let left = 0, finished = false; !finished; left++) {
          const disk = Object.assign(new Disk(next), { left });
          const outcome = await run(disk);
          finished = outcome.finished;
          let restarted = disk.restart(power);
          // Opening may be stopped as well.
          for (let again = Math.floor(next() * 3); again > 0; again--) {
            restarted.left = Math.floor(next() * 12);
            await open(restarted).catch((error) => assert.ok(error instanceof Crash, error.stack));
            restarted = restarted.restart(power);
          }
          const log = await open(restarted);
          const found = show(await all(log));
          const expected = [show(outcome.held), show(outcome.next)].map(String);
          assert.ok(expected.includes(String(found)), `round ${round}, stopped after ${left}: ${found.length} records`);
          await log.append(list(90, 92));
          const files = [...restarted.files.keys()];
          assert.deepEqual(files, [`log-${log.generation}`], "nothing is left over");
          assert.deepEqual(show(await all(await open(restarted.restart(power)))), [...found, ...show(list(90, 92))]);
        }
      }
    });
  }

  it("is as it was when there is no more room, at any amount of room, and goes on when there is again", async () => {
    for (let room = 0; room < 900; room += 7) {
      const disk = new Disk(random(room));
      const log = await open(disk);
      await log.append(list(0, 4));
      let held = list(0, 4);
      disk.room = [...disk.files.values()].reduce((sum, { now }) => sum + now.length, room);
      for (const [what, records, after] of SCRIPT) {
        try {
          await log[what](records);
          held = after(held);
        } catch (error) {
          assert.equal(error.name, "QuotaExceededError", error.stack);
        }
        assert.deepEqual(show(await all(log)), show(held));
        assert.equal(disk.files.size, 1);
        assert.deepEqual(show(await all(await open(disk.restart(true)))), show(held), `${room} bytes of room`);
      }
      disk.room = Infinity;
      await log.append(list(5, 6));
      assert.deepEqual(show(await all(await open(disk.restart(true)))), show([...held, record(5)]));
    }
  });

  it("that could not take back a refused write takes no more, until it is opened again", async () => {
    const disk = new Disk(random(1));
    const folder = disk.folder();
    let stuck = false;
    const openFile = folder.open;
    folder.open = async (name) => {
      const file = await openFile(name);
      const refuse = async () => {
        throw new Error("input/output error");
      };
      return { ...file, flush: () => (stuck ? refuse() : file.flush()), truncate: (size) => (stuck ? refuse() : file.truncate(size)) };
    };
    const log = new FileLog(folder);
    await log.own(false);
    await log.append(list(0, 2));
    stuck = true;
    await assert.rejects(log.append(list(2, 3)), { message: "input/output error" });
    stuck = false;
    await assert.rejects(log.append(list(3, 4)), { code: "INTERNAL", message: /open it again/ });
    await assert.rejects(log.replace([]), { code: "INTERNAL" });
    const again = await open(disk);
    const found = show(await all(again));
    assert.ok([2, 3].some((length) => String(found) === String(show(list(0, length)))), `${found.length} records`);
  });

  /** A log of one generation: two records by `replace`, then two appends. */
  async function sample() {
    const disk = new Disk(random(1));
    const log = await open(disk);
    await log.replace(list(0, 2));
    const ends = [log.end];
    for (const records of [list(2, 3), list(3, 6)]) {
      await log.append(records);
      ends.push(log.end);
    }
    return { bytes: disk.files.get("log-2").now, ends };
  }

  /** A disk on which only one file lies. */
  function diskWith(bytes, name = "log-2") {
    const disk = new Disk(random(1));
    disk.put(name, bytes);
    return disk;
  }

  it("says so when any byte is another, changes nothing, and recovers what stands before", async () => {
    const { bytes } = await sample();
    const whole = show(list(0, 6));
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [1, 128, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] ^= change;
        const untouched = diskWith(damaged);
        const place = at < HEADER ? /log-2, byte 0: its header/ : /log-2, byte \d+: a record/;
        await assert.rejects(open(untouched), { code: "STORAGE_CORRUPT", message: place }, `byte ${at}`);
        await assert.rejects(new FileLog(untouched.folder()).refresh(), { code: "STORAGE_CORRUPT" });
        assert.deepEqual([...untouched.files.keys()], ["log-2"]);
        assert.deepEqual(untouched.files.get("log-2").now, damaged);
      }
      const damaged = bytes.slice();
      damaged[at] ^= 255;
      const disk = diskWith(damaged);
      const log = await open(disk, true);
      const kept = show(await all(log));
      assert.deepEqual(kept, whole.slice(0, kept.length));
      if (at < HEADER) assert.equal(kept.length, 6, "all frames stand");
      else assert.ok(kept.length < 6);
      assert.deepEqual([...disk.files.keys()].sort(), ["damaged-2", "log-3"]);
      assert.deepEqual(disk.files.get("damaged-2").now, damaged);
    }
  });

  it("cut short anywhere loses the append that is cut, and no more; shorter than it was when finished, it says so", async () => {
    const { bytes, ends } = await sample();
    const counts = [2, 3, 6];
    for (let length = HEADER; length <= bytes.length; length++) {
      const disk = diskWith(bytes.slice(0, length));
      const whole = ends.filter((end) => end <= length).length;
      if (whole === 0) await assert.rejects(open(disk), { code: "STORAGE_CORRUPT" });
      else assert.deepEqual(show(await all(await open(disk))), show(list(0, counts[whole - 1])), `${length} bytes`);
    }
  });

  it("is recovered also when recovery was stopped, at any operation", async () => {
    const { bytes, ends } = await sample();
    const damaged = bytes.slice();
    damaged[ends[1] + 20] ^= 1;
    const next = random(8);
    for (let left = 0, finished = false; !finished; left++) {
      let disk = Object.assign(diskWith(damaged), { left });
      finished = await open(disk, true).then(() => true, (error) => assert.ok(error instanceof Crash, error.stack));
      disk = disk.restart(next() < 0.5);
      const log = await open(disk, true);
      assert.deepEqual(show(await all(log)), show(list(0, 3)), `stopped after ${left}`);
      assert.deepEqual([...disk.files.keys()].sort(), ["damaged-2", "log-3"]);
      assert.deepEqual(disk.files.get("damaged-2").now, damaged);
    }
  });

  it("of a newer version asks for an update, and is not touched", async () => {
    const { bytes } = await sample();
    const newer = bytes.slice();
    newer[8] = 2;
    new DataView(newer.buffer).setUint32(24, crc32(newer.subarray(0, 24)), true);
    for (const recover of [false, true]) {
      await assert.rejects(open(diskWith(newer), recover), { code: "STORAGE_CORRUPT", message: /newer version \(format 2.*update/ });
    }
  });

  it("never throws anything but STORAGE_CORRUPT, whatever stands in the file", async () => {
    const next = random(5);
    const { bytes } = await sample();
    for (let round = 0; round < 1500; round++) {
      const noise = Uint8Array.from({ length: next() * 200 }, () => next() * 256);
      const cut = bytes.slice(0, next() * bytes.length);
      const content = [noise, new Uint8Array([...cut, ...noise]), new Uint8Array([...encodeHeader(HEADER), ...noise])][round % 3];
      const disk = new Disk(next);
      disk.put("log-7", content);
      disk.put("log-x", noise);
      try {
        const log = await open(disk, next() < 0.5);
        const known = new Set(show(list(0, 6)));
        for (const found of show(await all(log))) assert.ok(known.has(found), "a record that nobody wrote");
      } catch (error) {
        assert.equal(error.code, "STORAGE_CORRUPT", error.stack);
      }
    }
  });
});
