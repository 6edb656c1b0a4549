/** What an engine takes, from its own counts: the module can say only how large its memory is. */

import type { Engine } from "./engine.js";
import type { MemoryInfo } from "./types.js";

const FLOAT = 4;
/** Of an embedding besides its numbers: its key (8 bytes) in a list, in the index and with its row in a hash table, and its position. */
const ROW = 48;
/** As in `src/tuner/search/tokens.rs`. */
const TOKENS = 256 << 20;

/** @param wasm bytes of the module's memory @param graphFrom documents from which on there is a graph */
export function memoryOf(engine: Engine, wasm: number, graphFrom: number): Omit<MemoryInfo, "store"> {
  const { device, model } = engine.info();
  // Removing none tells how many there are, and changes nothing.
  const documents = engine.removeDocuments([]).total;
  const encoded = documents - engine.unencoded().length;
  // Vectors of the transformer as it was loaded are kept beside those of a trained one.
  const tables = model.fingerprint === model.loaded ? 1 : 2;
  const weights = FLOAT * model.parameters;
  return {
    wasm,
    documents,
    weights,
    embeddings: encoded * ((1 + tables) * FLOAT * model.dimensions + ROW),
    graph: documents < graphFrom ? 0 : (engine.graph()?.length ?? 0),
    tokensAtMost: TOKENS,
    encoders: 0,
    gpu: device.kind === "webgpu" ? weights : null,
  };
}
