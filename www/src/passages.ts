/**
 * A note becomes passages, each short enough for the model to read whole: an encoder cuts off what exceeds its longest
 * input, so that the end of a long note could not be found by meaning.
 */
import type { Document } from "nearmiss";

/** Characters; all-MiniLM-L6-v2 reads 256 tokens, and English has about four characters to a token. */
const LONGEST = 1000;

/** What the page writes into a document's metadata, to know which file it came from. */
export interface FileMetadata {
  file: string;
}

/**
 * @returns nothing for a blank note; ids are `file:<name>`, with `#2`, `#3` … for later passages. Those of one note share
 *   its first id as `parent`: what answers a question in one of them may well stand in the next, so that is no near miss.
 */
export function passages(file: string, text: string): Document[] {
  const parts = split(text.replace(/\r\n?/g, "\n").trim());
  const name = parts[0]?.heading || file.replace(/^.*\//, "").replace(/\.\w+$/, "");
  const note = `file:${file}`;
  return parts.map((part, at) => ({
    id: at === 0 ? note : `${note}#${at + 1}`,
    title: at > 0 && part.heading !== "" && part.heading !== name ? `${name} › ${part.heading}` : name,
    text: part.text,
    ...(parts.length > 1 && { parent: note }),
    metadata: { file } satisfies FileMetadata,
  }));
}

/** The note that a document belongs to: its file, or itself. */
export function noteOf(document: Document): string {
  const metadata = document.metadata;
  if (typeof metadata === "object" && metadata !== null && "file" in metadata && typeof metadata.file === "string") return metadata.file;
  return document.id;
}

interface Part {
  /** The Markdown heading that it stands under, or empty. */
  heading: string;
  text: string;
}

/** Breaks at headings, else between paragraphs, else between sentences or words. A heading alone is no passage. */
function split(text: string): Part[] {
  const parts: Part[] = [];
  let heading = "";
  let open: Part | null = null;
  for (const block of text.split(/\n{2,}/).flatMap(headingApart)) {
    const title = block.match(/^#{1,6}\s+(.+?)\s*#*$/)?.[1];
    if (title !== undefined) {
      heading = title;
      open = null;
      continue;
    }
    for (const piece of shorten(block)) {
      if (open && open.text.length + piece.length + 2 <= LONGEST) open.text += `\n\n${piece}`;
      else parts.push((open = { heading, text: piece }));
    }
  }
  return parts.length === 0 && heading !== "" ? [{ heading, text: heading }] : parts;
}

/** A heading need not be followed by an empty line. */
function headingApart(block: string): string[] {
  const pieces = block.split(/^(#{1,6}\s+.+)$/m);
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
}

function shorten(block: string): string[] {
  const pieces: string[] = [];
  let rest = block;
  while (rest.length > LONGEST) {
    const cut = lastBreak(rest.slice(0, LONGEST));
    pieces.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return rest === "" ? pieces : [...pieces, rest];
}

/** After the last sentence in the second half, else at the last space there, else at the very end. */
function lastBreak(text: string): number {
  const least = text.length / 2;
  const sentences = [...text.matchAll(/[.!?…。！？]["”’)]*\s/g)];
  const sentence = (sentences.at(-1)?.index ?? 0) + 1;
  if (sentence > least) return sentence;
  const space = text.lastIndexOf(" ");
  return space > least ? space : text.length;
}
