/**
 * Two slices of SQuADShifts-wiki, written as BEIR folders. Each is the same on every machine.
 *
 * `by-query`: the first 200 passages of the corpus with all their questions, split by question (train, test): a person's own
 * documents, and new questions about them.
 * `by-article`: the first 100 passages that have training questions and the first 100 that have test questions, split by
 * article: new documents, on which tuning should not help.
 *
 *     node bench/slices.mjs OUT
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DATA = fileURLToPath(new URL("../../shared/data/squadshifts_wiki/", import.meta.url));

/** Is the collection there? */
export async function available() {
  return readFile(join(DATA, "qrels.tsv")).then(() => true, () => false);
}

/** Writes both slices under `out`. @returns {Promise<Record<string, string>>} their folders */
export async function writeSlices(out) {
  const corpus = await lines("corpus.jsonl");
  const ids = corpus.map((line) => JSON.parse(line)._id);
  const first = new Set(ids.slice(0, 200));
  const [trainArticles, testArticles] = [await qrels("train"), await qrels("test1k")];
  const some = (judged) => ids.filter((id) => judged.some((row) => row[1] === id)).slice(0, 100);
  const both = new Set([...some(trainArticles), ...some(testArticles)]);
  const slices = {
    "by-query": [first, await qrels("byquery.train"), await qrels("byquery.test")],
    "by-article": [both, trainArticles, testArticles],
  };
  const folders = {};
  for (const [name, [documents, train, test]] of Object.entries(slices)) {
    folders[name] = join(out, name);
    await mkdir(folders[name], { recursive: true });
    const kept = corpus.filter((_, i) => documents.has(ids[i]));
    const [trainRows, testRows] = [train, test].map((rows) => rows.filter((row) => documents.has(row[1])));
    const asked = new Set([...trainRows, ...testRows].map((row) => row[0]));
    const queries = (await lines("queries.jsonl")).filter((line) => asked.has(JSON.parse(line)._id));
    const table = (rows) => ["query-id\tcorpus-id\tscore", ...rows.map((row) => row.join("\t"))];
    for (const [file, content] of [
      ["corpus.jsonl", kept],
      ["queries.jsonl", queries],
      ["qrels.train.tsv", table(trainRows)],
      ["qrels.test.tsv", table(testRows)],
    ]) {
      await writeFile(join(folders[name], file), `${content.join("\n")}\n`);
    }
  }
  return folders;
}

async function lines(file) {
  return (await readFile(join(DATA, file), "utf8")).split("\n").filter(Boolean);
}

/** Rows of a qrels file: query, document, score. */
async function qrels(split) {
  return (await lines(`qrels.${split}.tsv`)).slice(1).map((line) => line.split("\t"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const out = process.argv[2];
  if (!out || out.startsWith("-")) {
    console.error("usage: node bench/slices.mjs OUT");
    process.exit(2);
  }
  console.log(await writeSlices(out));
}
