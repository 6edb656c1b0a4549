/** DOCX: its paragraphs and headings. Pictures are left out. */

import { invalid, NearmissError } from "../errors.js";
import { abortable } from "../platform.js";
import { toHtml } from "./docx-convert.js";
import { readHtml, type Page } from "./html.js";
import { library } from "./modules.js";
import type { Pace } from "./pace.js";
import { inWorker } from "./workers.js";
import { checkArchive } from "./zip.js";

/** Bytes. The text of a thousand pages is about ten million; a part of 30 million took 2 GB of memory and 40 s to convert. */
const LARGEST = { part: 32_000_000, all: 200_000_000 };

/** @throws {NearmissError} `INPUT_INVALID` for what is no Word document, and for what unpacks to far too much */
export async function readDocx(path: string, bytes: Uint8Array, pace: Pace, signal?: AbortSignal): Promise<Page> {
  // Documents with a password are no zip archives but OLE containers.
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf) {
    throw invalid(path, "is protected by a password, or in the older DOC format; save it as DOCX without one");
  }
  await checkArchive(path, bytes, LARGEST, pace);
  try {
    const html = await converted(path, bytes, signal);
    return { ...(await readHtml(path, html, pace)), title: "" };
  } catch (cause) {
    if (cause instanceof NearmissError) throw cause;
    throw invalid(path, `is damaged, or no Word document: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** In a worker where there are any: a long document takes seconds. */
async function converted(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
  const worker = inWorker(() => new Worker(new URL("./docx-worker.js", import.meta.url), { type: "module" }));
  if (!worker) return toHtml(await library(path, "DOCX files", "mammoth", () => import("mammoth")), bytes);
  try {
    const answer = new Promise<string>((resolve, reject) => {
      worker.port.addEventListener("message", ({ data }: MessageEvent<{ html?: string; error?: string }>) => {
        if (data.html === undefined) reject(new Error(data.error));
        else resolve(data.html);
      });
    });
    worker.port.postMessage(bytes);
    return await abortable(Promise.race([answer, worker.failed]), signal);
  } finally {
    worker.port.terminate();
  }
}
