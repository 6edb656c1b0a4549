/** The same vectors for every engine: unit rows of 384 numbers around 500 centres, some near theirs and some far, as texts about topics are. */
export const DIM = 384;

/** @returns rows one after another */
export function clustered(count, seed) {
  const centre = normal(7);
  const centres = Float32Array.from({ length: 500 * DIM }, centre);
  const noise = normal(seed);
  const rows = new Float32Array(count * DIM);
  for (let row = 0; row < count; row += 1) {
    const [from, spread] = [(row % 500) * DIM, 0.3 + (0.8 * (row % 97)) / 97];
    let length = 0;
    for (let at = 0; at < DIM; at += 1) {
      const value = centres[from + at] + spread * noise();
      rows[row * DIM + at] = value;
      length += value * value;
    }
    for (let at = 0; at < DIM; at += 1) rows[row * DIM + at] /= Math.sqrt(length);
  }
  return rows;
}

export const row = (rows, at) => rows.subarray(at * DIM, (at + 1) * DIM);

/** Texts of 60 made-up words whose frequencies follow Zipf, and queries of three words out of one of them. */
export function texts(count, queries) {
  const [random, vocabulary] = [uniform(7), 20_000];
  const sums = new Float64Array(vocabulary);
  for (let at = 0, sum = 0; at < vocabulary; at += 1) sums[at] = sum += 1 / (at + 1) ** 1.07;
  const draw = () => {
    const wanted = random() * sums.at(-1);
    let [low, high] = [0, vocabulary - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return word(low);
  };
  const documents = Array.from({ length: count }, (_, id) => ({ id: String(id), text: Array.from({ length: 60 }, draw).join(" ") }));
  const asked = Array.from({ length: queries }, () => {
    const words = documents[Math.floor(random() * count)].text.split(" ");
    return [0, 1, 2].map(() => words[Math.floor(random() * words.length)]).join(" ");
  });
  return { documents, queries: asked };
}

function word(number) {
  let letters = "";
  for (let rest = number + 676; rest > 0; rest = Math.floor(rest / 26)) letters += String.fromCharCode(97 + (rest % 26));
  return `${letters}o`;
}

/** Mulberry32. */
function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Near enough to a normal distribution: the sum of three even ones. */
function normal(seed) {
  const random = uniform(seed);
  return () => 2 * (random() + random() + random() - 1.5);
}
