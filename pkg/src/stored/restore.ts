/** From records back to an engine that is as it was. */

import { corrupt, toNearmissError } from "../errors.js";
import type { Args, Host, Method } from "../host.js";
import { decode } from "../storage/index.js";
import { changes } from "./changes.js";
import { FORMAT } from "./snapshot.js";

/** A change that the engine refused is in the log, as it was written down before; it is refused again. */
const REFUSALS = new Set(["INPUT_INVALID", "INSUFFICIENT_DATA"]);

/** Where a training can be taken up again. */
export interface Checkpoint {
  step: number;
  bytes: Uint8Array;
}

/** What the records said last, and what is to be done about it. */
export interface Restored {
  /** Files of trained weights that are not in use yet; null when nothing was said of them. */
  weights: Uint8Array[] | null;
  checkpoint: Checkpoint | null;
  /** Embeddings of each fingerprint that are in the store. */
  rows: Map<string, number>;
  /** Bytes of records that later ones replace. */
  superseded: number;
}

export const nothing = (): Restored => ({ weights: null, checkpoint: null, rows: new Map(), superseded: 0 });

/** Makes one record's change. @throws {NearmissError} `STORAGE_CORRUPT` for a record of another format */
export async function apply(bytes: Uint8Array, host: Host, state: Restored): Promise<void> {
  const { type, data, parts = [] } = decode(bytes);
  const fields = Object(data) as Record<string, unknown>;
  if (type === "nearmiss") {
    if (fields["format"] !== FORMAT) throw corrupt(`the store has format ${String(fields["format"])}, and this version knows ${FORMAT}: update nearmiss`);
  } else if (type === "call") {
    await repeat(host, fields["method"] as Method, fields["args"]);
  } else if (type === "vectors") {
    const [fingerprint, keys] = [String(fields["fingerprint"]), fields["keys"] as string[]];
    await host.call("putVectors", [keys, floats(parts[0]), fingerprint]);
    state.rows.set(fingerprint, (state.rows.get(fingerprint) ?? 0) + keys.length);
  } else if (type === "weights") {
    state.superseded += sum(state.weights);
    state.weights = parts;
  } else if (type === "checkpoint") {
    state.superseded += state.checkpoint?.bytes.length ?? 0;
    state.checkpoint = parts[0] ? { step: Number(fields["step"]), bytes: parts[0] } : null;
  } else {
    throw corrupt(`the store holds a record of the unknown type "${type}": update nearmiss`);
  }
}

async function repeat(host: Host, method: Method, args: unknown): Promise<void> {
  if (!changes(method) || !Array.isArray(args)) throw corrupt(`the store holds a change of the unknown kind "${method}": update nearmiss`);
  try {
    await host.call(method, args as Args<typeof method>);
  } catch (error) {
    if (!REFUSALS.has(toNearmissError(error).code)) throw error;
  }
}

/** Copied, as the bytes of a record begin anywhere. */
function floats(bytes: Uint8Array | undefined): Float32Array {
  if (!bytes || bytes.length % 4 !== 0) throw corrupt("the store holds embeddings of no whole number");
  return new Float32Array(bytes.slice().buffer);
}

function sum(files: Uint8Array[] | null): number {
  return (files ?? []).reduce((total, file) => total + file.length, 0);
}
