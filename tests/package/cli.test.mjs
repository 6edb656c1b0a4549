/** The real command as a process: usage errors, help, exit status. Nothing here needs the wasm modules. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../pkg/dist/cli.js", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

function nearmiss(...argv) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...argv], { encoding: "utf8", input: "" });
  return { status, stdout, stderr };
}

const COMMANDS = ["encode", "evaluate", "mine", "train", "search"];

test("--help and --version", () => {
  const help = nearmiss("--help");
  assert.equal(help.status, 0);
  for (const command of COMMANDS) assert.match(help.stdout, new RegExp(`^  ${command} `, "m"));
  const { version } = JSON.parse(readFileSync(new URL("../../pkg/package.json", import.meta.url), "utf8"));
  assert.deepEqual(nearmiss("--version"), { status: 0, stdout: `${version}\n`, stderr: "" });
});

for (const command of COMMANDS) {
  test(`${command} --help explains its options, without asking for any`, () => {
    const { status, stdout, stderr } = nearmiss(command, "--help");
    assert.deepEqual([status, stderr], [0, ""]);
    for (const option of ["--model", "--json", "--cache", "--workers", "--max-length"]) assert.ok(stdout.includes(option), option);
  });
}

test("long help has headings, after what is most needed", () => {
  const headings = (command) => nearmiss(command, "--help").stdout.match(/^[A-Z][a-z ]+(?=:$)/gm);
  const shared = ["Where negatives come from", "Which candidates become negatives"];
  assert.deepEqual(headings("mine"), shared);
  const training = ["What is written", "What trains", "What it learns by", "How it steps", "Against learning by heart", "When it is enough"];
  assert.deepEqual(headings("train"), [...training, ...shared]);
  assert.equal(headings("search"), null);
  const { stdout } = nearmiss("mine", "--help");
  assert.ok(stdout.indexOf("--split NAME") < stdout.indexOf("Where negatives come from:"));
  assert.match(stdout, /^  --pseudo-queries \[KINDS\]  /m);
});

const ON = ["--model", "m", "--data", "d"];
for (const [what, argv, message] of [
  ["no command", [], /a command is missing/],
  ["an unknown command", ["index"], /no command "index"/],
  ["an unknown option", ["evaluate", ...ON, "--split", "test", "--fast"], /--fast/],
  ["an option without its value", ["evaluate", "--model"], /--model/],
  ["a missing folder", ["evaluate", "--model", "m", "--split", "test"], /--data is missing/],
  ["a missing split", ["evaluate", ...ON], /--split is missing/],
  ["a word in the place of a number", ["train", ...ON, "--train-split", "a", "--split", "b", "--epochs", "many"], /--epochs must be a whole number, 1 or more, not "many"/],
  ["a fraction in the place of a whole number", ["search", ...ON, "q", "-k", "1.5"], /-k must be a whole number/],
  ["no workers", ["evaluate", ...ON, "--split", "b", "--workers", "0"], /--workers must be a whole number, 1 or more/],
  ["an unknown choice", ["evaluate", ...ON, "--split", "b", "--mode", "fuzzy"], /--mode must be dense or lexical or hybrid, not "fuzzy"/],
  ["no query", ["search", ...ON], /expected a query, as one argument; got 0/],
  ["a query in pieces", ["search", ...ON, "two", "words"], /got 2.*quotes/],
  ["a stray word", ["evaluate", ...ON, "--split", "b", "stray"], /stray/],
]) {
  test(`${what} is bad usage: status 2, nothing on standard output`, () => {
    const { status, stdout, stderr } = nearmiss(...argv);
    assert.equal(status, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.match(stderr, /--help/);
  });
}

test("what fails is status 1 with code and message", () => {
  const missing = nearmiss("evaluate", ...ON, "--split", "test");
  assert.deepEqual([missing.status, missing.stdout], [1, ""]);
  assert.match(missing.stderr, /^INPUT_INVALID: --data: there is no file d.corpus\.jsonl\n$/);
  const model = nearmiss("encode", "--model", HERE);
  assert.equal(model.status, 1);
  assert.match(model.stderr, /^MODEL_INVALID: file:.*config\.json.*no such file/);
});
