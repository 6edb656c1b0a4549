/** The model that ships in the package: whole, as its card says, the default, and the same numbers as PyTorch makes of its files. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { compact } from "../../pkg/dist/compact.js";
import { Nearmiss } from "../../pkg/dist/index.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = join(ROOT, "pkg/models/compact");
/** What a person waits for before the first search, beside the engine: bytes by brotli. */
const MOST = 8_000_000;

const read = (name) => readFileSync(join(FOLDER, name));
const card = () => read("README.md").toString();

test("its files are those that the card names by their hashes, and small enough to come along", () => {
  const named = [...card().matchAll(/^\| `([^`]+)` \| `([0-9a-f]{64})` \|$/gm)];
  assert.ok(named.length >= 6, "the card lists the files");
  for (const [, name, hash] of named) assert.equal(createHash("sha256").update(read(name)).digest("hex"), hash, name);
  const all = readdirSync(FOLDER, { recursive: true }).filter((name) => statSync(join(FOLDER, name)).isFile());
  assert.deepEqual(all.sort(), [...named.map(([, name]) => name), "LICENSE", "README.md"].sort());
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24 } };
  const packed = ["tokenizer.json", "model.safetensors"].map((name) => brotliCompressSync(read(name), quick).length);
  assert.ok(packed[0] + packed[1] <= MOST, `${packed} bytes`);
});

test("the settings in the code are the bytes of the folder", () => {
  const { config, sentenceBert } = compact();
  assert.equal(Buffer.from(config).toString(), read("config.json").toString());
  assert.equal(Buffer.from(sentenceBert).toString(), read("sentence_bert_config.json").toString());
  assert.deepEqual(JSON.parse(read("1_Pooling/config.json")).pooling_mode_mean_tokens, true, "what the engine assumes without the file");
});

/** The rows of collections in one section of a page, each as its cells. */
function rows(page, heading) {
  const [, section] = page.split(`\n## ${heading}\n`);
  assert.ok(section, `the page has a section ${heading}`);
  const lines = section.split("\n## ")[0].split("\n").filter((line) => /^\| (cacm|cranfield|pubmedqa|xquad_en|\*\*mean\*\*) \|/.test(line));
  return lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

test("the figures on the card are those that were measured last", () => {
  const results = join(ROOT, "bench/results");
  const latest = readdirSync(results).filter((name) => name.endsWith("-compact.md")).sort().at(-1);
  const measured = readFileSync(join(results, latest), "utf8");
  const quality = rows(measured, "Quality");
  assert.equal(quality.length, 5);
  assert.deepEqual(rows(card(), "Quality"), quality);

  const prose = card().replace(/\s+/g, " ");
  const shares = quality.slice(0, 4).map((cells) => Number(cells[5]));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  assert.ok(prose.includes(`The share in the last row, ${Number(quality[4][5]).toFixed(3)}, is that of the means`));
  assert.ok(prose.includes(`the mean of the four shares is ${mean.toFixed(3)}`));
  const common = rows(measured, "Text in common");
  assert.ok(common.length >= 1);
  for (const [collection, documents, , share] of common) assert.ok(prose.includes(`${share} of ${documents} of ${collection}`), collection);
});

describe("as the default", () => {
  let nm;
  before(async () => (nm = await Nearmiss.create({ device: "cpu" })));
  after(() => nm.dispose());

  test("no model need be named, and naming its folder gives the same one", async () => {
    const { parameters, ...sizes } = nm.model;
    assert.deepEqual([sizes.dimensions, sizes.layers, sizes.maxLength, sizes.pooling], [256, 2, 256, "mean"]);
    assert.ok(parameters > 8e6 && parameters < 9e6, `${parameters}`);
    const named = await Nearmiss.create({ model: FOLDER, device: "cpu" });
    assert.equal(named.model.fingerprint, nm.model.fingerprint, "weights trained on one load into the other");
    await named.dispose();
  });

  test("token by token and number by number what PyTorch makes of the same files", async () => {
    const { cases } = JSON.parse(readFileSync(join(ROOT, "tests/fixtures/compact.json"), "utf8"));
    assert.ok(cases.length >= 10);
    const rows = await nm.encode(cases.map(({ text }) => text));
    for (const [at, { text, embedding }] of cases.entries()) {
      const worst = Math.max(...embedding.map((value, i) => Math.abs(value - rows[at * 256 + i])));
      assert.ok(worst < 1e-4, `${JSON.stringify(text.slice(0, 40))} is off by ${worst}`);
    }
  });

  test("it is of use at once: it finds what is meant where no word is shared", async () => {
    await nm.documents.add([
      { id: "car", text: "Fixing an automobile's brakes in the garage." },
      { id: "bread", text: "A sourdough loaf needs flour, water and patience." },
      { id: "tax", text: "The revenue office wants the annual declaration by May." },
      { id: "cat", text: "Our kitten sleeps on the sofa all afternoon." },
    ]);
    for (const [query, expected] of [["repair a car", "car"], ["how to bake", "bread"], ["when do I file my taxes", "tax"], ["pet", "cat"]]) {
      const [hit] = await nm.search(query, { k: 1, mode: "dense" });
      assert.equal(hit.id, expected, query);
    }
  });
});
