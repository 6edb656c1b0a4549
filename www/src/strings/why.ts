/** "Why this one?": the two searches, the rules, the words. */
import type { Why } from "nearmiss";
import { cosine } from "./numbers.ts";

type Rule = Why["checks"][number]["rule"];

/** What it means to have passed a rule, and to have broken it. */
const rules: Record<Rule, [passed: string, broken: string]> = {
  positive: ["Not marked right for this question", "It is marked right for this question"],
  copy: ["No copy of a right answer", "A copy of a right answer, word for word"],
  labelled: ["Nobody has marked it yet", "It is marked already"],
  nearDuplicate: ["Its text differs enough from the right answers", "Almost the same text as a right answer"],
  sibling: ["From another note than the right answers", "From the same note as a right answer"],
  sameTitle: ["Another title than the right answers", "The same title as a right answer"],
  absoluteMargin: ["Scores clearly below the right answer", "Scores too near to the right answer, or above it"],
  relativeMargin: ["Scores clearly below the right answer", "Scores too near to the right answer, or above it"],
  maxScore: ["Its score is not too high", "Its score is too high"],
  minScore: ["Its score is not too low", "Its score is too low"],
  teacher: ["A second look finds it worse than the right answer", "A second look finds it as good as the right answer"],
};

/** Rules whose limit is the least, not the most, that is allowed. */
const LEAST: readonly Rule[] = ["minScore"];

export const why = {
  ask: "Why this one?",
  asking: "Looking it up",
  failed: (message: string) => `This could not be looked up: ${message}`,
  eligible: "It passes every rule, so training may use it as a near miss.",
  notEligible: "Training will not use it as a near miss:",
  judged: (relevant: boolean, who: string) =>
    relevant ? `Marked right (${who}): it is an answer, and no near miss.` : `Marked wrong (${who}): training uses it as a near miss.`,
  noAnswers: "No right answer is marked for this question yet, so training has nothing to tell it from.",
  test: "Training never sees this test question. If it did, the rules would say:",
  searches: "Where the two searches put it",
  dense: "By meaning",
  lexical: "By words",
  place: (rank: number | null, score: string) => (rank === null ? `not found, ${score}` : `no. ${rank}, ${score}`),
  similarity: (score: number) => `similarity ${cosine(score)}`,
  points: (score: number) => `score ${score.toFixed(1)}`,
  unread: "not read yet",
  answer: (title: string) => `Right answer: ${title}`,
  check: (rule: Rule, passed: boolean) => rules[rule][passed ? 0 : 1],
  passed: { true: "passed", false: "broken" },
  measured: (rule: Rule, value: number | null, limit: number | null) => {
    if (value === null) return "";
    const bound = limit === null ? "" : `, ${LEAST.includes(rule) ? "at least" : "at most"} ${cosine(limit)} is allowed`;
    return `${cosine(value)}${bound}`;
  },
  terms: "The words that made it look right",
  noTerms: "It shares no telling word with the question.",
  alignment: "Which words match in meaning",
  alignmentHint: "Point at a word of the question, or move to it with Tab: its match in the note lights up.",
  pair: (word: string, match: string, similarity: number) => `“${word}” is nearest to “${match}” (${cosine(similarity)})`,
  pairNamed: (word: string, match: string, similarity: number) => `${word}: nearest to ${match}, similarity ${cosine(similarity)}`,
  noAlignment: "The words of question and note could not be compared.",
};
