/** The public vocabulary of nearmiss: what goes in, what comes out, what is reported on the way. */

export type * from "./types/model.js";
export type * from "./types/memory.js";
export type * from "./types/documents.js";
export type * from "./types/input.js";
export type * from "./types/search.js";
export type * from "./types/answer.js";
export type * from "./types/storage.js";
export type * from "./types/judgments.js";
export type * from "./types/mining.js";
export type * from "./types/training.js";
