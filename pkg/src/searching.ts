/** Search and what is made of it. A scorer that is a function is asked here, between two calls of the engine. */

import * as check from "./checks.js";
import type { Core } from "./core.js";
import { contextSettings, searchSettings, type Ranking } from "./options.js";
import { scorer } from "./teacher.js";
import type { Context, ContextOptions, Hit, Place, Reranker, SearchOptions, SearchStage } from "./types.js";

/** As the engine takes them: a list that comes from this side may stand among the stages. */
export type EngineStage = SearchStage | Given;
type Given = { stage: "given"; documents: string[]; scores: number[] };

export async function search(core: Core, query: string, options: SearchOptions): Promise<Hit[]> {
  core.alive();
  check.nonEmpty(query, "query");
  const { settings, ranking } = searchSettings(options);
  // At once, so that calls run in the order in which they were made.
  if (!asksScorers(ranking)) return core.call("search", [query, { ...settings, ...ranking }], options.signal);
  const { k = 10, offset = 0, perDocument } = options;
  const asked = await askScorers(core, query, ranking, { needed: (k + offset) * (perDocument === undefined ? 1 : 5), signal: options.signal });
  const hits = await core.call("search", [query, { ...settings, ...asked.ranking }], options.signal);
  return hits.map((hit) => withPlaces(hit, asked.places));
}

export async function context(core: Core, query: string, options: ContextOptions): Promise<Context> {
  core.alive();
  check.nonEmpty(query, "query");
  const { settings, ranking } = contextSettings(options);
  if (!asksScorers(ranking)) return core.call("context", [query, { ...settings, ...ranking }], options.signal);
  const asked = await askScorers(core, query, ranking, { needed: options.candidates ?? 30, signal: options.signal });
  return core.call("context", [query, { ...settings, ...asked.ranking }], options.signal);
}

interface Asked {
  ranking: Record<string, unknown>;
  /** Where documents stood in the stages that ran before. */
  places: Map<string, Partial<Pick<Hit, Stage>>>;
}

type Stage = "dense" | "lexical" | "fusion" | "rerank";

/** Is there a stage whose scorer is a function? */
export function asksScorers({ stages = [] }: Ranking): boolean {
  return stages.some((stage) => stage.stage === "rerank" && typeof stage.scorer === "function");
}

/**
 * Documents that a function is asked about unless its stage says otherwise, as for the engine's own scorer. However far a page lies, they are
 * the same ones: else pages would not be parts of one list.
 */
const DEPTH = 20;
/** Hits of the engine's longest search. */
const MOST = 1000;

/** Runs the stages up to each function, asks it, and leaves a list with its scores in their place. */
async function askScorers(core: Core, query: string, ranking: Ranking, { needed, signal }: { needed: number; signal: AbortSignal | undefined }): Promise<Asked> {
  const places: Asked["places"] = new Map();
  const { stages = [], filter } = ranking;
  let run: EngineStage[] = [];
  for (const [at, stage] of stages.entries()) {
    if (stage.stage !== "rerank" || typeof stage.scorer !== "function") {
      run.push(stage);
      continue;
    }
    const depth = Math.min(MOST, stage.depth ?? DEPTH);
    const before = await core.call("search", [query, { k: Math.min(MOST, Math.max(depth, needed)), stages: run as SearchStage[], filter }], signal);
    for (const { id, dense, lexical, fusion, rerank } of before) {
      places.set(id, { ...places.get(id), ...defined({ dense, lexical, fusion, rerank }) });
    }
    const given = await rescore(core, query, before.slice(0, depth), { ...stage, scorer: stage.scorer }, `options.stages[${at}]`, signal);
    for (const [rank, id] of given.documents.entries()) {
      places.set(id, { ...places.get(id), rerank: { rank: rank + 1, score: given.scores[rank] ?? 0 } });
    }
    run = [behind(given, before.slice(depth))];
  }
  return { ranking: { stages: run, filter }, places };
}

/** A list by what the function says, mixed with the order before as far as its weight leaves room. */
async function rescore(
  core: Core,
  query: string,
  hits: Hit[],
  { scorer: reranker, weight = 1 }: { scorer: Reranker; weight?: number | undefined },
  place: string,
  signal: AbortSignal | undefined,
): Promise<Given> {
  const documents = hits.map(({ id, title, text, parent, metadata }) => ({ id, title, text, ...defined({ parent, metadata }) }));
  const ask = scorer(reranker, `${place}.scorer`, core.end);
  const own = documents.length === 0 ? [] : [...(await ask({ type: "scoring", query, documents, elapsedMs: 0 }, signal))];
  const scores = weight >= 1 ? own : mix(hits.map((hit) => hit.score), own, weight);
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  return { stage: "given", documents: order.map((at) => hits[at]?.id ?? ""), scores: order.map((at) => scores[at] ?? 0) };
}

/** What was not asked about follows in its order, its scores moved down below the others. */
function behind(given: Given, rest: Hit[]): Given {
  const down = (rest[0]?.score ?? 0) - (given.scores.at(-1) ?? 0);
  return {
    stage: "given",
    documents: [...given.documents, ...rest.map(({ id }) => id)],
    scores: [...given.scores, ...rest.map(({ score }) => score - down)],
  };
}

function mix(before: number[], own: number[], weight: number): number[] {
  const [first, second] = [unit(before), unit(own)];
  return before.map((_, at) => (1 - weight) * (first[at] ?? 0) + weight * (second[at] ?? 0));
}

/** Brought to 0 (the lowest) … 1 (the highest). */
function unit(scores: number[]): number[] {
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  return scores.map((score) => (high > low ? (score - low) / (high - low) : 1));
}

function withPlaces(hit: Hit, places: Asked["places"]): Hit {
  const own = { ...places.get(hit.id), ...defined({ dense: hit.dense, lexical: hit.lexical, fusion: hit.fusion, rerank: hit.rerank }) };
  return { ...hit, ...own, ...(hit.more && { more: hit.more.map((other) => withPlaces(other, places)) }) };
}

function defined<T extends Record<string, Place | string | unknown>>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
