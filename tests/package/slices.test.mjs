/**
 * The command on real questions about real passages, with the real model: tuning helps where it should, and says so where
 * it does not. Needs the collection beside the checkout and all-MiniLM-L6-v2.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { available, writeSlices } from "../../bench/slices.mjs";

const ROOT = resolve(fileURLToPath(new URL("../..", import.meta.url)));
const MODEL = join(ROOT, "www/public/models/all-MiniLM-L6-v2");
const CLI = join(ROOT, "pkg/dist/cli.js");
const ready = existsSync(join(MODEL, "model.safetensors")) && (await available());
if (!ready) console.error("SKIPPED: the slices of SQuADShifts need ../shared/data/squadshifts_wiki and the fetched model");

describe("a head trained by the command", { timeout: 900_000 }, () => {
  let work, folders;
  before(async () => {
    work = await mkdtemp(join(tmpdir(), "nearmiss-slices-"));
    if (ready) folders = await writeSlices(work);
  });
  after(() => rm(work, { recursive: true, force: true }));

  async function train(slice) {
    const out = join(work, `${slice}-out`);
    const args = ["train", "--model", MODEL, "--data", folders[slice], "--train-split", "train", "--split", "test", "--trainable", "head"];
    const common = ["--json", "--cache", join(work, "cache"), "--out", out];
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, ...common], { maxBuffer: 64 << 20 });
    return { report: JSON.parse(stdout), out };
  }

  it("finds new questions' answers higher on the passages it was trained on, and keeps what it learned", async () => {
    if (!ready) return;
    const { report, out } = await train("by-query");
    assert.equal(report.documents, 200);
    assert.ok(report.queries > 450, `${report.queries} held-out questions`);
    assert.ok(report.after["ndcg@10"] > report.before["ndcg@10"] + 0.005, JSON.stringify(report.verdict.interval));
    assert.deepEqual([report.verdict.outcome, report.verdict.kept], ["better", true]);
    const file = await readFile(join(out, "adapter.safetensors"));
    assert.match(file.subarray(8, 400).toString("utf8"), /nearmiss\.kind/);

    // What was kept can be put on the model again, and then measures the same.
    const again = ["evaluate", "--model", MODEL, "--adapter", join(out, "adapter.safetensors"), "--data", folders["by-query"]];
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...again, "--split", "test", "--json", "--cache", join(work, "cache")]);
    const measured = JSON.parse(stdout).metrics["ndcg@10"];
    // The training run leaves out the few test questions that stand in the training split too; the evaluation does not.
    assert.ok(Math.abs(measured - report.after["ndcg@10"]) < 0.02, `${measured} instead of ${report.after["ndcg@10"]}`);
  });

  it("says that it did not help on passages it has never seen, and rolls back", async () => {
    if (!ready) return;
    const { report, out } = await train("by-article");
    assert.notEqual(report.verdict.outcome, "better");
    assert.equal(report.verdict.kept, false);
    assert.equal(existsSync(join(out, "adapter.safetensors")), false, "no weights are written for a run that was rolled back");
    assert.match(report.verdict.summary, /worse|chance|nothing changed/);
  });
});
