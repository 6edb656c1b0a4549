/** Files and folders in, documents out. The libraries that some kinds of files need are loaded when such a file comes. */

export { readFiles, readListing, settings } from "./read.js";
export { inputs, Listing } from "./walk.js";
