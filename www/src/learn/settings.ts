/** What a teacher may set in the lesson, and how it stands in the address. */
import { among } from "../settings.ts";

/** Where negatives come from. */
export const NEGATIVES = ["random", "bm25", "dense", "ance"] as const;
/** Cosine; a recorded run exists for each. */
export const MARGINS = [0.05, 0.1, 0.2, 0.4] as const;
/** What may be made to go wrong on purpose. */
export const TROUBLES = ["none", "collapse", "false-negatives", "overfitting"] as const;
/** Updates of the model in one run, and steps at 0, before the first. */
export const STEPS = 24;

export type LessonNegatives = (typeof NEGATIVES)[number];
export type Margin = (typeof MARGINS)[number];
export type Trouble = (typeof TROUBLES)[number];

export interface Lesson {
  negatives: LessonNegatives;
  margin: Margin;
  trouble: Trouble;
  /** Shown now, 0..STEPS. */
  step: number;
  /** Which of the recorded questions is followed, from 0. */
  query: number;
  /** Of the guided lesson, from 1; 0 while nobody is guided. */
  guide: number;
  /** Does a step take longer than usual? */
  slow: boolean;
}

export const LESSON: Lesson = { negatives: "dense", margin: 0.2, trouble: "none", step: 0, query: 0, guide: 0, slow: false };

export const QUERIES = 5;
export const GUIDED = 10;

/** `#learn&negatives=bm25&margin=0.4&step=12`. Anything unknown or out of range falls back to the default. */
export function readLesson(hash: string): Lesson {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name: string, most: number, least = 0) => {
    const text = given.get(name) ?? "";
    return /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null;
  };
  return {
    negatives: among(NEGATIVES, given.get("negatives") ?? "") ?? LESSON.negatives,
    margin: MARGINS.find((margin) => String(margin) === given.get("margin")) ?? LESSON.margin,
    trouble: among(TROUBLES, given.get("trouble") ?? "") ?? LESSON.trouble,
    step: number("step", STEPS) ?? LESSON.step,
    query: (number("question", QUERIES, 1) ?? LESSON.query + 1) - 1,
    guide: number("guide", GUIDED) ?? LESSON.guide,
    slow: given.get("slow") === "true",
  };
}

/** Empty when everything is at its default. */
export function writeLesson(lesson: Lesson): string {
  const given = new URLSearchParams();
  const { query, ...rest } = lesson;
  for (const name of Object.keys(rest) as (keyof typeof rest)[]) {
    if (lesson[name] !== LESSON[name]) given.set(name, String(lesson[name]));
  }
  if (query !== LESSON.query) given.set("question", String(query + 1));
  return given.toString();
}
