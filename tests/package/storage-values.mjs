/** Seeded numbers and records, the same in Node and in browsers, so that a reader can check what a writer wrote. */

/** mulberry32: numbers from 0 up to 1. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Record `number` of a seed: its number, then 0 to `longest` random bytes, most records short. */
export function numbered(seed, number, longest = 20_000) {
  const next = random(seed * 1_000_003 + number);
  const bytes = new Uint8Array(8 + Math.floor(longest * next() ** 3));
  new DataView(bytes.buffer).setUint32(0, number, true);
  for (let i = 8; i < bytes.length; i++) bytes[i] = next() * 256;
  return bytes;
}

export function same(a, b) {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

export async function collect(records) {
  const all = [];
  for await (const record of records) all.push(record);
  return all;
}
