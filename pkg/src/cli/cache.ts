/**
 * Embeddings on disk, one file for each fingerprint: a magic word, three sizes, keys as JSON, rows of float32, and the
 * SHA-256 of all that. Little-endian.
 *
 *     "NMEMBED1" | u32 dimensions | u32 rows | u32 bytes of keys | keys | rows × dimensions × f32 | 32 bytes
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { NearmissError } from "../errors.js";
import { writeAtomic } from "./output.js";

const MAGIC = Buffer.from("NMEMBED1");
const HEADER = MAGIC.length + 12;
const DIGEST = 32;

export interface Rows {
  keys: string[];
  /** `keys.length` rows. */
  vectors: Float32Array;
}

/** @param kind tells apart what one model may be cached for */
export function cachePath(folder: string, fingerprint: string, kind: string): string {
  return join(folder, `${fingerprint.replace(/[^\w.-]/g, "_")}.${kind}`);
}

/**
 * Null when there is no such file.
 *
 * @throws {NearmissError} `STORAGE_CORRUPT` when it is not what was written
 */
export async function readCache(path: string, dimensions: number): Promise<Rows | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw corrupt(path, (cause as Error).message, cause);
  }
  return parse(path, bytes, dimensions);
}

export async function writeCache(path: string, { keys, vectors }: Rows, dimensions: number): Promise<void> {
  const names = Buffer.from(JSON.stringify(keys));
  const header = Buffer.alloc(HEADER);
  MAGIC.copy(header);
  [dimensions, keys.length, names.length].forEach((size, at) => header.writeUInt32LE(size, MAGIC.length + 4 * at));
  const rows = Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  const parts = [header, names, rows];
  await writeAtomic(path, [...parts, digest(parts)]);
}

function parse(path: string, bytes: Buffer, dimensions: number): Rows {
  if (bytes.length < HEADER + DIGEST || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw corrupt(path, "it is not a cache of embeddings");
  const body = bytes.subarray(0, -DIGEST);
  if (!digest([body]).equals(bytes.subarray(-DIGEST))) throw corrupt(path, "its checksum does not match");
  const [dim, count, named] = [0, 4, 8].map((at) => bytes.readUInt32LE(MAGIC.length + at)) as [number, number, number];
  const start = HEADER + named;
  if (dim !== dimensions || body.length !== start + 4 * dim * count) throw corrupt(path, `it holds rows of ${dim}, the model makes ${dimensions}`);
  const keys = JSON.parse(body.toString("utf8", HEADER, start)) as string[];
  if (keys.length !== count) throw corrupt(path, "its keys do not match its rows");
  // Copied, as rows may start at an odd place and the file's buffer can then go.
  const vectors = new Float32Array(dim * count);
  body.copy(Buffer.from(vectors.buffer), 0, start);
  return { keys, vectors };
}

function digest(parts: Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function corrupt(path: string, reason: string, cause?: unknown): NearmissError {
  return new NearmissError("STORAGE_CORRUPT", `the cache ${path} cannot be used: ${reason}. It is built anew.`, { cause });
}
