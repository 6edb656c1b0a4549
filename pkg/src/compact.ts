/** The encoder that ships in the package: where its files are. */

import type { ModelParts } from "./types.js";

/**
 * Its settings stand here because bundlers turn files this small into `data:` URLs, which a page under `connect-src 'self'` must not
 * fetch. They are those of `models/compact`; a test holds one against the other.
 */
const CONFIG = {
  model_type: "bert",
  vocab_size: 27997,
  hidden_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 512,
  max_position_embeddings: 256,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  hidden_act: "gelu",
};
const SENTENCE_BERT = { max_seq_length: 256, do_lower_case: false };

/** `shipped`: it is the one model that an application brings with it, from another address with each of its versions. */
export type Shipped = ModelParts & { shipped?: boolean };

/** Both paths stand here literally, so that bundlers see them. */
export function compact(): Shipped {
  return {
    config: bytes(CONFIG),
    tokenizer: new URL("../models/compact/tokenizer.json", import.meta.url),
    weights: new URL("../models/compact/model.safetensors", import.meta.url),
    sentenceBert: bytes(SENTENCE_BERT),
    shipped: true,
  };
}

function bytes(settings: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(settings));
}
