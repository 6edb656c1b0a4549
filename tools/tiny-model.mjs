// Writes tests/fixtures/tiny-bert: a BERT of random weights, small enough to check in and to run on a software GPU.
// Seeded: the same bytes each time. Run it again only when its sizes are to change.

import { mkdirSync, writeFileSync } from "node:fs";

const out = new URL("../tests/fixtures/tiny-bert/", import.meta.url);
const config = {
  architectures: ["BertModel"],
  model_type: "bert",
  hidden_act: "gelu",
  hidden_size: 32,
  intermediate_size: 64,
  layer_norm_eps: 1e-12,
  max_position_embeddings: 64,
  num_attention_heads: 2,
  num_hidden_layers: 2,
  position_embedding_type: "absolute",
  type_vocab_size: 2,
};

/** mulberry32, by Tommy Ettinger: 32 bits of state, uniform in 0..1. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = uniform(20);
const normal = (scale) => scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const characters = [..."abcdefghijklmnopqrstuvwxyz0123456789.,?!'-"];
const words =
  "a an and are at be by can do does for from how i in is it key last new not of on or release ring rotate signing store " +
  "that the to turn valve we what when where which who why with you battery branch door leave mast note pay station team";
const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ...characters, ...characters.map((c) => `##${c}`)];
for (const word of words.split(" ")) if (!vocabulary.includes(word)) vocabulary.push(word);
config.vocab_size = vocabulary.length;

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
const tokenizer = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: special.map((content, id) => ({
    id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true,
  })),
  normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
      { Sequence: { id: "B", type_id: 1 } },
      { SpecialToken: { id: "[SEP]", type_id: 1 } },
    ],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
  },
};

const { hidden_size: hidden, intermediate_size: wide } = config;
const tensors = [
  ["embeddings.word_embeddings.weight", [vocabulary.length, hidden]],
  ["embeddings.position_embeddings.weight", [config.max_position_embeddings, hidden]],
  ["embeddings.token_type_embeddings.weight", [config.type_vocab_size, hidden]],
  ["embeddings.LayerNorm.weight", [hidden]],
  ["embeddings.LayerNorm.bias", [hidden]],
];
for (let n = 0; n < config.num_hidden_layers; n++) {
  const layer = `encoder.layer.${n}.`;
  for (const [name, rows, columns] of [
    ["attention.self.query", hidden, hidden],
    ["attention.self.key", hidden, hidden],
    ["attention.self.value", hidden, hidden],
    ["attention.output.dense", hidden, hidden],
    ["intermediate.dense", wide, hidden],
    ["output.dense", hidden, wide],
  ]) {
    tensors.push([`${layer}${name}.weight`, [rows, columns]], [`${layer}${name}.bias`, [rows]]);
  }
  for (const name of ["attention.output.LayerNorm", "output.LayerNorm"]) {
    tensors.push([`${layer}${name}.weight`, [hidden]], [`${layer}${name}.bias`, [hidden]]);
  }
}

const header = {};
const chunks = [];
let offset = 0;
for (const [name, shape] of tensors) {
  const values = new Float32Array(shape.reduce((a, b) => a * b));
  // Larger than BERT's 0.02: without training, that start maps all texts to almost the same vector.
  for (let i = 0; i < values.length; i++) {
    values[i] = name.endsWith("LayerNorm.weight") ? 1 : normal(shape.length === 2 ? 0.15 : 0.02);
  }
  const bytes = Buffer.from(values.buffer);
  header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + bytes.length] };
  offset += bytes.length;
  chunks.push(bytes);
}
const json = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8));
const length = Buffer.alloc(8);
length.writeBigUInt64LE(BigInt(json.length));

mkdirSync(new URL("1_Pooling/", out), { recursive: true });
writeFileSync(new URL("config.json", out), `${JSON.stringify(config, null, 2)}\n`);
const modules = ["Transformer", "Pooling", "Normalize"].map((kind, idx) => ({
  idx, name: `${idx}`, path: idx ? `${idx}_${kind}` : "", type: `sentence_transformers.models.${kind}`,
}));
writeFileSync(new URL("modules.json", out), `${JSON.stringify(modules, null, 2)}\n`);
writeFileSync(new URL("tokenizer.json", out), `${JSON.stringify(tokenizer)}\n`);
writeFileSync(new URL("model.safetensors", out), Buffer.concat([length, json, ...chunks]));
writeFileSync(new URL("1_Pooling/config.json", out), `${JSON.stringify({ pooling_mode_mean_tokens: true })}\n`);
console.log(`tiny-bert: ${vocabulary.length} tokens, ${offset / 4} weights, ${offset + json.length + 8} bytes`);
