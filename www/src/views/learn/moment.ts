/** What a view needs to know of the moment that is shown. */
import type { Frame, Run, Scored } from "../../learn/frames.ts";
import type { State } from "../../state.ts";

export interface Moment {
  run: Run;
  frame: Frame;
  /** The one before; null at the start. */
  before: Frame | null;
  step: number;
  start: Frame;
  /** Of the run's questions. */
  query: number;
  question: string;
  positive: Scored;
  negatives: Scored[];
  title: (document: number) => string;
}

/** Null before the first recording has come. */
export function momentOf({ run, lesson, titles }: State): Moment | null {
  const start = run?.frames[0];
  if (!run || !start) return null;
  const step = Math.min(lesson.step, run.frames.length - 1);
  const frame = run.frames[step] ?? start;
  const query = Math.min(lesson.query, run.questions.length - 1);
  const followed = frame.followed[query];
  if (!followed) return null;
  const title = (document: number) => titles[document] ?? "";
  return { run, frame, before: run.frames[step - 1] ?? null, step, start, query, question: run.questions[query] ?? "", ...followed, title };
}

/** Cosine by which a negative lies nearer than the margin allows; below 0 when it does not. */
export function violation({ run, positive }: Moment, [, cosine]: Scored): number {
  return run.margin - positive[1] + cosine;
}

export function countInside(moment: Moment): number {
  return moment.negatives.filter((negative) => violation(moment, negative) > 0).length;
}

/** Its cosine when the document was first among those of the question, up to this moment. */
export function firstCosine({ run, query, step }: Moment, document: number): { cosine: number; step: number } | null {
  for (const [at, { followed }] of run.frames.slice(0, step + 1).entries()) {
    const { positive, negatives = [] } = followed[query] ?? {};
    const found = [...(positive ? [positive] : []), ...negatives].find(([one]) => one === document);
    if (found) return { cosine: found[1], step: at };
  }
  return null;
}
