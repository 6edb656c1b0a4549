/** "opfs:notes": which kind of storage, and the name of a store in it. */

import { invalid } from "../errors.js";
import type { StorageKind } from "../types.js";

export interface Spec {
  kind: StorageKind;
  name: string;
}

const KINDS: readonly StorageKind[] = ["opfs", "indexeddb", "memory"];

/** @throws {NearmissError} `INPUT_INVALID` */
export function parseSpec(spec: unknown): Spec {
  const [, kind, name = "default"] = (typeof spec === "string" && /^([a-z]+)(?::(.*))?$/s.exec(spec)) || [];
  if (!KINDS.includes(kind as StorageKind)) {
    throw invalid("storage", `must be "opfs:NAME", "indexeddb:NAME" or "memory:NAME", not ${JSON.stringify(spec) ?? String(spec)}`);
  }
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw invalid("storage", `a store's name has 1 to 64 letters, digits, dots, dashes and underscores, and does not begin with a dot; got ${JSON.stringify(name)}`);
  }
  return { kind: kind as StorageKind, name };
}

/** This kind and those that stand in for it. */
export function kindsFrom(kind: StorageKind): StorageKind[] {
  return KINDS.slice(KINDS.indexOf(kind));
}
