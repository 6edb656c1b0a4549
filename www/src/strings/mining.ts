/** Step 5: near misses, how they were chosen, and what was left out. */
import type { MiningReport, NegativeSource, Quantiles } from "nearmiss";
import { cosine, count, listed } from "./numbers.ts";

const source = {
  labelled: "you marked them wrong",
  click: "clicks passed them over",
  mined: "found earlier",
  dense: "found by meaning",
  bm25: "found by words",
  random: "picked at random",
  "in-batch": "answers to other questions",
  synthetic: "made by changing a right answer",
} satisfies Record<NegativeSource, string>;

const spread = ({ min, max, median }: Quantiles) => `score ${cosine(min)} to ${cosine(max)}, half of them above ${cosine(median)}`;

export const mining = {
  find: "Find near misses",
  again: "Look again",
  looking: "Looking for near misses",
  /** Under the heading "Near misses". */
  hint: (possible: boolean) =>
    `Notes that look right for a question and are not. Training looks for them by itself; here you can see them first.${possible ? "" : " To begin, mark a result Right for a practice question."}`,
  cancelled: "Stopped. Nothing was changed.",
  summary: ({ pairs, negatives }: MiningReport) => `${count(negatives, "near miss", "near misses")} for ${count(pairs, "right answer")}.`,
  when: {
    asked: "",
    training: (step: number) => (step === 0 ? "As training began." : `As training saw them after ${count(step, "step")}.`),
    earlier: "Found with another model than the one in use now: look again to see what changed.",
  },
  overlap: (share: number) => `${Math.round(share * 100)} % of them are the same as the time before.`,
  /** Both medians, and how far they lie apart. */
  gap: (now: number, before: number | null) => {
    const apart = `The middle right answer scores ${cosine(Math.abs(now))} ${now < 0 ? "below" : "above"} the middle near miss`;
    return before === null ? `${apart}.` : `${apart}; the time before it was ${cosine(Math.abs(before))} ${before < 0 ? "below" : "above"}.`;
  },
  chart: {
    x: "similarity to the question",
    y: "how many",
    text: (positives: Quantiles | null, negatives: Quantiles | null) =>
      [positives && `Right answers ${spread(positives)}.`, negatives && `Near misses ${spread(negatives)}.`].filter(Boolean).join(" "),
    name: "Histogram: how similar right answers and near misses are to their questions",
    bin: (from: number, to: number) => `${cosine(from)} to ${cosine(to)}`,
  },
  rule: {
    positive: "Marked right",
    copy: "Copies of a right answer, word for word",
    labelled: "Marked already",
    nearDuplicate: "Almost the same text as a right answer",
    sibling: "From the same note as a right answer",
    sameTitle: "Same title as a right answer",
    absoluteMargin: "Score too near to a right answer’s",
    relativeMargin: "Score too near to a right answer’s, or above it",
    maxScore: "Score too high",
    minScore: "Score too low",
    teacher: "As good as a right answer on a second look",
  } satisfies Record<keyof MiningReport["dropped"], string>,
  nothingDropped: (candidates: number) => `${count(candidates, "note")} looked at, none left out.`,
  looked: (candidates: number) => `${count(candidates, "candidate")} looked at. Left out:`,
  source,
  sources: (sources: MiningReport["sources"]) => {
    const parts = (Object.keys(source) as NegativeSource[]).filter((name) => (sources[name] ?? 0) > 0).map((name) => `${sources[name]} (${source[name]})`);
    return parts.length === 0 ? "" : `Where they come from: ${listed(parts)}.`;
  },
  toppedUp: (places: number) => (places === 0 ? "" : `${count(places, "place")} would have stayed empty and took a random note.`),
  short: (pairs: number, missing: number) =>
    missing === 0 ? "" : `${count(pairs, "right answer")} got fewer near misses than asked for; ${missing} are missing in all. More notes would help.`,
  one: (score: number | null, rank: number | null, from: string) =>
    [from, score !== null && `score ${cosine(score)}`, rank !== null && `no. ${rank}`].filter(Boolean).join(", "),
  answer: (title: string, score: number) => `Right answer: ${title} (score ${cosine(score)})`,
  changed: (from: string, to: string) => `Made up: “${from}” became “${to}”`,
  more: (left: number) => `Show ${count(left, "more question")}`,
};
