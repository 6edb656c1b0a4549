/**
 * What is run and what is claimed, as data. Options are those of `train` in pkg/src/types/training.ts.
 *
 * A setting: `name`, `options`, and optionally `seeds` (default 0, 1, 2), `on` (names of collections, default all but the
 * slices), and for the worker (bench/quality/request.rs) `mineOnce` and `judgments`.
 */
import { readFileSync } from "node:fs";

/** `data`: relative to the checkout; or a `slice` of bench/slices.mjs. `dev`: the qrels that choose defaults. */
export const COLLECTIONS = JSON.parse(readFileSync(new URL("collections.json", import.meta.url), "utf8"));

const LARGE = ["squadshifts by query", "squadshifts by article", "scifact", "cranfield"];
const SMALL = ["slice by query", "slice by article", "sample notes"];
export const SEEDS = [0, 1, 2];

/** Mined once by the untrained model: what "static" means for a head, which otherwise mines anew each epoch. */
const STATIC = { mineOnce: { strategy: "dense", numNegatives: 1 } };

const heads = ["info-nce", "margin"].flatMap((loss) => [
  ...["random", "bm25", "dense"].map((negatives) => ({ name: `head, ${loss}, ${negatives}`, options: { loss, negatives } })),
  { name: `head, ${loss}, ance`, options: { loss, negatives: "ance", refreshEvery: 4 } },
  { name: `head, ${loss}, static dense`, options: { loss }, ...STATIC },
  { name: `head, ${loss}, dense, not denoised`, options: { loss, negatives: "dense", relativeMargin: null } },
]);

/** Each text goes through the transformer, minutes a run on one core: one seed on the smallest collection. */
const below = { on: ["sample notes"], seeds: [0] };
const deeper = [
  { name: "lora, info-nce, dense", options: { trainable: "lora" }, ...below },
  { name: "layers:2, info-nce, dense", options: { trainable: "layers:2" }, ...below },
  { name: "full, info-nce, dense", options: { trainable: "full" }, ...below },
  { name: "lora, info-nce, ance", options: { trainable: "lora", negatives: "ance" }, ...below },
  { name: "lora, info-nce, random", options: { trainable: "lora", negatives: "random" }, ...below },
];

/** Does training make search better, and what makes it do so? */
const quality = {
  title: "Does training make search better?",
  evaluate: "test",
  settings: [
    { name: "defaults", options: {}, seeds: [0], on: SMALL },
    ...[...heads, { name: "head, query tower", options: { towers: "query" } }].flatMap((setting) => [
      { ...setting, on: [...LARGE.slice(0, 3), "slice by query", "sample notes"] },
      // Five folds are five runs already.
      { ...setting, on: ["cranfield"], seeds: [0] },
    ]),
    ...deeper,
  ],
  /** Each pair: the setting said to be better, and the other. */
  claims: [
    {
      claim: "Hard negatives beat random ones",
      pairs: ["info-nce", "margin"].flatMap((loss) => ["bm25", "dense", "ance"].map((hard) => [`head, ${loss}, ${hard}`, `head, ${loss}, random`])),
    },
    {
      claim: "ANCE beats negatives mined once",
      pairs: [
        ["head, info-nce, ance", "head, info-nce, static dense"],
        ["head, margin, ance", "head, margin, static dense"],
        // Without `ance`, LoRA mines with the weights it began with.
        ["lora, info-nce, ance", "lora, info-nce, dense"],
      ],
    },
    {
      claim: "Denoised negatives (relative margin 0.05) beat raw ones",
      pairs: ["info-nce", "margin"].map((loss) => [`head, ${loss}, dense`, `head, ${loss}, dense, not denoised`]),
    },
    { claim: "LoRA beats a head", pairs: ["dense", "ance", "random"].map((negatives) => [`lora, info-nce, ${negatives}`, `head, info-nce, ${negatives}`]) },
    { claim: "InfoNCE beats the margin loss", pairs: ["random", "bm25", "dense", "ance"].map((negatives) => [`head, info-nce, ${negatives}`, `head, margin, ${negatives}`]) },
  ],
};

/** One option changed from the defaults a row. */
const axes = {
  learningRate: [1e-4, 3e-4, 1e-3],
  scale: [20, 40],
  devShare: [0],
  average: ["ema", "checkpoints"],
};
const one = (name, value) => ({ name: `${name} ${value}`, options: { [name]: value } });

/** What should the defaults be? Measured on queries set aside from training: the test side is never read. */
const defaults = {
  title: "Defaults, chosen without the test side",
  evaluate: "dev",
  settings: [
    { name: "defaults", options: {} },
    ...Object.entries(axes).flatMap(([name, values]) => values.map((value) => one(name, value))),
    ...[20, 50, 100, 200, 500].map((judgments) => ({ name: `${judgments} judgments`, options: {}, judgments })),
    // Two steps an epoch: 8, 16 and 64 steps with few examples, which are others with each seed.
    ...[20, 50].flatMap((judgments) =>
      [4, 8, 32].map((epochs) => ({ name: `${judgments} judgments, all trained on, epochs ${epochs}`, options: { devShare: 0, epochs }, judgments, seeds: SEEDS })),
    ),
    ...[2e-4, 1e-3].map((learningRate) => ({
      name: `lora, learningRate ${learningRate}`,
      options: { trainable: "lora", devShare: 0, learningRate },
      judgments: 39,
      on: ["slice by query"],
    })),
  ].map((setting) => ({ on: LARGE.slice(0, 3), seeds: [0], ...setting })),
  claims: [],
};

export const GRIDS = { quality, defaults };
