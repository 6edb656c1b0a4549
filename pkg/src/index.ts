/** nearmiss: private search that learns from its mistakes. Importing this runs nothing and is safe on a server. */

export { Nearmiss, type Documents, type Judgments } from "./nearmiss.js";
export { NearmissError } from "./errors.js";
export type * from "./types.js";
