/** The command from the tarball: through npx, its help, its examples, its exit statuses, and a training that Ctrl-C ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT } from "../harness.mjs";
import { installed } from "./install.mjs";

const COMMANDS = ["encode", "evaluate", "mine", "train", "search"];
const { folder: home } = await installed();
const BIN = join(home, "node_modules/.bin/nearmiss");
const MODEL = join(ROOT, "tests/fixtures/tiny-bert");

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "nearmiss-npx-"));
  await cp(join(ROOT, "www/public/sample"), join(folder, "notes"), { recursive: true });
  await writeFile(join(folder, "texts.jsonl"), '{"text": "one"}\n{"text": "two"}\n');
});
after(() => rm(folder, { recursive: true }));

/** Runs to the end, its streams piped, as in a script. */
async function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], ...options });
  return { ...(await ending(child)) };
}

async function ending(child) {
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (said.err += text));
  const [status] = await once(child, "close");
  return { status, ...said };
}

test("npx finds it", async () => {
  const { version } = JSON.parse(await readFile(join(home, "node_modules/nearmiss/package.json"), "utf8"));
  const { status, out } = await run("npx", ["--offline", "nearmiss", "--version"], { cwd: home });
  assert.deepEqual([status, out], [0, `${version}\n`]);
});

test("its help lists every command and every exit status", async () => {
  const { status, out, err } = await run(BIN, ["--help"]);
  assert.deepEqual([status, err], [0, ""]);
  for (const command of COMMANDS) assert.match(out, new RegExp(`^  ${command} `, "m"));
  assert.match(out, /^Exit status: 0 done, 1 failed .*, 2 wrong usage, 130 stopped by Ctrl-C\.$/m);
});

describe("the example in each command's help runs, with --json too", { timeout: 300_000 }, () => {
  for (const name of COMMANDS) {
    test(name, async () => {
      const help = (await run(BIN, [name, "--help"])).out;
      const example = help.match(/^Example: (nearmiss .+)$/m)?.[1];
      assert.ok(example, help);
      await rm(join(folder, "tuned"), { recursive: true, force: true });
      const line = example.replace(`nearmiss ${name}`, `"$BIN" ${name} --model "$MODEL" --json`);
      const { status, out, err } = await run("bash", ["-c", line], { env: { ...process.env, BIN, MODEL } });
      assert.equal(status, 0, err);
      assert.ok(!`${out}${err}`.includes("\x1b"), "no colours and no cursor movements where nobody looks");
      const json = name === "encode" ? await readFile(join(folder, "embeddings.jsonl"), "utf8") : out;
      assert.equal(json.trimEnd().split("\n").length, 1);
      assert.equal(JSON.parse(json).model.dimensions, 32);
    });
  }
});

test("bad usage is 2, a failure is 1 with its code", async () => {
  const usage = await run(BIN, ["search", "--data", "notes"]);
  assert.deepEqual([usage.status, usage.out], [2, ""]);
  assert.match(usage.err, /^expected a query.*\nTry: nearmiss search --help\n$/);
  const failed = await run(BIN, ["search", "--model", "nowhere", "--data", "notes", "q"]);
  assert.deepEqual([failed.status, failed.out], [1, ""]);
  assert.match(failed.err, /^MODEL_INVALID: /);
});

test("Ctrl-C in a training is 130 and leaves a checkpoint that the next call goes on from", { timeout: 120_000 }, async () => {
  const kept = join(folder, "kept");
  await mkdir(kept);
  const checkpoint = join(kept, "run.checkpoint");
  const train = ["train", "--model", MODEL, "--data", "notes", "--train-split", "train", "--split", "test", "--checkpoint", checkpoint];

  const watching = watch(kept);
  const child = spawn(BIN, [...train, ...LONG], { cwd: folder });
  const ended = ending(child);
  while (!existsSync(checkpoint)) await Promise.race([once(watching, "change"), ended.then(({ err }) => assert.fail(`it ended: ${err}`))]);
  watching.close();
  child.kill("SIGINT");
  const stopped = await ended;
  assert.deepEqual([stopped.status, stopped.out], [130, ""], stopped.err);
  assert.match(stopped.err, /the last checkpoint, of step \d+, is in \S+: go on with --resume \S+run\.checkpoint\nABORTED: cancelled\n$/);

  const step = Number(stopped.err.match(/of step (\d+)/)[1]);
  const resumed = await run(BIN, [...train, "--resume", checkpoint, "--out", "resumed", "--json"]);
  assert.equal(resumed.status, 0, resumed.err);
  const { training } = JSON.parse(await readFile(join(folder, "resumed/report.json"), "utf8"));
  assert.equal(training[0].step, step + 1);
});

/** Some seconds of steps, so that the signal comes long before the last. */
const LONG = ["--trainable", "full", "--batch-size", "2", "--epochs", "20", "--patience", "1000", "--checkpoint-every", "1"];
