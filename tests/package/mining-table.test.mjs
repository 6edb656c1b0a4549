/** The mining report as a person reads it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { miningTable } from "../../pkg/dist/cli/mining-table.js";

const QUANTILES = { min: 0.1, p25: 0.25, median: 0.5, p75: 0.61249, max: 0.9 };

const REPORT = {
  strategy: "hybrid", pairs: 36, negatives: 100, candidates: 400,
  dropped: {
    positive: 36, copy: 1, labelled: 12, nearDuplicate: 2, sibling: 3, sameTitle: 0, absoluteMargin: 0, relativeMargin: 40, maxScore: 0,
    minScore: 0, teacher: 5,
  },
  sources: { labelled: 12, dense: 60, bm25: 24, random: 4 }, toppedUp: 4, shortPairs: 3, shortfall: 8, suspects: 50, rangeMin: 2,
  rangeMax: 32, positiveScores: QUANTILES, negativeScores: { ...QUANTILES, min: -0.0625 },
  histogram: { min: -0.1, max: 0.9, positives: [0, 1, 36], negatives: [72, 28, 0] }, overlap: 0.855, miningMs: 12.4,
};

const EXPECTED = `\
hybrid: 100 negatives for 36 pairs, from 400 candidates in 12 ms
places 3 to 32 among those that passed the filters
4 random documents filled places that would have stayed empty
8 negatives are missing, for 3 pairs
50 documents may well be answers: see --suspects
86 % of the negatives were found by the mining before this one too

negatives by source
  labelled           12  12 %
  dense              60  60 %
  bm25               24  24 %
  random              4   4 %

candidates dropped by
  relevant to the query                 36   9 %
  copy of a relevant document            1   0 %
  judged already                        12   3 %
  near duplicate of a positive           2   1 %
  chunk of a positive's document         3   1 %
  title of a positive                    0   0 %
  absolute margin                        0   0 %
  relative margin                       40  10 %
  above the highest score                0   0 %
  below the lowest score                 0   0 %
  as good as a positive to the teacher   5   1 %

cosine          min    p25  median    p75    max
  positives   0.100  0.250   0.500  0.612  0.900
  negatives  -0.063  0.250   0.500  0.612  0.900

cosine                             positives | negatives
  -0.10 … 0.23                              0 | 72   ########################
   0.23 … 0.57                         #    1 | 28   #########
   0.57 … 0.90              ############   36 | 0
`;

test("every part of a report, in at most 80 columns", () => {
  assert.equal(miningTable(REPORT), EXPECTED);
  for (const line of EXPECTED.split("\n")) assert.ok(line.length <= 80, line);
});

test("what there is nothing to say about is left out", () => {
  const bare = {
    ...REPORT, pairs: 0, negatives: 0, candidates: 0, sources: {}, toppedUp: 0, shortPairs: 0, shortfall: 0, suspects: 0, rangeMin: 0,
    rangeMax: 0, positiveScores: null, negativeScores: null, histogram: null, overlap: null,
  };
  const text = miningTable(bare);
  assert.match(text, /^hybrid: 0 negatives for 0 pairs, from 0 candidates in 12 ms\n\ncandidates dropped by\n/);
  for (const word of ["places", "source", "%", "cosine", "NaN", "null", "random", "missing"]) assert.ok(!text.includes(word), word);
});

test("one that counts is seen, however many others there are", () => {
  const { histogram } = REPORT;
  const text = miningTable({ ...REPORT, histogram: { ...histogram, positives: [0, 0, 1], negatives: [100_000, 0, 0] } });
  assert.match(text, / # +1 \| 0$/m);
});
