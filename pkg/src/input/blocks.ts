/** What all readers make of a file: its blocks in order, each a heading or a paragraph. */

export interface Block {
  text: string;
  heading?: boolean;
  /** Of a PDF file, from 1. */
  page?: number;
}

/** A longer line is no heading, whatever it begins with. Characters. */
const LONGEST_HEADING = 300;

/** Text and Markdown: paragraphs stand between empty lines, headings after `#`; what stands in a code fence is no heading. */
export function* textBlocks(text: string): Generator<Block> {
  let paragraph: string[] = [];
  let fence = "";
  for (const line of lines(text)) {
    fence = fenceAfter(fence, line);
    const heading = fence === "" ? headingIn(line) : undefined;
    if (heading === undefined && line !== "") {
      paragraph.push(line);
      continue;
    }
    if (paragraph.length > 0) yield { text: paragraph.join("\n") };
    paragraph = [];
    if (heading !== undefined) yield { text: heading, heading: true };
  }
  if (paragraph.length > 0) yield { text: paragraph.join("\n") };
}

/** Without what stands blank at their ends. Found one by one: a file of nothing but line ends would be a long list. */
function* lines(text: string): Generator<string> {
  const end = /\r\n?|\n/g;
  let from = 0;
  for (let found = end.exec(text); found; found = end.exec(text)) {
    yield text.slice(from, found.index).trimEnd();
    from = end.lastIndex;
  }
  yield text.slice(from).trimEnd();
}

function fenceAfter(open: string, line: string): string {
  const mark = /^ {0,3}(```|~~~)/.exec(line)?.[1];
  if (mark === undefined) return open;
  return open === "" ? mark : open === mark ? "" : open;
}

function headingIn(line: string): string | undefined {
  if (line.length > LONGEST_HEADING) return undefined;
  return /^ {0,3}#{1,6}\s+(.+?)(?:\s+#+)?$/.exec(line)?.[1];
}
