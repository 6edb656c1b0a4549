/** SHA-256, by which bytes are known to be those that were meant. */

import { invalid, NearmissError } from "../errors.js";

const HEX = /^[0-9a-f]{64}$/;

/** In hex, as `sha256sum` prints it; null where the browser offers none: on pages that are no secure context. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const { subtle } = (globalThis.crypto as Crypto | undefined) ?? {};
  if (!subtle) return null;
  return [...new Uint8Array(await subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws {NearmissError} `INPUT_INVALID` for anything but 64 hexadecimal digits */
export function checkedDigest(value: unknown, field: string): string {
  const digest = typeof value === "string" ? value.toLowerCase() : "";
  if (!HEX.test(digest)) throw invalid(field, "must be a SHA-256 of 64 hexadecimal digits, as sha256sum prints it");
  return digest;
}

/** @throws {NearmissError} `MODEL_INVALID` when the bytes have another SHA-256 than was asked for */
export async function verify(bytes: Uint8Array<ArrayBuffer>, expected: string | undefined, name: string): Promise<void> {
  if (expected === undefined) return;
  const got = await sha256(bytes);
  if (got === expected) return;
  if (got === null) throw invalid("model.sha256", "cannot be checked on this page: serve it over https, or from localhost");
  throw new NearmissError("MODEL_INVALID", `${name} is not the file that was asked for: its SHA-256 is ${got}, not ${expected}. Serve that file, or correct model.sha256.`);
}
