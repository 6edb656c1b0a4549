/**
 * CRC-32 as in zip and PNG (reflected polynomial 0xEDB88320). Written here: a table of 256 numbers needs no dependency in
 * everybody's bundle, and the test compares it with zlib's.
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @param before what this function gave for the bytes in front of these, so that a checksum may be made piece by piece */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (let i = 0; i < bytes.length; i++) value = (TABLE[(value ^ (bytes[i] as number)) & 0xff] as number) ^ (value >>> 8);
  return ~value >>> 0;
}
