/** nearmiss: private search that learns from its mistakes. Importing this runs nothing and is safe on a server. */

export { Nearmiss } from "./nearmiss.js";
export type { Documents } from "./documents.js";
export type { Judgments, Pair, SideOptions } from "./judgments.js";
export type { WhyOptions } from "./options.js";
export { stores } from "./storing.js";
export type { Storage, Stores } from "./storing.js";
export { models } from "./loading/models.js";
export type { CachedModel, Models } from "./loading/models.js";
export { builtInModel } from "./answer/built-in.js";
export { answerPrompt } from "./answer/prompt.js";
export { NearmissError } from "./errors.js";
export { readFiles } from "./input/index.js";
export type * from "./types.js";
