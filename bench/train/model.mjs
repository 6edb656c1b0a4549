/** A BERT of random weights, two layers of 128, with the vocabulary of all-MiniLM-L6-v2: as bytes of its files. Seeded. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MODEL } from "../../tools/model.mjs";

export const SIZES = { hidden: 128, wide: 512, layers: 2, heads: 4, positions: 64 };
const { hidden, wide, layers, heads, positions } = SIZES;

/** Lehmer's generator, and from it the normal distribution by Box and Muller. */
function normal(seed) {
  let state = seed;
  const uniform = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function shapes(vocabulary) {
  const norm = (name) => [[`${name}.weight`, [hidden]], [`${name}.bias`, [hidden]]];
  const map = (name, to, from) => [[`${name}.weight`, [to, from]], [`${name}.bias`, [to]]];
  const layer = (at) => {
    const own = `encoder.layer.${at}.`;
    return [
      ...["query", "key", "value"].flatMap((part) => map(`${own}attention.self.${part}`, hidden, hidden)),
      ...map(`${own}attention.output.dense`, hidden, hidden), ...norm(`${own}attention.output.LayerNorm`),
      ...map(`${own}intermediate.dense`, wide, hidden), ...map(`${own}output.dense`, hidden, wide), ...norm(`${own}output.LayerNorm`),
    ];
  };
  return [
    ["embeddings.word_embeddings.weight", [vocabulary, hidden]], ["embeddings.position_embeddings.weight", [positions, hidden]],
    ["embeddings.token_type_embeddings.weight", [2, hidden]], ...norm("embeddings.LayerNorm"), ...Array.from({ length: layers }, (_, at) => layer(at)).flat(),
  ];
}

/** @returns {Promise<{ files: Record<string, Buffer>, words: [string, number][] }>} the files, and words that are one token each */
export async function makeModel() {
  const tokenizer = await readFile(join(MODEL, "tokenizer.json"));
  const { vocab } = JSON.parse(tokenizer).model;
  const [draw, header, chunks] = [normal(20), {}, []];
  let offset = 0;
  for (const [name, shape] of shapes(Object.keys(vocab).length)) {
    // Larger than BERT's 0.02, with which untrained embeddings are all but the same.
    const scale = shape.length === 2 ? 0.1 : 0.02;
    const values = new Float32Array(shape.reduce((a, b) => a * b)).map(() => (name.endsWith("LayerNorm.weight") ? 1 : scale * draw()));
    header[name] = { dtype: "F32", shape, data_offsets: [offset, (offset += values.byteLength)] };
    chunks.push(Buffer.from(values.buffer));
  }
  const json = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const config = {
    architectures: ["BertModel"], model_type: "bert", hidden_act: "gelu", hidden_size: hidden, intermediate_size: wide, layer_norm_eps: 1e-12,
    max_position_embeddings: positions, num_attention_heads: heads, num_hidden_layers: layers, type_vocab_size: 2, vocab_size: Object.keys(vocab).length,
  };
  const files = { "config.json": Buffer.from(JSON.stringify(config)), "tokenizer.json": tokenizer, "model.safetensors": Buffer.concat([length, json, ...chunks]) };
  return { files, words: Object.entries(vocab).filter(([piece]) => /^[a-z]{4,9}$/.test(piece)) };
}
