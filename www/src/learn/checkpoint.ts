/**
 * What the lesson reads out of a checkpoint of a head's training: the head as it is after the step, and the examples with the negatives
 * that are in force. A checkpoint is a safetensors file; the state of the run stands in its header as JSON.
 */

export interface Example {
  /** Numbers in the lists of practice questions and of documents. */
  query: number;
  positive: number;
  negatives: number[];
}

export interface Moment {
  /** Row-major `[dim, dim]`. */
  weights: Float32Array;
  /** Texts of the practice questions, by number. */
  queries: string[];
  examples: Example[];
}

const STATE = "nearmiss.checkpoint";

interface Header {
  __metadata__?: Record<string, string>;
  weights?: { dtype: string; data_offsets: [number, number] };
}

interface State {
  queries: { text: string }[];
  now: { examples: { query: number; positive: number; negatives: { document: number; weight: number }[] }[] };
}

/** @throws {Error} when these bytes are no checkpoint of this release */
export function readCheckpoint(bytes: Uint8Array): Moment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start))) as Header;
  const state = header.__metadata__?.[STATE];
  if (!state || header.weights?.dtype !== "F32") throw new Error("the checkpoint has no weights, or is of another release");
  const [from, to] = header.weights.data_offsets;
  // A copy begins where numbers of four bytes may begin.
  const weights = new Float32Array(bytes.slice(start + from, start + to).buffer);
  const { queries, now } = JSON.parse(state) as State;
  const examples = now.examples.map(({ query, positive, negatives }) => ({ query, positive, negatives: negatives.map(({ document }) => document) }));
  return { weights, queries: queries.map(({ text }) => text), examples };
}
