/** The text of a record, from its number: sizes that look random, up to some 200 kB. */
export function numbered(seed, number) {
  const length = (Math.imul(number + 1, 2654435761) ^ seed) >>> (number % 5 === 0 ? 14 : 21);
  return `${number}:${String.fromCharCode(97 + (number % 26)).repeat(length)}`;
}
