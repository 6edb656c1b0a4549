/** What a person's marks amount to: which questions they judged, on which side each stands, whether training can start. */
import type { Judgment, Source } from "nearmiss";

export type Side = "train" | "held-out";

/** Marks from a file may stand on a third side, which chooses among trained weights: on this page that is practice too. */
export function sideOf(split: Judgment["split"]): Side {
  return split === "held-out" ? "held-out" : "train";
}

export interface Question {
  text: string;
  side: Side;
  /** Every word that was said, in the order in which it was said. */
  words: Judgment[];
  /** Document ids, each by the word that counts. */
  right: string[];
  wrong: string[];
  /** All its right answers come from making it out of a note: nobody has named one yet. */
  standIn: boolean;
}

export interface Readiness {
  /** Questions with at least one right answer: the others can be neither learned from as a pair nor measured. */
  practice: number;
  test: number;
  right: number;
  wrong: number;
  /** Questions that were made from notes, and whether they are measured on for want of real ones. */
  standIns: number;
  standInsMeasured: boolean;
  missingPractice: number;
  missingTest: number;
  /** New questions to judge until both are met, given the side that each next one falls on. */
  questionsToGo: number;
}

/** What the engine needs: two questions that push each other apart, and two for a paired comparison. */
const LEAST_PRACTICE = 2;
const LEAST_TEST = 2;

/** One question in every so many is kept for the test. */
const TEST_EVERY = 3;

/** Case and spacing make no new question; the engine compares in the same way. */
export function normalise(question: string): string {
  return tidy(question).toLowerCase();
}

/** Single spaces, none at the ends. */
export function tidy(question: string): string {
  return question.trim().replace(/\s+/g, " ");
}

/** The side of the next question, when so many have one already: practice, practice, test, and again. */
export function nextSide(known: number): Side {
  return known % TEST_EVERY === TEST_EVERY - 1 ? "held-out" : "train";
}

/** Who counts more stands earlier: a click never overrules a person. */
const VOICES: readonly Source[] = ["labelled", "click", "mined", "synthetic"];

export function voice(judgment: Judgment): Source {
  return judgment.source ?? "labelled";
}

/** What was spoken about. */
export function pairOf(judgment: Judgment): string {
  return JSON.stringify([normalise(judgment.query), judgment.document]);
}

/** One voice on one pair: each has one word. */
export function wordOf(judgment: Judgment): string {
  return JSON.stringify([normalise(judgment.query), judgment.document, voice(judgment)]);
}

/** For each question and document the word that counts. */
export function counting(judgments: readonly Judgment[]): Judgment[] {
  const byPair = new Map<string, Judgment>();
  for (const judgment of judgments) {
    const pair = pairOf(judgment);
    const known = byPair.get(pair);
    if (!known || VOICES.indexOf(voice(judgment)) < VOICES.indexOf(voice(known))) byPair.set(pair, judgment);
  }
  return [...byPair.values()];
}

/**
 * Judged questions in the order in which they were first judged. As soon as anybody has named a right answer, stand-ins are
 * for practice only, whatever their side was: the engine does not measure on what was made from the answer.
 */
export function questions(judgments: readonly Judgment[]): Question[] {
  const byText = new Map<string, Question>();
  const counts = new Set(counting(judgments));
  const real = (judgment: Judgment) => judgment.relevant && voice(judgment) !== "synthetic";
  for (const judgment of judgments) {
    const { query, document, relevant, split } = judgment;
    const found = byText.get(normalise(query)) ?? { text: query, side: sideOf(split), words: [], right: [], wrong: [], standIn: false };
    found.words.push(judgment);
    if (counts.has(judgment)) (relevant ? found.right : found.wrong).push(document);
    byText.set(normalise(query), found);
  }
  const anyReal = [...counts].some(real);
  for (const question of byText.values()) {
    question.standIn = question.right.length > 0 && !question.words.some((word) => counts.has(word) && real(word));
    if (anyReal && question.standIn) question.side = "train";
  }
  return [...byText.values()];
}

/** @param known how many questions have a side, judged at present or not */
export function readiness(judgments: readonly Judgment[], known: number): Readiness {
  const answered = questions(judgments).filter((question) => question.right.length > 0);
  const test = answered.filter((question) => question.side === "held-out").length;
  const practice = answered.length - test;
  const standIns = answered.filter((question) => question.standIn).length;
  const said = counting(judgments).filter((judgment) => voice(judgment) !== "synthetic");
  const right = said.filter((judgment) => judgment.relevant).length;
  const missingPractice = Math.max(0, LEAST_PRACTICE - practice);
  const missingTest = Math.max(0, LEAST_TEST - test);
  const questionsToGo = countToGo(missingPractice, missingTest, known);
  const standInsMeasured = right === 0;
  return { practice, test, right, wrong: said.length - right, standIns, standInsMeasured, missingPractice, missingTest, questionsToGo };
}

/** A side for every question, by the page's rule; `changed` are the judgments that had none. */
export function giveSides(judgments: readonly Judgment[], known: ReadonlyMap<string, Side>): { sides: Map<string, Side>; changed: Judgment[] } {
  const sides = new Map(known);
  for (const { query, split } of judgments) if (split) sides.set(normalise(query), sideOf(split));
  const changed = judgments
    .filter((judgment) => judgment.split === undefined)
    .map((judgment) => {
      const split = sides.get(normalise(judgment.query)) ?? nextSide(sides.size);
      sides.set(normalise(judgment.query), split);
      return { ...judgment, split };
    });
  return { sides, changed };
}

function countToGo(practice: number, test: number, known: number): number {
  let more = 0;
  while (practice > 0 || test > 0) {
    if (nextSide(known + more) === "train") practice -= 1;
    else test -= 1;
    more += 1;
  }
  return more;
}

/** What was said about a document for this question: true, false, or undefined for nothing. */
export function verdictOn(judgments: readonly Judgment[], query: string, document: string): boolean | undefined {
  const question = normalise(query);
  const words = judgments.filter((judgment) => judgment.document === document && normalise(judgment.query) === question);
  return counting(words)[0]?.relevant;
}
