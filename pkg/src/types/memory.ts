/** What it takes. */

/**
 * Bytes. `wasm` is measured; what it holds is computed from counts and sizes, and leaves out the texts, the lexical index and what
 * training needs while it runs.
 */
export interface MemoryInfo {
  /** The engine's memory. It grows with documents and training and keeps that size until `dispose`. With `worker: false` instances share it. */
  wasm: number;
  /** Documents in it. */
  documents: number;
  /** The encoder's weights in use, in single precision. On the GPU, if that is used. */
  weights: number;
  /** Embeddings: each before and after the adapter, with its key. */
  embeddings: number;
  /** The graph over the embeddings; 0 where there are too few for one. */
  graph: number;
  /** What the cache of token embeddings may grow to: `rerank: "maxsim"` fills it, the oldest go first. */
  tokensAtMost: number;
  /** The memory of workers that only encode (option `encoders`); 0 while there are none. */
  encoders: number;
  /** What the GPU holds at least: the weights. Batches and training come on top. Null on the CPU. */
  gpu: number | null;
  /** Length of the store on disk; null without one. */
  store: number | null;
}
