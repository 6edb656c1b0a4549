/**
 * How do time and memory grow with the number of documents, and where is the next wall? Encoding (the tests' tiny model), the graph, search,
 * mining, mining anew with trained weights, over 1,000, 10,000 and 100,000 documents, each in a Node process of its own. Writes
 * bench/results/<date>-growth.md.
 *
 *     node bench/growth.mjs [--quick]     # needs the built package and the model; the full run takes some minutes
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, mega, ms, NODE, save, table, whole } from "./speed/results.mjs";

const COUNTS = QUICK ? [500, 1000] : [1000, 10_000, 100_000];
const ROWS = [
  ["encode", "encode all"],
  ["link", "graph, and what is left of adding"],
  ["firstSearch", "first search, which makes the lexical index"],
  ["exact", "search, dense, every row"],
  ["auto", "search, dense, as by default"],
  ["lexical", "search, lexical"],
  ["hybrid", "search, hybrid (default)"],
  ["mine", "mine for 200 queries"],
  ["mineAgain", "mine again, other seed"],
  ["refresh", "all encoded and mined anew in training (ANCE)"],
];
/** What a 32-bit module can hold, and what a document takes at 384 numbers instead of the tiny model's 32: before and after the adapter. */
const [MOST, WIDER] = [2 ** 32, 2 * 4 * (384 - 32)];

/** In a process of its own. */
async function child(file, ...args) {
  const { stdout } = await promisify(execFile)(process.execPath, ["--max-old-space-size=8192", join(ROOT, "bench/growth", file), ...args.map(String)]);
  console.error(args.join(" "), stdout.trim());
  return JSON.parse(stdout);
}

/** Each value with the ratio to the first, that of the fewest documents. */
const cells = (values, show) => values.map((value, at) => (at === 0 ? show(value) : `${show(value)} (× ${(value / values[0]).toFixed(1)})`));

const timeRows = (all) => ROWS.map(([key, name]) => [name, ...cells(all.map(({ times }) => times[key]), ms)]);

function memoryRows(all) {
  const names = { add: "encoded", firstSearch: "searched", mineAgain: "mined", training: "in training" };
  return Object.entries(names).map(([key, name]) => [name, ...cells(all.map(({ sizes }) => sizes[key]), mega)]);
}

/** What takes longest at the largest size, what grows fastest up to it, and when the memory is full. */
function wall(all, rate) {
  const [before, last] = all.slice(-2);
  const keys = ROWS.map(([key]) => key);
  const longest = keys.toSorted((a, b) => last.times[b] - last.times[a])[0];
  const growth = (key) => last.times[key] / before.times[key];
  // What is over in no time may grow as it likes, and a graph is there from 50,000 documents on only.
  const fastest = keys.filter((key) => last.times[key] > 20 && key !== "link").toSorted((a, b) => growth(b) - growth(a))[0];
  const name = (key) => ROWS.find(([other]) => other === key)[1];
  const each = (last.sizes.training - before.sizes.training) / (last.count - before.count);
  return [
    `Longest at ${whole(last.count)}: ${name(longest)}, ${whole(last.times[longest] / 1000)} s. Fastest growing from ${whole(before.count)}: ${name(fastest ?? longest)},`,
    `× ${growth(fastest ?? longest).toFixed(1)} for × ${last.count / before.count} documents.`, "",
    `all-MiniLM-L6-v2 encoded ${whole(rate)} tokens a second in this run (one thread, texts of 64 tokens): ${whole(last.count)} such texts take ${((64 * last.count) / rate / 3600).toFixed(1)} hours. On a CPU`,
    "encoding is the first wall, and mining anew with every layer trained meets it each time.", "",
    `A further document takes ${whole(each)} bytes in training with the tiny model; with embeddings of 384 numbers ${whole(each + WIDER)}, so that the 4 GiB of a`,
    `32-bit module are full at about ${whole(Math.floor(MOST / (each + WIDER) / 10_000) * 10_000)} documents of this length.`,
  ];
}

await command(import.meta.url, async () => {
  const all = [];
  for (const count of COUNTS) all.push(await child("one.mjs", count));
  const { rate } = await child("rate.mjs", QUICK ? 1 : 5);
  const sizes = all.map(({ count }) => whole(count));
  await save("growth", [
    ...head("What grows with the documents", { where: `${NODE}, CPU build, one thread, no worker`, modules: ["cpu"] },
      "", "Documents of 60 made-up words with the frequencies of a language (`bench/search/vectors.js`), cut at the 64 tokens of the tests' model (2 layers,",
      "32 numbers), so that encoding is cheap and what surrounds it shows. × is beside the fewest documents. Searches: the median of 40 queries,",
      "three words out of a document. From 50,000 documents on dense search walks a graph unless told otherwise."),
    ...table(["ms", ...sizes], timeRows(all)),
    `Recall@10 of the default dense search beside every row scored: ${all.map(({ recall }) => recall.toFixed(3)).join(", ")}. Examples mined: ${all.map(({ mined }) => mined).join(", ")} of 200.`,
    ...table(["wasm memory, MB, once", ...sizes], memoryRows(all)),
    "## The next wall", "", ...wall(all, rate),
  ]);
});
