/**
 * The compact model that ships in the package beside all-MiniLM-L6-v2, which it learned from: quality on collections whose text
 * it never saw, speed on the CPU, a round of training on the page's sample, and its size. Writes bench/results/<date>-compact.md.
 *
 *     node bench/compact.mjs [--quick] [--model FOLDER] [--quality] [--speed]     # needs ../shared/data, cargo and a built package
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { ensureModel, MODEL } from "../tools/model.mjs";
import { ROOT, SetupError } from "../tools/shared.mjs";
import { corpus, overlaps } from "./compact/overlap.mjs";
import { buildWorker, Worker } from "./quality/worker.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { alternate, compare, least, median } from "./speed/pairs.js";
import { head, NODE, ratioCell, save, table, whole } from "./speed/results.mjs";

const COMPACT = join(ROOT, "pkg/models/compact");
const SAMPLE = join(ROOT, "www/public/sample");
const DATA = "../shared/data";
const FILES = ["config.json", "tokenizer.json", "model.safetensors"];
/** Both models read no word of these. Cranfield's source documents count as not relevant. */
const UNSEEN = QUICK ? ["xquad_en"] : ["cacm", "cranfield", "pubmedqa", "xquad_en"];
const SEARCHES = [{ mode: "lexical" }, { mode: "dense" }, { mode: "hybrid" }];
/** Texts a call, words of each: about 32 and 128 tokens. */
const SIZES = QUICK ? [[8, 22]] : [[8, 22], [8, 90]];
const ROUNDS = QUICK ? 2 : 7;

async function main(values) {
  const all = !values.quality && !values.speed;
  const compact = values.model ?? COMPACT;
  await ensureModel();
  const lines = [...head("The compact model beside its teacher", { where: `${NODE}, CPU build, one thread`, modules: ["cpu"] })];
  lines.push("", ...(await sizes(compact)));
  if (all || values.quality) lines.push("", ...(await quality(compact)), "", ...(await overlap()));
  if (all || values.speed) lines.push("", ...(await speed(compact)), "", ...(await training(compact)));
  // A part of the table, or the table of another model, is only shown.
  if (all && !values.model) await save("compact", lines);
  else console.log(lines.join("\n"));
}

async function sizes(compact) {
  const lines = ["## Size", "", "| model | file | bytes | brotli |", "|---|---|---|---|"];
  let [raw, packed] = [0, 0];
  for (const file of FILES) {
    const bytes = await readFile(join(compact, file));
    const small = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
    [raw, packed] = [raw + bytes.length, packed + small];
    lines.push(`| compact | ${file} | ${bytes.length} | ${small} |`);
  }
  const teacher = await Promise.all(FILES.map(async (file) => (await stat(join(MODEL, file))).size));
  return [...lines, `| compact | all | ${raw} | **${packed}** |`, `| all-MiniLM-L6-v2 | all | ${teacher.reduce((a, b) => a + b)} | |`];
}

/** nDCG@10 over all judged queries: words, meaning, both; and the share of the teacher that the compact model reaches. */
async function quality(compact) {
  const path = await buildWorker();
  const rows = {};
  for (const [name, model] of [["compact", compact], ["teacher", MODEL]]) {
    const worker = new Worker(path, model);
    try {
      for (const collection of UNSEEN) {
        const request = { data: `${DATA}/${collection}`, train: "qrels.tsv", test: "qrels.tsv", searches: SEARCHES };
        const { row, error } = await worker.ask(request);
        if (error) throw new SetupError(`${collection}: ${error}`);
        const [lexical, dense, hybrid] = row.searches.map(({ metrics }) => metrics["ndcg@10"]);
        (rows[collection] ??= { queries: row.heldOutQueries, lexical })[name] = { dense, hybrid };
        console.error(`${name} ${collection}: ${dense.toFixed(4)}, hybrid ${hybrid.toFixed(4)}, BM25 ${lexical.toFixed(4)}`);
      }
    } finally {
      worker.close();
    }
  }
  const lines = [
    "## Quality", "", "nDCG@10 over all judged queries, without any training, on collections whose text neither recipe nor choice of settings read.", "",
    "| collection | queries | BM25 | compact | teacher | share | compact + BM25 | teacher + BM25 |", "|---|---|---|---|---|---|---|---|",
  ];
  const line = (name, queries, numbers) => `| ${[name, queries, ...numbers.map((n) => n.toFixed(4))].join(" | ")} |`;
  const cells = ({ lexical, compact: c, teacher: t }) => [lexical, c.dense, t.dense, c.dense / t.dense, c.hybrid, t.hybrid];
  for (const [name, row] of Object.entries(rows)) lines.push(line(name, row.queries, cells(row)));
  const mean = (pick) => Object.values(rows).reduce((sum, row) => sum + pick(row), 0) / UNSEEN.length;
  const of = (which) => ({ dense: mean((row) => row[which].dense), hybrid: mean((row) => row[which].hybrid) });
  lines.push(line("**mean**", "", cells({ lexical: mean((row) => row.lexical), compact: of("compact"), teacher: of("teacher") })));
  const shares = Object.entries(rows).map(([name, { compact: c, teacher: t }]) => [name, c.dense / t.dense]);
  const [worst, lowest] = shares.toSorted((a, b) => a[1] - b[1])[0];
  return [...lines, "", `The share in the last row is that of the means; the mean of the shares is ${mean(({ compact: c, teacher: t }) => c.dense / t.dense).toFixed(4)}, and the lowest ${lowest.toFixed(4)} (${worst}).`];
}

