/** Its own script, so that converting a Word document does not hold up the page. */

import mammoth from "mammoth";
import { toHtml } from "./docx-convert.js";

addEventListener("message", ({ data }: MessageEvent<Uint8Array>) => {
  toHtml({ default: mammoth }, data).then(
    (html) => postMessage({ html }),
    (error: unknown) => postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
});
