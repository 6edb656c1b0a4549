/** The result file, in Markdown, from rows alone. */
import { bySeed, bySetting, groupBy, judge } from "./summary.mjs";

/** @param {object[]} rows of the worker, one a run @param {string[]} head lines under the title that say where it ran */
export function report({ title, evaluate, claims }, rows, head) {
  const seeds = bySeed(rows);
  const settings = bySetting(seeds);
  const side = evaluate === "dev" ? "queries set aside from training" : "held-out queries that training never sees";
  const lines = [
    `# ${title}`,
    "",
    ...head,
    `Dense search, nDCG@10 on ${side}, of the weights as trained,`,
    "whether they were then kept or rolled back: means over seeds, with the range in brackets. The verdict counts runs: better, no",
    "difference, worse. The interval, given for single runs, is the 95 % paired bootstrap of the difference. Seconds are mining,",
    "training and measuring on cached embeddings.",
  ];
  for (const [collection, entries] of groupBy(settings, (entry) => entry.collection)) {
    lines.push("", `## ${collection}`, "", ...table(entries));
  }
  const checked = claims.map((claim) => [claim.claim, judge(claim, seeds)]).filter(([, { pairs }]) => pairs > 0);
  if (checked.length > 0) lines.push("", ...claimTable(checked));
  return `${lines.join("\n")}\n`;
}

function table(entries) {
  const [{ documents, queries, before }] = entries;
  return [
    `${documents} documents, ${queries} queries measured, ${figure(before)} before.`,
    "",
    "| setting | seeds | after | difference | verdict | examples | steps | seconds |",
    "|---|---|---|---|---|---|---|---|",
    ...entries.map(row),
  ];
}

function row({ setting, seeds, after, lowest, highest, difference, interval, outcomes, examples, steps, seconds }) {
  const range = seeds > 1 ? ` (${figure(lowest)} … ${figure(highest)})` : "";
  const between = interval ? ` (${signed(interval[0])} … ${signed(interval[1])})` : "";
  const cells = [setting, seeds, figure(after) + range, signed(difference) + between, counted(outcomes), Math.round(examples), Math.round(steps), seconds.toFixed(1)];
  return `| ${cells.join(" | ")} |`;
}

function counted(outcomes) {
  const count = (outcome) => outcomes.filter((one) => one === outcome).length;
  return ["better", "no-difference", "worse"].map(count).join(" / ");
}

function claimTable(checked) {
  const lines = [
    "## Claims",
    "",
    "Pairs of runs that differ in nothing but what the claim is about: same collection, same seed. A claim holds when it does in",
    "every pair, of which there must be three. Seeds of one collection share its queries, so that agreement among them says less",
    "than agreement among collections.",
    "",
    "| claim | collection | mean difference in nDCG@10 | pairs in favour | |",
    "|---|---|---|---|---|",
  ];
  for (const [claim, { collections, ...all }] of checked) {
    for (const [name, one] of [["all", all], ...collections.map((one) => [one.collection, one])]) {
      lines.push(`| ${name === "all" ? `**${claim}**` : ""} | ${name} | ${signed(one.difference)} | ${one.won} of ${one.pairs} | ${one.word} |`);
    }
  }
  return lines;
}

/**
 * The two builds share every line of Rust but the arithmetic of the target.
 *
 * @param {{ collection: string, wasm: object }[]} wasm what the command printed
 * @param {object[]} rows of the native worker
 */
export function wasmTable(wasm, rows) {
  const lines = [
    "## The WebAssembly build",
    "",
    "The command with its defaults, CPU build in Node, one thread; seconds are those of the whole command with nothing cached.",
    "The last column is nDCG@10 afterwards less that of the native run on the same files.",
    "",
    "| collection | documents | examples | held out | before | after | difference | verdict | seconds | peak MB | to native |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const { collection: name, wasm: run } of wasm) {
    const native = rows.find(({ collection, setting, seed }) => collection === name && setting === "defaults" && seed === 0);
    const { before, after, verdict } = run;
    const cells = [
      name, run.documents, run.examples, run.queries, figure(before["ndcg@10"]), figure(after["ndcg@10"]),
      verdict.interval.map(signed).join(" … "), `${verdict.outcome}, ${verdict.kept ? "kept" : "rolled back"}`,
      (run.elapsedMs / 1000).toFixed(1), Math.round(run.peakMemoryBytes / 1e6),
      native ? signed(after["ndcg@10"] - native.after["ndcg@10"]) : "not run",
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return `${lines.join("\n")}\n`;
}

const figure = (value) => value.toFixed(4);
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4)}`;
