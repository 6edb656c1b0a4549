/** HTML: what a reader of the page would see as text, with its headings. */

import { invalid } from "../errors.js";
import type { Block } from "./blocks.js";
import { library } from "./modules.js";
import type { Pace } from "./pace.js";

/** Characters handed over at once. */
const PIECE = 64 * 1024;
/** Elements within each other. Pages that people write stay below a hundred. */
const DEEPEST = 2000;

/** Not shown, or not what the page is about. */
const SILENT = new Set([
  "script", "style", "noscript", "template", "nav", "head", "svg", "math", "canvas", "iframe", "object", "audio", "video",
  "select", "button", "textarea", "dialog",
]);

/** Begin a line of their own. */
const BLOCKS = new Set([
  "address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div", "dl", "dt", "figcaption", "figure",
  "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section",
  "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
]);

const HEADING = /^h[1-6]$/;

export interface Page {
  title: string;
  blocks: Block[];
}

/**
 * A stream of tags, not a tree: it works where there is no DOM, and hostile depth can be refused while it is read.
 *
 * @throws {NearmissError} `INPUT_INVALID` for elements nested without end
 */
export async function readHtml(path: string, html: string, pace: Pace): Promise<Page> {
  const { Parser } = await library(path, "HTML files", "htmlparser2", () => import("htmlparser2"));
  const reader = new Reader(path);
  const parser = new Parser({
    onopentagname: (name) => reader.open(name),
    ontext: (text) => reader.text(text),
    onclosetag: (name) => reader.close(name),
  });
  for (let at = 0; at < html.length; at += PIECE) {
    parser.write(html.slice(at, at + PIECE));
    await pace();
  }
  parser.end();
  return reader.end();
}

class Reader {
  readonly #path: string;
  readonly #blocks: Block[] = [];
  #depth = 0;
  /** How many silent elements are open. */
  #silent = 0;
  #title: string[] = [];
  #inTitle = false;
  #line: string[] = [];
  #heading = false;
  #verbatim = 0;

  constructor(path: string) {
    this.#path = path;
  }

  open(name: string): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw invalid(this.#path, `has more than ${DEEPEST} elements nested in each other`);
    if (name === "title") this.#inTitle = this.#title.length === 0;
    if (SILENT.has(name)) this.#silent += 1;
    if (this.#silent > 0) return;
    if (name === "br") this.#line.push("\n");
    if (name === "td" || name === "th") this.#line.push(" ");
    if (!BLOCKS.has(name)) return;
    this.#break();
    this.#heading = HEADING.test(name);
    if (name === "pre") this.#verbatim += 1;
    if (name === "li") this.#line.push("- ");
  }

  text(text: string): void {
    if (this.#inTitle) this.#title.push(text);
    else if (this.#silent === 0) this.#line.push(this.#verbatim > 0 ? text : text.replace(/\s+/g, " "));
  }

  close(name: string): void {
    this.#depth -= 1;
    if (name === "title") this.#inTitle = false;
    if (SILENT.has(name)) this.#silent = Math.max(0, this.#silent - 1);
    if (this.#silent > 0 || !BLOCKS.has(name)) return;
    this.#break();
    this.#heading = false;
    if (name === "pre") this.#verbatim = Math.max(0, this.#verbatim - 1);
  }

  end(): Page {
    this.#break();
    return { title: this.#title.join("").replace(/\s+/g, " ").trim(), blocks: this.#blocks };
  }

  #break(): void {
    const text = this.#verbatim > 0 ? this.#line.join("").trimEnd() : tidy(this.#line.join(""));
    this.#line = [];
    if (text.trim() === "" || text === "-") return;
    this.#blocks.push(this.#heading ? { text: text.replace(/\s+/g, " "), heading: true } : { text });
  }
}

/** One blank between words, and none at the ends of lines. */
function tidy(text: string): string {
  return text.split("\n").map((line) => line.replace(/\s+/g, " ").trim()).join("\n").trim();
}
