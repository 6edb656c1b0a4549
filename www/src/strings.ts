/**
 * Every English sentence that a script writes, here and in strings/. There is one other place: what stands on the page from the start is in
 * index.html, so that it can be read before any script runs. Who translates the page translates those two, and nothing else.
 */
import type { ErrorCode, Verdict } from "nearmiss";
import { answer } from "./strings/answer.ts";
import { build } from "./strings/build.ts";
import { compare } from "./strings/compare.ts";
import { doors } from "./strings/doors.ts";
import { judgments } from "./strings/marks.ts";
import { keeping } from "./strings/keeping.ts";
import { learn } from "./strings/learn.ts";
import { mining } from "./strings/mining.ts";
import { network } from "./strings/network.ts";
import { cosine, count, megabytes, number, percent, short } from "./strings/numbers.ts";
import { sample } from "./strings/sample.ts";
import { suspects } from "./strings/suspects.ts";
import { training } from "./strings/training.ts";
import { why } from "./strings/why.ts";

/** What happened, and what to do about it. */
const problems: Record<ErrorCode, [title: string, advice: string]> = {
  WEBGPU_UNAVAILABLE: ["This browser offers no usable WebGPU.", "Continue on the CPU: slower, but everything works."],
  DEVICE_LOST: ["The GPU went away.", "Your notes and marks are safe. Continue on the CPU, or load the model again."],
  OUT_OF_MEMORY: ["There was not enough memory.", "Close other tabs, use fewer or shorter notes, or train the small layer only."],
  MODEL_INVALID: ["This model cannot be used.", "Choose a BERT-family sentence encoder with config.json, tokenizer.json and model.safetensors."],
  MODEL_MISMATCH: ["These weights belong to another model.", "Load the model that they were made with."],
  TOKENIZER_INVALID: ["The model’s tokenizer.json cannot be used.", "Choose the tokenizer.json that came with the model."],
  INPUT_INVALID: ["Something in the input cannot be used.", "Change it as the message says, then try again."],
  INSUFFICIENT_DATA: ["There is not enough to go on yet.", "Add notes or mark more results, then try again."],
  STORAGE_QUOTA: ["The browser’s storage is full.", "Free some space, or go on without it: everything still works in this tab."],
  STORAGE_CORRUPT: ["Something stored earlier is damaged.", "It was left aside; load the model and the notes again."],
  NETWORK: ["A file could not be fetched.", "Check that this page’s server is running, then try again."],
  ABORTED: ["Stopped.", "Nothing was changed."],
  DISPOSED: ["The engine was closed.", "Load the model again; your notes and marks are still here."],
  INTERNAL: ["Something went wrong inside the page.", "Your notes and marks are safe. Try again; if it stays, load the model again."],
};

