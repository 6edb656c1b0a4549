/** The view "Build". */
import type { DeviceLimits, MemoryInfo, ModelInfo } from "nearmiss";
import type { Measured } from "../build/benchmark.ts";
import { megabytes, number } from "./numbers.ts";

const mb = (bytes: number) => `${megabytes(bytes)} MB`;

export const build = {
  none: "No engine runs yet. Load one here: with your notes where some are kept on this device, else with the sample notes.",
  loading: "Loading.",
  ready: (notes: number, marks: number) => `An engine runs, with ${number(notes)} passages and ${number(marks)} marks.`,
  load: { all: "Load model and notes", sample: "Load the sample notes" },
  running: (path: string) => `nm.${path}`,
  cancelled: "Cancelled.",
  noJson: (message: string) => `Not sent, since this is not JSON: ${message}`,
  noList: "Not sent: the arguments have to stand in a list, [ … ], one after the other.",
  more: { characters: (rest: number) => `${rest} more characters`, items: (rest: number) => `${rest} more`, bytes: (bytes: number) => `${bytes} bytes` },
  /** For what cannot be written as code. */
  standIn: { file: "file", bytes: "bytes", function: "yourFunction" },
  failedCall: "failed",
  took: (ms: number) => `${ms < 10 ? ms.toFixed(1) : number(Math.round(ms))} ms`,
  done: (path: string, took: string) => `nm.${path} gave a result in ${took}.`,
  failed: (path: string) => `nm.${path} failed.`,
  about: {
    search: "The best documents for a query. mode: dense, lexical or hybrid; explain: why a result stands where it does.",
    encode: "Vectors of texts, row by row, each of length 1.",
    context: "Passages for whoever writes an answer, within a number of tokens.",
    mine: "Hard negatives for the practice questions, and what was dropped and why.",
    why: "Why a document is, or is not, a negative for a query.",
    train: "Trains as it is pulled, and ends with a verdict on questions that it never saw. Events appear below.",
    evaluate: "nDCG, MRR, recall and precision on judged queries, with the model as it was loaded and as it is now.",
    compare: "One query before and after training: which documents moved.",
    "documents.add": "Adds documents, or replaces those with a known id.",
    "documents.list": "All documents, in the order in which they were added.",
    "judgments.list": "Everything that was marked.",
    export: "What was trained, as one file. Needs a training that was kept.",
    memory: "What the engine takes, in bytes.",
  } as Readonly<Record<string, string>>,
  copied: "Copied.",
  notCopied: "The browser does not allow copying here: select the text instead.",
  noCalls: "Nothing was called yet.",
  noEvents: "No events yet.",
  limits: ({ maxBufferSize, maxStorageBufferBindingSize, maxComputeInvocationsPerWorkgroup }: DeviceLimits) =>
    `buffers of ${mb(maxBufferSize)}, bindings of ${mb(maxStorageBufferBindingSize)}, ${number(maxComputeInvocationsPerWorkgroup)} invocations a workgroup`,
  facts: {
    device: "Device",
    reason: "Why",
    limits: "Limits",
    model: "Model",
    fingerprint: "Fingerprint",
    wasm: "Engine’s memory",
    weights: "Weights",
    embeddings: "Embeddings",
    gpu: "On the GPU, at least",
    store: "Kept on this device",
  },
  model: (name: string, { dimensions, layers, parameters, maxLength, pooling }: ModelInfo) =>
    `${name}: ${dimensions} dimensions, ${layers} layers, ${number(parameters)} parameters, at most ${maxLength} tokens, ${pooling} pooling`,
  bytes: (memory: MemoryInfo, part: "wasm" | "weights" | "embeddings" | "gpu" | "store") => {
    const bytes = memory[part];
    return bytes === null ? null : mb(bytes);
  },
  bench: {
    running: { encode: "Measuring: encoding", search: "Measuring: searching", train: "Measuring: training steps" },
    name: ({ name, texts }: Measured) => ({ encode: `Encode ${texts ?? 0} notes`, search: "Search", train: "Training step (head, 16 questions)" })[name],
    ms: ({ ms }: Measured) => `${ms < 10 ? ms.toFixed(1) : number(Math.round(ms))} ms`,
    rounds: ({ rounds }: Measured) => String(rounds),
    columns: ["What", "Median", "Rounds"],
    title: (model: string, device: string) => `nearmiss, ${model}, ${device}`,
    /** Why no training was measured. */
    noTraining: (missing: string) => `Training was not measured. ${missing}`,
  },
};
