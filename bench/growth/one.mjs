/** One size of bench/growth.mjs, in a process of its own: `node bench/growth/one.mjs DOCUMENTS`. Prints what each kind of work took, as JSON. */
import { fileURLToPath } from "node:url";
import { Nearmiss } from "../../pkg/dist/index.js";
import { texts } from "../search/vectors.js";
import { alternate, median } from "../speed/pairs.js";

const MODEL = fileURLToPath(new URL("../../tests/fixtures/tiny-bert", import.meta.url));
const count = Number(process.argv[2]);
/** Judged queries: so many for training, and a few that are held out. */
const [JUDGED, HELD_OUT, ASKED, K] = [200, 20, 40, 10];

const sizes = {};
const times = {};
const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false });
const clock = async (name, work) => {
  const began = performance.now();
  const result = await work();
  times[name] = performance.now() - began;
  sizes[name] = (await nm.memory()).wasm;
  return result;
};

const { documents } = texts(count, 1);
/** Three words in a row of a document that few share: their document is the answer. */
const asked = (at) => {
  const document = documents[Math.floor((at * count) / (JUDGED + HELD_OUT))];
  return { query: document.text.split(" ").slice(at % 50, (at % 50) + 3).join(" "), document: document.id };
};

// Encoding first, then, where there are many, the graph: told apart by the events.
let encoded = 0;
await clock("add", () =>
  nm.documents.add(documents, { onProgress: ({ type, elapsedMs }) => (encoded = type === "encode" ? elapsedMs : encoded) }),
);
times.encode = encoded;
times.link = Math.max(0, times.add - encoded);
await clock("firstSearch", () => nm.search(asked(0).query));

const queries = Array.from({ length: ASKED }, (_, at) => asked(at).query);
const ids = async (stages) => (await nm.search(query, { stages, k: K })).map(({ id }) => id);
let [at, query] = [0, queries[0]];
const found = {};
const search = { exact: [{ stage: "dense", index: "exact" }], auto: [{ stage: "dense", index: "auto" }], lexical: [{ stage: "lexical" }] };
let shared = 0;
const searches = await alternate(
  { ...Object.fromEntries(Object.entries(search).map(([name, stages]) => [name, async () => (found[name] = await ids(stages))])), hybrid: () => nm.search(query) },
  {
    rounds: ASKED,
    before: () => (query = queries[at++ % ASKED]),
    after: () => (shared += found.auto.filter((id) => found.exact.includes(id)).length),
  },
);
for (const [name, each] of Object.entries(searches)) times[name] = median(each);

const judge = (split, from, to) => Array.from({ length: to - from }, (_, i) => ({ ...asked(from + i), relevant: true, split }));
await nm.judgments.add([...judge("train", 0, JUDGED), ...judge("held-out", JUDGED, JUDGED + HELD_OUT)]);
const { examples } = await clock("mine", () => nm.mine());
await clock("mineAgain", () => nm.mine({ seed: 1 }));

// With other weights everything is encoded anew, then mined: what ANCE does every `refreshEvery` steps.
await clock("training", async () => {
  let stepped = 0;
  for await (const event of nm.train({ trainable: "layers:1", negatives: "ance", refreshEvery: 2, epochs: 1, devShare: 0 })) {
    if (event.type === "step") stepped = performance.now();
    if (event.type === "mining" && event.staleness !== null) {
      times.refresh = performance.now() - stepped;
      break;
    }
  }
});
console.log(JSON.stringify({ count, times, sizes, recall: shared / ((ASKED + 1) * K), mined: examples.length }));
await nm.dispose();
