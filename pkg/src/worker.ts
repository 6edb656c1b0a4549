/** The dedicated worker's entry: it owns the wasm module and the GPU, so that the page never waits for them. */

import type { Port, Reply } from "./protocol.js";
import { serve } from "./serve.js";
import { watchStray } from "./stray.js";

const scope = globalThis as unknown as Port<Reply> & EventTarget;
watchStray(scope, (stray) => scope.postMessage({ stray }, []));
serve(scope);
