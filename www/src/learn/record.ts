/** Trains for real and yields a frame for each step: the same for the recordings and for the training that runs in the page. */
import type { Document, Judgment, Nearmiss, TrainEvent, Verdict } from "nearmiss";
import type { Rows } from "./algebra.ts";
import { readCheckpoint, type Example, type Moment } from "./checkpoint.ts";
import type { Frame, Run } from "./frames.ts";
import type { Graded, Measured } from "./measure.ts";
import { inThisThread, type Measurer } from "./measurer.ts";
import { FOLLOWED, plan, type Material, type Plan } from "./plan.ts";
import type { Lesson } from "./settings.ts";

export type Choice = Pick<Lesson, "negatives" | "margin" | "trouble">;

/** A frame, with the engine's event of the step that led to it; null for the moment before the first. */
export interface Recorded {
  about: Omit<Run, "frames">;
  frame: Frame;
  event: Extract<TrainEvent, { type: "step" }> | null;
}

/**
 * Fills an instance that holds nothing else, trains, and yields the frame before the first step and one after each; not pulling pauses. Returns
 * the engine's own verdict.
 *
 * @throws {NearmissError} as `train`
 */
export async function* record(
  nm: Nearmiss,
  material: Material,
  choice: Choice,
  signal?: AbortSignal,
  measurer: Measurer = inThisThread(),
): AsyncGenerator<Recorded, Verdict | null, void> {
  const planned = plan(material, choice);
  await nm.documents.add(planned.documents, signal ? { signal } : {});
  await nm.judgments.add(planned.judgments);
  let about: Recorded["about"] | null = null;
  let step: Recorded["event"] = null;
  let before: Example[] | null = null;
  let verdict: Verdict | null = null;
  for await (const event of nm.train({ ...planned.options, ...(signal && { signal }) })) {
    if (event.type === "step") step = event;
    if (event.type === "verdict") verdict = event;
    if (event.type !== "checkpoint") continue;
    const moment = readCheckpoint(event.bytes);
    if (!about) {
      const ground = await prepare(nm, planned, moment, choice.margin);
      const share = await measurer.begin(ground);
      const questions = ground.followed.map((number) => moment.queries[number] ?? "");
      about = { ...choice, model: nm.model.fingerprint, share, copies: planned.copies, questions };
      yield { about, frame: await measurer.frame(null, moment.examples, null), event: null };
      before = moment.examples;
    }
    yield { about, frame: await measurer.frame(moment.weights, moment.examples, before), event: step };
    before = moment.examples;
  }
  return verdict;
}

/** Embeddings of everything as the model gives them; the head does the rest. */
async function prepare(nm: Nearmiss, { documents, judgments, copies, options }: Plan, { queries }: Moment, margin: number): Promise<Measured> {
  const numbers = new Map(documents.map(({ id }, at) => [id, at]));
  const heldOut = [...new Set(judgments.filter(({ split }) => split !== "train").map(({ query }) => query))];
  const dim = nm.model.dimensions;
  const encode = async (texts: string[], as: "query" | "document"): Promise<Rows> => ({ values: await nm.encode(texts, { as }), dim });
  const rows = await encode(documents.map(contentOf), "document");
  const grades = (queries: string[]) => queries.map((query) => gradesOf(query, judgments, numbers));
  const practice = await encode(queries, "query");
  const followed = FOLLOWED.filter((number) => number < queries.length);
  return {
    documents: rows,
    practice,
    heldOut: await encode(heldOut, "query"),
    practiceGrades: grades(queries),
    heldOutGrades: grades(heldOut),
    followed,
    margin,
    onlyPulls: options.loss === "contrastive",
    notes: documents.length - copies.length,
  };
}

function gradesOf(query: string, judgments: Judgment[], numbers: ReadonlyMap<string, number>): Graded {
  return new Map(judgments.filter((judgment) => judgment.query === query).map(({ document, grade }) => [numbers.get(document) ?? -1, grade ?? 1]));
}

/** What the engine encodes of a document. */
function contentOf({ title = "", text }: Document): string {
  return `${title.trim()} ${text.trim()}`.trim();
}
