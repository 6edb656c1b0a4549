/** How benchmarks are called and what their results say of themselves. The figures are not tested: they depend on the machine. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { overlaps, runs } from "../../bench/compact/overlap.mjs";
import { usage } from "../../bench/speed/command.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BENCH = join(ROOT, "bench");
const read = (path) => readFileSync(join(ROOT, path), "utf8");
/** Parts of benchmarks, and what only writes slices of a collection. */
const PARTS = ["mining-engine.mjs", "mining-vectors.mjs", "slices.mjs"];
const SCRIPTS = readdirSync(BENCH).filter((name) => name.endsWith(".mjs") && !PARTS.includes(name));
const results = () => readdirSync(join(BENCH, "results")).map((name) => `${name} ${statSync(join(BENCH, "results", name)).mtimeMs}`);
const node = (...args) => new Promise((done) => execFile(process.execPath, args, { cwd: ROOT }, (error, stdout, stderr) => done({ code: error?.code ?? 0, stdout, stderr })));
/** What a module prints. */
const evaluated = async (module) => {
  const { code, stdout, stderr } = await node("--input-type=module", "-e", module);
  assert.equal(code, 0, stderr);
  return stdout;
};

describe("every benchmark", () => {
  for (const name of SCRIPTS) {
    it(`${name} knows --quick, and refuses what it does not know with its usage`, async () => {
      const before = results();
      const { code, stderr } = await node(join(BENCH, name), "--nonsense");
      assert.equal(code, 2);
      assert.match(stderr, /--nonsense/);
      assert.match(stderr, new RegExp(`^node bench/${name} \\[--quick\\]`, "m"));
      assert.deepEqual(results(), before);
    });
  }

  it("is named in a readme", () => {
    const text = read("README.md") + read("bench/README.md");
    for (const name of SCRIPTS) assert.ok(text.includes(name), name);
  });

  it("leaves writing to what knows of quick runs", () => {
    // The rows of quality.mjs are kept from run to run.
    for (const name of SCRIPTS.filter((script) => script !== "quality.mjs")) assert.ok(!read(`bench/${name}`).includes('"bench/results'), name);
  });
});

describe("a quick run", () => {
  it("measures, prints and writes nothing", async () => {
    const before = results();
    const { code, stdout, stderr } = await node(join(BENCH, "delay.mjs"), "--quick");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^# How long a search waits[^]*\| `head` \|/m);
    assert.deepEqual(results(), before);
  });
});

describe("the head of a result", () => {
  const code = `
    import { head } from "./bench/speed/results.mjs";
    console.log(head("Title", { where: "here", modules: ["cpu", "webgpu"], adapter: "maker, kind" }, "More.").join("\\n"));`;

  it("names commit, modules and adapter", async () => {
    const [title, , where, stamp, more] = (await evaluated(code)).split("\n");
    assert.match(title, /^# Title, \d{4}-\d\d-\d\d$/);
    assert.match(where, /^here; \d+ × .*, load \d+\.\d before it began/);
    assert.equal(more, "More.");
    const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT, encoding: "utf8" }).stdout?.trim();
    assert.ok(stamp.startsWith(`Commit ${commit || "no git"}`), stamp);
    assert.ok(stamp.endsWith("Adapter: maker, kind."), stamp);
    for (const name of ["cpu", "webgpu"]) {
      const hash = createHash("sha256").update(readFileSync(join(ROOT, `pkg/wasm/${name}/nearmiss_bg.wasm`))).digest("hex").slice(0, 12);
      const { sizes } = JSON.parse(read(`pkg/wasm/${name}/build.json`));
      assert.ok(stamp.includes(`${name} ${hash} (${(sizes.brotli / 1e6).toFixed(2)} MB)`), stamp);
    }
  });
});

describe("the usage", () => {
  it("is what the first comment says of calling, without its remarks", () => {
    const source = "/**\n * What it does.\n *\n *     node bench/x.mjs [--quick]     # needs much\n *     node bench/x.mjs --more\n */\n// node bench/y.mjs\n";
    assert.equal(usage(source), "node bench/x.mjs [--quick]\nnode bench/x.mjs --more");
  });
});

describe("text in common", () => {
  const words = (from, count) => Array.from({ length: count }, (_, at) => `w${from + at}`).join(" ");

  it("is counted by runs of ten words, whatever stands between them", () => {
    assert.deepEqual(runs(words(0, 9)), []);
    assert.deepEqual(runs(`${words(0, 5).replaceAll(" ", ", ").toUpperCase()}. ${words(5, 6)}`), [words(0, 10), words(1, 10)]);
  });

  it("tells a quotation from a copy", () => {
    const read = { source: [words(0, 40)], other: [words(500, 40)] };
    // One run of eleven; 21 runs of 31; none; too short for any.
    const unseen = { mine: [`${words(0, 10)} ${words(100, 10)}`, `${words(0, 30)} ${words(200, 10)}`, words(900, 40), "a b"] };
    assert.deepEqual(overlaps(read, unseen), [{ collection: "mine", texts: 4, of: "source", sharing: 2, mostly: 1 }]);
  });
});
