/** What a person's marks amount to: which questions they judged, on which side each stands, whether training can start. */
import type { Judgment } from "nearmiss";

export type Side = "train" | "held-out";

export interface Question {
  text: string;
  side: Side;
  /** Document ids. */
  right: string[];
  wrong: string[];
}

export interface Readiness {
  /** Questions with at least one right answer: the others can be neither learned from as a pair nor measured. */
  practice: number;
  test: number;
  right: number;
  wrong: number;
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

/** Judged questions in the order in which they were first judged. */
export function questions(judgments: readonly Judgment[]): Question[] {
  const byText = new Map<string, Question>();
  for (const { query, document, relevant, split } of judgments) {
    const found = byText.get(query) ?? { text: query, side: split ?? "train", right: [], wrong: [] };
    (relevant ? found.right : found.wrong).push(document);
    byText.set(query, found);
  }
  return [...byText.values()];
}

/** @param known how many questions have a side, judged at present or not */
export function readiness(judgments: readonly Judgment[], known: number): Readiness {
  const answered = questions(judgments).filter((question) => question.right.length > 0);
  const test = answered.filter((question) => question.side === "held-out").length;
  const practice = answered.length - test;
  const right = judgments.filter((judgment) => judgment.relevant).length;
  const missingPractice = Math.max(0, LEAST_PRACTICE - practice);
  const missingTest = Math.max(0, LEAST_TEST - test);
  const questionsToGo = countToGo(missingPractice, missingTest, known);
  return { practice, test, right, wrong: judgments.length - right, missingPractice, missingTest, questionsToGo };
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
  return judgments.find((judgment) => judgment.query === query && judgment.document === document)?.relevant;
}
