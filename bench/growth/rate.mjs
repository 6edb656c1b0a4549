/** How fast all-MiniLM-L6-v2 encodes here, for bench/growth.mjs: `node bench/growth/rate.mjs ROUNDS`. Prints tokens a second, as JSON. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Nearmiss } from "../../pkg/dist/index.js";
import { MODEL } from "../../tools/model.mjs";
import { alternate, median } from "../speed/pairs.js";

const [TEXTS, TOKENS] = [32, 64];

const { model } = JSON.parse(await readFile(join(MODEL, "tokenizer.json"), "utf8"));
/** Words that are one token each; two tokens more stand around a text. */
const words = Object.keys(model.vocab).filter((word) => /^[a-z]{3,9}$/.test(word));
let at = 0;
const text = () => Array.from({ length: TOKENS - 2 }, () => words[(at += 7919) % words.length]).join(" ");

const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false });
let texts;
const { encode } = await alternate(
  { encode: () => nm.encode(texts) },
  { rounds: Number(process.argv[2]), before: () => (texts = Array.from({ length: TEXTS }, text)) },
);
console.log(JSON.stringify({ rate: (1000 * TEXTS * TOKENS) / median(encode) }));
await nm.dispose();
