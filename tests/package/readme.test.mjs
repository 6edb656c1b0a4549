/** The documents tell the truth: their examples run as written, their links lead somewhere, their tables are complete. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = resolve(fileURLToPath(new URL("../..", import.meta.url)));
const TINY = join(ROOT, "tests/fixtures/tiny-bert");
const FETCHED = join(ROOT, "www/public/models/all-MiniLM-L6-v2");
const DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "bench/README.md", "pkg/README.md", "www/public/sample/README.md"];

const read = (path) => readFileSync(join(ROOT, path), "utf8");

/** The contents of a document's code blocks in one language, in order. */
function blocks(markdown, language) {
  return [...markdown.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , code]) => code);
}

/** A folder in which every name that the examples use means something: package, model, notes, texts. */
async function workspace(model) {
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-readme-"));
  await mkdir(join(folder, "node_modules"));
  await mkdir(join(folder, "models"));
  await symlink(join(ROOT, "pkg"), join(folder, "node_modules/nearmiss"));
  await symlink(model, join(folder, "models/all-MiniLM-L6-v2"));
  await symlink(join(ROOT, "www/public/sample"), join(folder, "notes"));
  await writeFile(join(folder, "texts.jsonl"), '{"text": "one"}\n{"text": "two"}\n');
  return folder;
}

/** Standard output of a program that must end with status 0. */
async function output(cwd, command, args) {
  return (await promisify(execFile)(command, args, { cwd, encoding: "utf8", maxBuffer: 1e8 })).stdout;
}

describe("examples run as they are written", { timeout: 300_000 }, () => {
  let folder;
  before(async () => (folder = await workspace(existsSync(join(FETCHED, "model.safetensors")) ? FETCHED : TINY)));
  after(() => rm(folder, { recursive: true }));

  /** All JavaScript of a document as one program, since later blocks go on where earlier ones stop. */
  async function program(document) {
    const code = blocks(read(document), "js");
    assert.ok(code.length > 0, `${document} has no example`);
    await writeFile(join(folder, "example.mjs"), code.join("\n"));
    return (await output(folder, process.execPath, ["example.mjs"])).trimEnd().split("\n");
  }

  test("README.md: it finds, says on what it runs, takes steps and gives a verdict", async () => {
    const lines = await program("README.md");
    assert.equal(lines[0], "keys cpu The CPU is used because there is no WebGPU here.");
    const steps = lines.slice(1, -1).map((line) => line.split(" ").map(Number));
    assert.ok(steps.length > 0 && steps.every(([step, loss], at) => step === at + 1 && Number.isFinite(loss)), lines.join("\n"));
    assert.match(lines.at(-1), /^(true|false) \d of 2 held-out questions /);
  });

  test("pkg/README.md: it reports progress", async () => {
    const lines = await program("pkg/README.md");
    assert.ok(lines.includes("download") && lines.includes("load"), lines.join("\n"));
  });
});

describe("command lines run as they are written", { timeout: 300_000 }, () => {
  let folder;
  before(async () => (folder = await workspace(TINY)));
  after(() => rm(folder, { recursive: true }));

  for (const document of ["README.md", "pkg/README.md"]) {
    const commands = blocks(read(document), "sh").flatMap((block) => block.split("\n")).filter((line) => line.startsWith("npx nearmiss"));

    test(`${document} shows all five commands`, () => {
      const shown = commands.map((line) => line.split(/\s+/)[2]).sort();
      assert.deepEqual(shown, ["encode", "evaluate", "mine", "search", "train"]);
    });

    for (const command of commands) {
      test(`${document}: ${command}`, async () => {
        const shell = `npx() { shift; ${JSON.stringify(process.execPath)} node_modules/nearmiss/dist/cli.js "$@"; }\n${command}`;
        const out = command.match(/--out (\S+)/)?.[1];
        if (out) await rm(join(folder, out), { recursive: true, force: true });
        const said = await output(folder, "bash", ["-c", shell]);
        if (out) assert.ok(existsSync(join(folder, out)), `${out} is written`);
        else assert.notEqual(said, "");
      });
    }
  }
});

/** GitHub's name for a heading. */
const slug = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");

for (const document of DOCUMENTS) {
  test(`${document}: links inside the repository lead somewhere`, () => {
    const text = read(document).replace(/^```[^]*?^```$/gm, "");
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path, anchor] = target.split("#");
      const file = path === "" ? join(ROOT, document) : resolve(ROOT, dirname(document), path);
      assert.ok(existsSync(file), `${document} → ${target}`);
      if (anchor === undefined) continue;
      const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading));
      assert.ok(headings.includes(anchor), `${document} → ${target}: no such heading`);
    }
  });
}

test("pkg/README.md needs nothing outside the package", () => {
  assert.doesNotMatch(read("pkg/README.md"), /\]\(\.\.?\//);
});

test("the table of errors is complete", () => {
  const promised = read("pkg/src/types/model.ts").match(/export type ErrorCode =([^;]+);/)[1];
  const documented = [...read("pkg/README.md").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(documented, [...promised.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code));
});

test("README.md tours every room of the crate", () => {
  const rooms = [...read("src/lib.rs").matchAll(/^pub mod (\w+);/gm)].map(([, room]) => room).filter((room) => room !== "error");
  assert.ok(rooms.length > 8);
  for (const room of rooms) assert.match(read("README.md"), new RegExp(`^\\| \\[src/${room}(/|\\.rs)\\]`, "m"), room);
});

test("the licence is that of the package too", () => {
  assert.match(read("LICENSE"), /^\s+Apache License\n\s+Version 2\.0, January 2004\n/);
  assert.equal(read("pkg/LICENSE"), read("LICENSE"));
});
