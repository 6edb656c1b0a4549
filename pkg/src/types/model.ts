/** What it runs on, and what it is made from. */

import type { ProgressEvent } from "./training.js";

/**
 * Where the arithmetic runs. `"auto"` takes WebGPU when a hardware adapter passes a known-answer test, else the CPU. A `GPUDevice` that
 * the page has already cannot be taken: the engine opens one of its own, in its worker, and destroys none but that.
 */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

/** What was chosen, and why. */
export interface DeviceInfo {
  /** Which of the two builds runs. */
  kind: "webgpu" | "cpu";
  /** The adapter's own description, or the CPU build's. */
  name: string;
  /** One sentence: why this device and not the other. */
  reason: string;
  /** Of the WebGPU adapter; null on the CPU. */
  limits: DeviceLimits | null;
  /** One sentence: why WebGPU is not used; null when it is. */
  withoutWebgpu: string | null;
}

/** Limits of a WebGPU adapter that decide which models and batches fit; 0 where the browser does not say. */
export interface DeviceLimits {
  /** Bytes of the largest buffer. */
  maxBufferSize: number;
  /** Bytes of a buffer that a kernel can reach: of the largest tensor. */
  maxStorageBufferBindingSize: number;
  /** Tensors that one kernel can read and write. */
  maxStorageBuffersPerShaderStage: number;
  /** Bytes that the invocations of a workgroup share. */
  maxComputeWorkgroupStorageSize: number;
  /** Invocations of one workgroup. */
  maxComputeInvocationsPerWorkgroup: number;
}

/**
 * How texts are encoded on the CPU. `"int8"` rounds the weights of linear maps to eight bits, each output with a scale of its own: faster by half,
 * for embeddings that differ a little. Training, and everything on WebGPU, is in `"float32"` either way.
 */
export type Precision = "float32" | "int8";

/** The encoder in use. */
export interface ModelInfo {
  /** Length of one embedding. */
  dimensions: number;
  /** Layers of the transformer. */
  layers: number;
  /** How many numbers the transformer consists of; what was trained on top is not counted. */
  parameters: number;
  /** Longest input in tokens; the rest of a text is cut. */
  maxLength: number;
  /** How token embeddings become one: their mean, or that of the first token. */
  pooling: "mean" | "cls";
  /** Of the weights when texts are encoded. */
  precision: Precision;
  /** Changes with the transformer's weights, tokenizer, pooling, length and precision, not with a head. Keys the embedding cache. */
  fingerprint: string;
  /** The fingerprint of the model as it was loaded. */
  loaded: string;
}

/**
 * A sentence encoder in its Hugging Face layout: the URL of its folder (in Node also a path), that with more to say about it, its
 * parts one by one, or the files that a person picked. What comes from a URL is kept in the browser's cache; see `models`.
 */
export type ModelSource = string | URL | ModelLocation | ModelParts | Iterable<File>;

/** A model's folder, and what must hold of its files. */
export interface ModelLocation {
  /** The folder's URL, in Node also a path. */
  url: string | URL;
  /**
   * What files must be: their SHA-256 in hex, as `sha256sum` prints it, by path, such as "model.safetensors". Another file is refused with
   * `MODEL_INVALID`; one in the cache that fits is used without asking the server.
   */
  sha256?: Record<string, string>;
  /** `false`: neither keeps the files in the browser's cache nor takes them from there. Default true. */
  cache?: boolean;
}

/** The contents of a model's files. */
export interface ModelParts {
  /** Of config.json. */
  config: BinaryInput;
  /** Of tokenizer.json. */
  tokenizer: BinaryInput;
  /** Of model.safetensors. */
  weights: BinaryInput;
  /** Of 1_Pooling/config.json. Default: the mean over tokens. */
  pooling?: BinaryInput;
  /** Of sentence_bert_config.json, which says the longest input. */
  sentenceBert?: BinaryInput;
  /** Of modules.json: a model that has other modules besides transformer and pooling is refused. */
  modules?: BinaryInput;
}

/** The contents of one file: bytes, a Blob, or its URL (in Node also a path). */
export type BinaryInput = Uint8Array | ArrayBuffer | Blob | string | URL;

