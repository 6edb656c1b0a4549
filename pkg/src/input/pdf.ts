/** PDF: the text of each page, in lines and paragraphs. Scans have none. */

import type { PDFDocumentProxy, PDFWorker } from "pdfjs-dist";
import type { TextItem } from "pdfjs-dist/types/src/display/api.js";
import { invalid, NearmissError } from "../errors.js";
import { abortable } from "../platform.js";
import type { Block } from "./blocks.js";
import { library } from "./modules.js";
import type { Pace } from "./pace.js";
import { inWorker } from "./workers.js";

/** A gap between lines that is so many times as high as they are parts two paragraphs. */
const PARAGRAPH_GAP = 1.9;
/** Written by programs, not by people. */
const NO_TITLE = /^(untitled|microsoft word|powerpoint|document\d*$)|\.(docx?|tex|dvi|indd|pdf|pptx?|odt|rtf)$/i;

export interface Pages {
  title: string;
  blocks: Block[];
  warnings: string[];
}

export interface PdfOptions {
  cMapUrl: string | undefined;
  signal: AbortSignal | undefined;
}

/** @throws {NearmissError} `INPUT_INVALID` for a file that is damaged, needs a password or holds no text */
export async function readPdf(path: string, bytes: Uint8Array, pace: Pace, { cMapUrl, signal }: PdfOptions): Promise<Pages> {
  const pdf = await library(path, "PDF files", "pdfjs-dist", () => import("pdfjs-dist/legacy/build/pdf.mjs"));
  const worker = inWorker(() => new Worker(new URL("./pdf-worker.js", import.meta.url), { type: "module" }));
  const task = pdf.getDocument({
    // Handed over to the worker: the caller keeps its own.
    data: bytes.slice(),
    // No page may run what a document brings, and nothing but text is wanted.
    isEvalSupported: false, disableFontFace: true, enableXfa: false, useWasm: false, useWorkerFetch: false, useSystemFonts: false,
    verbosity: pdf.VerbosityLevel.ERRORS,
    ...characterMaps(cMapUrl),
    ...(worker && { worker: pdf.PDFWorker.create({ port: worker.port }) as PDFWorker }),
  });
  try {
    return await abortable(Promise.race([textOf(path, task.promise, pace), ...(worker ? [worker.failed] : [])]), signal);
  } catch (cause) {
    if (cause instanceof NearmissError) throw cause;
    throw refusal(path, cause);
  } finally {
    await task.destroy().catch(() => {});
    worker?.port.terminate();
  }
}

/** Old files in Chinese, Japanese or Korean name a table of characters instead of bringing it. Node has them where the package is. */
function characterMaps(cMapUrl: string | undefined): { cMapUrl?: string; cMapPacked?: boolean } {
  const node = globalThis.process?.getBuiltinModule?.("node:module");
  const folder = cMapUrl ?? node?.createRequire(import.meta.url).resolve("pdfjs-dist/package.json").replace(/package\.json$/, "cmaps/");
  return folder === undefined ? {} : { cMapUrl: folder, cMapPacked: true };
}

async function textOf(path: string, opening: Promise<PDFDocumentProxy>, pace: Pace): Promise<Pages> {
  const document = await opening;
  const blocks: Block[] = [];
  const blank: number[] = [];
  const broken: number[] = [];
  for (let page = 1; page <= document.numPages; page += 1) {
    const found = await paragraphs(document, page).catch(() => null);
    if (found === null) broken.push(page);
    else if (found.length === 0) blank.push(page);
    else blocks.push(...found.map((text) => ({ text, page })));
    await pace();
  }
  if (blocks.length === 0 && broken.length > 0) throw invalid(path, "is damaged: none of its pages can be read");
  if (blocks.length === 0) throw invalid(path, "holds no text; if it is a scan, let a program for text recognition (OCR) go over it first");
  const warnings = [
    ...(blank.length > 0 ? [`${pages(blank)} without text, perhaps scanned`] : []),
    ...(broken.length > 0 ? [`${pages(broken)} could not be read`] : []),
  ];
  return { title: await titleOf(document), blocks, warnings };
}

async function paragraphs(document: PDFDocumentProxy, number: number): Promise<string[]> {
  const page = await document.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  const lines = toLines(items.filter((item): item is TextItem => "str" in item));
  const found: string[] = [];
  for (const { text, gap } of lines) {
    const last = found.at(-1);
    if (last === undefined || gap) found.push(text);
    // A word divided at the end of a line is one word again.
    else if (/\p{Ll}-$/u.test(last) && /^\p{Ll}/u.test(text)) found[found.length - 1] = last.slice(0, -1) + text;
    else found[found.length - 1] = `${last} ${text}`;
  }
  return found;
}

interface Line {
  text: string;
  /** Stands apart from the line before. */
  gap: boolean;
}

function toLines(items: readonly TextItem[]): Line[] {
  const lines: Line[] = [];
  let text = "";
  let above: number | null = null;
  let y: number | null = null;
  let height = 0;
  const close = () => {
    const written = text.replace(/\s+/g, " ").trim();
    if (written !== "") {
      lines.push({ text: written, gap: above !== null && y !== null && height > 0 && Math.abs(above - y) > PARAGRAPH_GAP * height });
      above = y;
    }
    text = "";
    y = null;
    height = 0;
  };
  for (const item of items) {
    text += item.str;
    if (item.str.trim() !== "") {
      y ??= (item.transform as number[])[5] ?? 0;
      height = Math.max(height, item.height);
    }
    if (item.hasEOL) close();
  }
  close();
  return lines;
}

async function titleOf(document: PDFDocumentProxy): Promise<string> {
  const metadata = await document.getMetadata().catch(() => null);
  const title = (metadata?.info as { Title?: unknown } | undefined)?.Title;
  return typeof title === "string" && !NO_TITLE.test(title.trim()) ? title.trim() : "";
}

function refusal(path: string, cause: unknown): NearmissError {
  const { name, message } = Object(cause) as { name?: string; message?: string };
  if (name === "PasswordException") return invalid(path, "is protected by a password; save it without one", cause);
  return invalid(path, `is damaged, or no PDF file: ${message ?? String(cause)}`, cause);
}

function pages(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 10).join(", ");
  return `page${numbers.length === 1 ? "" : "s"} ${shown}${numbers.length > 10 ? ` and ${numbers.length - 10} more` : ""}`;
}
