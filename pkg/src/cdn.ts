/**
 * The entry for pages that import the package from another origin, such as a CDN. Browsers start workers from the page's own
 * origin only, so here the worker is a script of that origin that imports the real one. A Content-Security-Policy must then allow
 * `worker-src blob:`. Apart from `index.ts`, so that no bundler meets this use of `import.meta.url`: webpack puts the path on the
 * building machine in its place.
 */

import { startWorkersWith } from "./client.js";

/** Made once and kept: Safari loses a worker whose address is revoked before it has loaded. */
let script: string | null = null;

startWorkersWith(() => {
  const source = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;
  script ??= URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return new Worker(script, { type: "module" });
});

export * from "./index.js";