export const strings = {
  problem: (code: ErrorCode) => problems[code],
  /** A code as the start of a sentence that a developer can search for. */
  detail: (code: ErrorCode, message: string) => `${code}: ${message}`,
  continueOnCpu: "Continue on the CPU",
  loadAgain: "Load the model again",
  dismiss: "Dismiss",
  cancel: "Cancel",

  device: {
    kind: { webgpu: "WebGPU", cpu: "CPU" },
    /** Some builds name their kind themselves: no "CPU (CPU (…))". */
    named: (kind: string, name: string) => (name === "" || name.startsWith(kind) ? name || kind : `${kind} (${name})`),
    line: (kind: string, name: string): string => `Runs on ${strings.device.named(kind, name)}. `,
  },
  model: {
    facts: (dimensions: number, layers: number, parameters: number) =>
      `${number(dimensions)} dimensions, ${layers} layers, ${short(parameters)} parameters`,
    fetching: (loaded: number, total: number | null) =>
      total === null ? `Fetching the model: ${megabytes(loaded)} MB` : `Fetching the model: ${megabytes(loaded)} of ${megabytes(total)} MB`,
    /** A stage is reported when it is done, so each stands for what comes after it. */
    after: { device: "Starting the engine", module: "Reading the weights", model: "Nearly there" },
    starting: "Choosing the device",
    rest: "Fetching the rest of this page, so that nothing need be fetched later",
    restoring: "Reading what is kept on this device",
    linking: "Preparing the search of many notes",
    ready: "The model is ready.",
    own: "your model",
    compact: "Compact",
    picked: (name: string) => `Ready to load: ${name}.`,
    missing: (names: string[]) => `Missing: ${names.join(", ")}.`,
    nothing: "Nothing chosen yet.",
    servedNote: "Served by this page.",
  },
  documents: {
    none: "No notes yet.",
    count: (notes: number, passages: number) =>
      notes === passages ? `${count(notes, "note")}.` : `${count(notes, "note")} in ${count(passages, "passage")}.`,
    waiting: " They are read when the model is loaded.",
    unread: " Not all have been read: search finds the others by their words alone.",
    reading: "Reading your notes",
    fetching: "Fetching the sample notes",
    removing: "Removing notes",
    restoring: "Putting notes back as they were",
    remove: "Remove",
    removeNamed: (name: string) => `Remove ${name}`,
    importing: (done: number, total: number | null) =>
      total === null ? `Reading your notes: ${count(done, "file")}` : `Reading your notes: ${number(done)} of ${count(total, "file")}`,
    skipped: (files: number) => `${count(files, "file")} could not be added:`,
    incomplete: "To know about the files that were added:",
    more: (rest: number) => `and ${number(rest)} more`,
    showMore: (next: number, rest: number) => (next === rest ? `Show the last ${number(rest)}` : `Show ${number(next)} more of ${number(rest)}`),
    removed: (notes: number, marks: number) => (marks === 0 ? `${count(notes, "note")} removed.` : `${count(notes, "note")} removed, and ${count(marks, "mark")} with ${notes === 1 ? "it" : "them"}.`),
    waitingFiles: (files: number) => `${count(files, "more file or folder", "more files or folders")} will be read as soon as what is under way has ended.`,
    /** Followed by the name of the view. */
    elsewhere: (files: number) => `${count(files, "file or folder", "files or folders")} dropped. What can be read becomes notes: see `,
    ready: (notes: number) => `${count(notes, "note")} ready to search.`,
  },
  search: {
    needModel: "Load the model and add notes, then search here. Mark each result Right or Wrong: wrong ones are the near misses that training learns from.",
    needNotes: "Add some notes first; then search here.",
    start: "Ask something. Then mark each result Right or Wrong: wrong ones are the near misses that training learns from.",
    results: "Results",
    found: (hits: number, query: string) => (hits === 0 ? `Nothing found for “${query}”` : `${count(hits, "result")} for “${query}”`),
    side: {
      train: "A practice question: training learns from your marks.",
      "held-out": "A test question: training never sees it; your marks measure whether search got better.",
    },
    stages: (dense: number | undefined, lexical: number | undefined, closely: number | undefined) => {
      const found = [dense && `meaning (no. ${dense})`, lexical && `words (no. ${lexical})`, closely && `a close reading (no. ${closely})`].filter(Boolean);
      return found.length === 0 ? "" : `found by ${found.join(" and ")}`;
    },
    score: (score: number) => `score ${score.toFixed(3)}`,
    similarity: (cosine: number) => `similarity ${cosine.toFixed(2)}`,
    was: (rank: number | undefined, now: number) => {
      if (rank === undefined) return "new here";
      if (rank === now) return "same place as before";
      return rank > now ? `up from ${rank}` : `down from ${rank}`;
    },
    right: "Right",
    wrong: "Wrong",
    marked: { true: "Marked right.", false: "Marked wrong.", undefined: "Mark removed." },
    whole: "Show the whole passage",
    more: (passages: number) => `${count(passages, "more passage")} of this note`,
  },
  answer,
  build,
  compare,
  doors,
  judgments,
  keeping,
  learn,
  mining,
  network,
  sample,
  suspects,
  training,
  why,
  timeLeft: (seconds: number) => {
    if (seconds < 5) return "a few seconds left";
    if (seconds < 90) return `about ${Math.ceil(seconds / 5) * 5} s left`;
    return `about ${Math.round(seconds / 60)} min left`;
  },
  results: {
    outcome: {
      better: "Search got better.",
      "no-difference": "No clear difference.",
      worse: "Search got worse.",
    } satisfies Record<Verdict["outcome"], string>,
    caption: (queries: number) => `Measured on ${count(queries, "test question")} that training never saw`,
    standIns: "These test questions were made from your notes. They say little about real questions: mark some results for a real answer.",
    metrics: {
      "ndcg@10": ["nDCG@10", "right answers high among the first ten"],
      "mrr@10": ["MRR@10", "how high the first right answer stands"],
      "precision@1": ["First result right", "share of questions"],
    },
    /** Which weights were measured, in plain words. */
    chosen: ({ step, run, weight, dev }: Verdict["chosen"], kept: boolean) => {
      const asked = dev > 0 ? ` ${count(dev, "practice question")} that training set aside decided this.` : "";
      if (weight === 0) return `None of the way was worth going: the old weights did better.${asked}`;
      const from = `${run > 1 ? `run ${run}, ` : ""}step ${step}`;
      if (weight === 1) return `${kept ? "Kept" : "Measured"}: the model after ${from}.${asked}`;
      return `${kept ? "Kept" : "Measured"}: ${percent(weight, 0)} of the way from the old model to the one after ${from}.${asked}`;
    },
    collapsed: "The model collapsed: it now takes all notes for nearly the same. Train more gently: fewer epochs, or a smaller part of the model.",
    spread: ({ before, after }: Verdict["spread"]) =>
      `How alike two notes look to the model, on average: ${cosine(before.meanCosine)} before, ${cosine(after.meanCosine)} after (1 is the same). Directions in use: ${Math.round(before.effectiveRank)} before, ${Math.round(after.effectiveRank)} after.`,
    falsePositives: ({ before, after }: Verdict["falsePositives"]) =>
      `At the score that nine of ten right answers reach, ${percent(before.rate)} of the others passed before, ${percent(after.rate)} after.`,
    inUse: {
      trained: "In use now: the trained model.",
      restored: "In use now: the model that was trained earlier, kept on this device.",
      earlier: "In use now: the model as it was before training.",
      earlierTrained: "In use now: the model as it was before the last training, with what was trained before that.",
    },
    keeping: "Switching models",
    exporting: "Writing the file",
    moved: (moved: number, same: number) => {
      if (moved === 0) return "The first right answer stayed where it was for every test question.";
      return `Place of the first right answer. ${count(same, "question")} stayed in place.`;
    },
    points: (share: number) => `${Math.round(share * 100)} points`,
    rank: (rank: number | null) => (rank === null ? "not found" : `no. ${rank}`),
    move: (before: number | null, after: number | null) => `${strings.results.rank(before)} → ${strings.results.rank(after)}`,
    up: "up",
    down: "down",
    exportNeeds: "To export, keep the trained model.",
    exportReady: "The safetensors file is for your own backup or the nearmiss package; the zip file holds the whole model for sentence-transformers.",
  },
};
