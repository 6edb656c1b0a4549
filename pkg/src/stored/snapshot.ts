/** Everything that an engine holds, as the fewest records that lead to it. */

import type { Host } from "../host.js";
import { encode, type StoredRecord } from "../storage/index.js";
import type { Checkpoint } from "./restore.js";

/** Written first. A later format says so here, and is refused by what does not know it. */
export const FORMAT = 1;

/** Documents in a record, so that none grows too large to be read in one piece. */
const DOCUMENTS = 500;
/** Rows in a record: 3 MB of 384 numbers. */
export const ROWS = 2000;

export const header = (loaded: string): StoredRecord => ({ type: "nearmiss", data: { format: FORMAT, model: loaded } });

export function checkpointRecord(checkpoint: Checkpoint | null): StoredRecord {
  return checkpoint ? { type: "checkpoint", data: { step: checkpoint.step }, parts: [checkpoint.bytes] } : { type: "checkpoint" };
}

/** @param rows gets the number of embeddings, by the fingerprint of the weights that they are of */
export async function* snapshot(host: Host, checkpoint: Checkpoint | null, rows: Map<string, number> = new Map()): AsyncGenerator<Uint8Array> {
  const { model } = await host.call("info", []);
  yield encode(header(model.loaded));
  const documents = await host.call("documents", []);
  for (let at = 0; at < documents.length; at += DOCUMENTS) {
    yield encode({ type: "call", data: { method: "addDocuments", args: [documents.slice(at, at + DOCUMENTS)] } });
  }
  const judgments = await host.call("exportJudgments", ["jsonl"]);
  if (judgments !== "") yield encode({ type: "call", data: { method: "importJudgments", args: [judgments] } });
  for (const fingerprint of new Set([model.loaded, model.fingerprint])) {
    const all = await host.call("vectors", [fingerprint, 0]);
    rows.set(fingerprint, all.keys.length);
    yield* vectors(fingerprint, all);
  }
  yield encode({ type: "weights", parts: await host.call("weights", []) });
  const graph = await host.call("graph", []);
  if (graph) yield encode({ type: "graph", parts: [graph] });
  if (checkpoint) yield encode(checkpointRecord(checkpoint));
}

/** Embeddings of the weights with this fingerprint. */
export function* vectors(fingerprint: string, { keys, vectors: rows }: { keys: string[]; vectors: Float32Array }): Generator<Uint8Array> {
  const width = keys.length === 0 ? 0 : rows.length / keys.length;
  for (let at = 0; at < keys.length; at += ROWS) {
    const part = rows.slice(at * width, (at + ROWS) * width);
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    yield encode({ type: "vectors", data: { fingerprint, keys: keys.slice(at, at + ROWS) }, parts: [bytes] });
  }
}
