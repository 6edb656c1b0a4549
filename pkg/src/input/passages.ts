/**
 * A file becomes passages, each short enough for the model to read whole: an encoder cuts off what exceeds its longest
 * input, so that the end of a long file could not be found by meaning.
 */

import type { Document } from "../types.js";
import type { Block } from "./blocks.js";

/** Characters; all-MiniLM-L6-v2 reads 256 tokens, and English has about four characters to a token. */
export const PASSAGE_LENGTH = 1000;

/** What an import writes into a document's metadata, to know which file it came from. */
export interface FileMetadata {
  file: string;
  page?: number;
  row?: number;
}

/** Of what passages are cut: a file, or a row of one. */
export interface Whole {
  /** Of the first passage; later ones have `#2`, `#3` … behind it. All share it as `parent`, if there are several. */
  id: string;
  /** Else the first heading, if the text begins with one, else `name`. */
  title?: string | undefined;
  name: string;
  metadata: FileMetadata & Record<string, unknown>;
}

/**
 * What answers a question in one passage may well stand in the next: the common parent says that this is no near miss.
 *
 * @param length of the longest passage, in characters; at least 1
 * @returns nothing where there is no text; a heading alone is a passage only where there is nothing else
 */
export function* passages(whole: Whole, blocks: Iterable<Block>, length = PASSAGE_LENGTH): Generator<Document> {
  let name = whole.title;
  let first: Document | undefined;
  let count = 0;
  for (const part of parts(blocks, length)) {
    name ||= part.heading || whole.name;
    const id = count === 0 ? whole.id : `${whole.id}#${count + 1}`;
    const title = part.heading !== "" && part.heading !== name ? `${name} › ${part.heading}` : name;
    const metadata = part.page === undefined ? whole.metadata : { ...whole.metadata, page: part.page };
    const document: Document = { id, title, text: part.text, ...(count > 0 && { parent: whole.id }), metadata };
    count += 1;
    // Held back until it is known whether there is another, as only then it has a parent.
    if (count === 1) first = document;
    else {
      if (first) yield { ...first, parent: whole.id };
      first = undefined;
      yield document;
    }
  }
  if (first) yield first;
}

interface Part {
  /** The heading that it stands under, or empty. */
  heading: string;
  text: string;
  page?: number | undefined;
}

/** Breaks at headings and pages, else between paragraphs, else between sentences or words. */
function* parts(blocks: Iterable<Block>, length: number): Generator<Part> {
  let heading = "";
  let lone: Part | null = null;
  let open: Part | null = null;
  for (const block of blocks) {
    const text = block.text.trim();
    if (text === "") continue;
    if (block.heading || (open && open.page !== block.page)) {
      if (open) yield open;
      open = null;
    }
    if (block.heading) {
      heading = text;
      lone ??= { heading, text, page: block.page };
      continue;
    }
    lone = NONE;
    for (const piece of shorten(text, length)) {
      if (open && open.text.length + piece.length + 2 <= length) open.text += `\n\n${piece}`;
      else {
        if (open) yield open;
        open = { heading, text: piece, page: block.page };
      }
    }
  }
  if (open) yield open;
  if (lone && lone !== NONE) yield lone;
}

/** Stands for "there was text, so that no heading is alone". */
const NONE: Part = { heading: "", text: "" };

function* shorten(text: string, length: number): Generator<string> {
  let rest = text;
  while (rest.length > length) {
    const cut = lastBreak(rest.slice(0, length));
    const piece = rest.slice(0, cut).trim();
    if (piece !== "") yield piece;
    rest = rest.slice(cut).trim();
  }
  if (rest !== "") yield rest;
}

/** After the last sentence in the second half, else at the last blank there, else at the very end. */
function lastBreak(text: string): number {
  const least = text.length / 2;
  // Full stops of Chinese and Japanese have no blank behind them.
  const sentences = [...text.matchAll(/[.!?…]["”’)]*\s|[。！？]["”’）」』]*/g)];
  const last = sentences.at(-1);
  const sentence = last ? last.index + last[0].length : 0;
  if (sentence > least) return sentence;
  const space = text.search(/\s\S*$/);
  if (space > least) return space;
  // A character of two code units stays whole.
  return text.length > 1 && /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
}