/** One file of an exported folder. */
export interface ExportedFile {
  /** Relative to the folder, with forward slashes, such as "1_Pooling/config.json". */
  path: string;
  /** The whole file. */
  bytes: Uint8Array;
}

/** Folders that Python reads. "sentence-transformers": a whole model. "peft": a LoRA adapter, without the model under it. */
export type FolderFormat = "sentence-transformers" | "peft";

/** The files of such a folder, as `export` gives them or by path. */
export type FolderInput = readonly { path: string; bytes: Uint8Array | ArrayBuffer | Blob }[] | Record<string, Uint8Array | ArrayBuffer | Blob>;

/** How an instance is made. */
export interface CreateOptions {
  /**
   * Any BERT-family sentence encoder: a folder's URL (in Node also a path), its files, or their bytes. Default: the compact encoder in
   * this package, `nearmiss/models/compact`, for English; its model card states what it can do.
   */
  model?: ModelSource;
  /** Default "auto". */
  device?: DeviceChoice;
  /** Longest input in tokens. Default: what the model's own files say. */
  maxLength?: number;
  /** Default "float32". Embeddings of one are not used with the other. */
  precision?: Precision;
  /**
   * Of lexical search: "none" (words as they are) or one of arabic, danish, dutch, english, finnish, french, german, greek, hungarian, italian,
   * norwegian, portuguese, romanian, russian, spanish, swedish, tamil, turkish. Default "english". What the encoder understands is its own matter.
   */
  language?: string;
  /**
   * From how many documents on their embeddings are searched through a graph of neighbours (HNSW), which takes a minute and more to be made.
   * Default 50000: below it every embedding is scored, which is exact and quick enough.
   */
  graphFrom?: number;
  /**
   * Where documents, judgments, embeddings, trained weights and checkpoints are kept: "opfs:notes", "indexeddb:notes" or "memory:notes", the name
   * being yours. Where a browser lacks or refuses the first, the next is taken, and `nm.storage` says so. Default: nowhere, all is gone with the instance.
   */
  storage?: string;
  /**
   * How many workers encode documents, on the CPU: each beyond the first holds the model once more (`nm.memory().encoders`) and is started
   * when there are many documents to encode. Default 1. Two on two cores take a little more than half of the time.
   */
  encoders?: number;
  /** `false` runs in this thread (the only way in Node); default: a dedicated worker in browsers. */
  worker?: boolean;
  /** Gets `download`, `load` and `restore` events; `encode` events while a store is opened whose documents have no embeddings yet. */
  onProgress?: (event: ProgressEvent) => void;
  /**
   * Gets every request to the network that the workers of this instance make, as the browser accounts for them: none comes after `create`. With
   * `worker: false` they are among the page's own, `performance.getEntriesByType("resource")`.
   */
  onRequest?: (request: NetworkRequest) => void;
  /** Aborting rejects `create` with `ABORTED`. */
  signal?: AbortSignal;
}

/** Something that a worker asked the network, or the browser's cache, for. */
export interface NetworkRequest {
  /** Where to, absolute. */
  url: string;
  /** When it began: milliseconds since 1970, as `Date.now()`. */
  at: number;
  /** That came over the network, headers included; 0 from the browser's cache, and where another origin does not allow to say. */
  bytes: number;
}

/** Of `keep`, `rollback` and `import`, after which documents may have to be encoded with the other weights. */
export interface WeightsOptions {
  /** Aborting rejects with `ABORTED` and leaves the weights that were in use. */
  signal?: AbortSignal;
  /** Gets `encode` events while embeddings are made. */
  onProgress?: (event: ProgressEvent) => void;
}

/** Stable names for what can go wrong. */
export type ErrorCode =
  | "WEBGPU_UNAVAILABLE" | "DEVICE_LOST" | "OUT_OF_MEMORY" | "MODEL_INVALID" | "MODEL_MISMATCH" | "TOKENIZER_INVALID"
  | "INPUT_INVALID" | "INSUFFICIENT_DATA" | "STORAGE_QUOTA" | "STORAGE_CORRUPT" | "NETWORK" | "ABORTED" | "DISPOSED" | "INTERNAL";
