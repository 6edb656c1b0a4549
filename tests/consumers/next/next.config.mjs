import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** @type {import("next").NextConfig} */
export default {
  // The folder is its own project, whatever lock files lie above it.
  turbopack: { root: dirname(fileURLToPath(import.meta.url)) },
};
