/**
 * Two things in one run, turn by turn: what else the machine does then disturbs both alike. For pages and for Node.
 *
 * @param {Record<string, () => Promise<void> | void>} works by name; each call is one piece of work to be timed
 * @param {{ rounds: number, warm?: number, before?: () => void, after?: () => void }} options `warm`: rounds before, not timed; `before`
 *   and `after` each round, outside of the clock
 * @returns {Promise<Record<string, number[]>>} milliseconds of each round, in order
 */
export async function alternate(works, { rounds, warm = 1, before = () => {}, after = () => {} }) {
  const times = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let round = -warm; round < rounds; round += 1) {
    before();
    for (const [name, work] of Object.entries(works)) {
      const began = performance.now();
      await work();
      if (round >= 0) times[name].push(performance.now() - began);
    }
    after();
  }
  return times;
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const least = (values) => Math.min(...values);

/** How often `other` takes as long as `own`, round by round: the median of these ratios, and the ratio of the best times. */
export function compare(own, other) {
  const ratios = other.map((time, at) => time / own[at]);
  return { ratio: median(ratios), from: least(ratios), to: Math.max(...ratios), best: least(other) / least(own) };
}

/** The largest difference between numbers in the same places. */
export function apart(a, b) {
  if (a.length !== b.length) throw new Error(`${a.length} numbers beside ${b.length}`);
  let worst = 0;
  for (let at = 0; at < a.length; at += 1) {
    const difference = Math.abs(a[at] - b[at]);
    // A NaN anywhere is no agreement.
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  return worst;
}