/** Is the text of these collections really new to the model? */
async function overlap() {
  const recipe = await readFile(join(ROOT, "tools/distill/texts.py"), "utf8");
  const read = JSON.parse(/^COLLECTIONS = (\[.*\])$/m.exec(recipe)[1]);
  const load = async (names) => Object.fromEntries(await Promise.all(names.map(async (name) => [name, await corpus(join(ROOT, DATA), name)])));
  const found = overlaps(await load(read), await load(UNSEEN));
  return [
    "## Text in common", "", "Documents of these collections that share a run of ten words with a document that the recipe read.",
    ...table(["collection", "documents", "with", "share a run", "more than half of their runs"], found.map(({ collection, texts, of, sharing, mostly }) => [collection, whole(texts), of, sharing, mostly])),
  ];
}

/** The same texts by turns, so that what else runs on the machine meets both. */
async function speed(compact) {
  const { Nearmiss } = await import("../pkg/dist/index.js");
  const notes = (await readFile(join(SAMPLE, "corpus.jsonl"), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line).text);
  const words = notes.join(" ").split(/\s+/);
  const [small, large] = await Promise.all([compact, MODEL].map((model) => Nearmiss.create({ model, device: "cpu", worker: false })));
  const lines = [
    "## Encoding", "", `Milliseconds a call of eight texts, median (least) of ${ROUNDS} rounds by turns, WebAssembly in Node; the ratio is the median over the rounds (least–most).`, "",
    "| texts × words | compact | all-MiniLM-L6-v2 | MiniLM / compact | of the best times |", "|---|---|---|---|---|",
  ];
  const time = (values) => `${median(values).toFixed(1)} (${least(values).toFixed(1)})`;
  for (const [count, length] of SIZES) {
    const texts = Array.from({ length: count }, (_, at) => words.slice(at * length, (at + 1) * length).join(" "));
    const taken = await alternate({ small: () => small.encode(texts), large: () => large.encode(texts) }, { rounds: ROUNDS });
    const compared = compare(taken.small, taken.large);
    lines.push(`| ${count} × ${length} | ${time(taken.small)} | ${time(taken.large)} | **${ratioCell(compared)}** | ${compared.best.toFixed(1)} |`);
  }
  await Promise.all([small.dispose(), large.dispose()]);
  return lines;
}

/** A round as the page does it: the sample's notes and training marks, defaults but for what is trained. */
async function training(compact) {
  const { Nearmiss } = await import("../pkg/dist/index.js");
  const lines = ["## A round of training on the page's sample", "", "83 notes, 36 training questions; mining, training and the verdict on 24 held-out questions. Seconds; nDCG@10 by meaning alone.", "", "| model | trains | seconds | of the compact model's | held out before | after | verdict |", "|---|---|---|---|---|---|---|"];
  const own = {};
  for (const [name, model] of [["compact", compact], ["all-MiniLM-L6-v2", MODEL]]) {
    for (const trainable of QUICK ? ["head"] : ["head", "layers:1"]) {
      let verdict;
      const nm = await Nearmiss.create({ model, device: "cpu", worker: false });
      const read = (file) => readFile(join(SAMPLE, file), "utf8");
      const rows = async (file) => (await read(file)).trimEnd().split("\n");
      const documents = (await rows("corpus.jsonl")).map((line) => JSON.parse(line)).map(({ _id, title, text }) => ({ id: _id, title, text }));
      await nm.documents.add(documents);
      const texts = new Map((await rows("queries.jsonl")).map((line) => JSON.parse(line)).map(({ _id, text }) => [_id, text]));
      for (const split of ["train", "test"]) {
        const judged = (await rows(`qrels.${split}.tsv`)).slice(1).map((row) => row.split("\t"));
        await nm.judgments.add(judged.map(([query, document, score]) => ({ query: texts.get(query), document, relevant: Number(score) > 0, grade: Number(score), split: split === "test" ? "held-out" : "train" })));
      }
      const begun = performance.now();
      for await (const event of nm.train({ trainable })) if (event.type === "verdict") verdict = event;
      const seconds = (performance.now() - begun) / 1000;
      const [before, after] = [verdict.before, verdict.after].map((metrics) => metrics["ndcg@10"].toFixed(3));
      own[trainable] ??= seconds;
      lines.push(`| ${name} | ${trainable} | **${seconds.toFixed(1)}** | ${(seconds / own[trainable]).toFixed(1)} | ${before} | ${after} | ${verdict.outcome} |`);
      await nm.dispose();
    }
  }
  return lines;
}

await command(import.meta.url, main, { model: { type: "string" }, quality: { type: "boolean" }, speed: { type: "boolean" } });
