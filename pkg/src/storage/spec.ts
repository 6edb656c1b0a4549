/** Names of stores as people write them: "opfs:notes", "indexeddb:notes", "memory:notes", "memory". */

import { invalid } from "../errors.js";
import { show } from "../checks.js";
import type { StoreKind } from "./types.js";

export interface StoreSpec {
  kind: StoreKind;
  /** `null`: a memory of its own, which nobody can open twice. */
  name: string | null;
}

/** @throws {NearmissError} `INPUT_INVALID` */
export function parseSpec(spec: unknown): StoreSpec {
  if (spec === "memory") return { kind: "memory", name: null };
  const [, kind, name = ""] = (typeof spec === "string" && /^(opfs|indexeddb|memory):(.*)$/s.exec(spec)) || [];
  if (!kind) throw invalid("storage", `must be "opfs:NAME", "indexeddb:NAME", "memory:NAME" or "memory", not ${show(spec)}`);
  // "." and ".." are folders to a file system, not names.
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name) || /^\.+$/.test(name)) {
    throw invalid("storage", `a name is 1 to 64 letters, digits, dots, dashes and underscores, and not only dots; not ${show(name)}`);
  }
  return { kind: kind as StoreKind, name };
}
