/** What kind of file it is: by its name, else by its type. */

export type Kind = "text" | "html" | "csv" | "jsonl" | "json" | "pdf" | "docx";

const BY_EXTENSION: Readonly<Record<string, Kind>> = {
  txt: "text", text: "text", md: "text", markdown: "text", mdown: "text", log: "text", rst: "text", org: "text", adoc: "text",
  html: "html", htm: "html", xhtml: "html", csv: "csv", tsv: "csv", jsonl: "jsonl", ndjson: "jsonl", json: "json", pdf: "pdf",
  docx: "docx",
};

const BY_TYPE: Readonly<Record<string, Kind>> = {
  "text/plain": "text", "text/markdown": "text", "text/html": "html", "application/xhtml+xml": "html", "text/csv": "csv",
  "text/tab-separated-values": "csv", "application/x-ndjson": "jsonl", "application/jsonl": "jsonl", "application/json": "json",
  "application/pdf": "pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
};

/** For messages. */
export const KINDS = "text, Markdown, HTML, CSV, JSON, PDF and DOCX files";

/** @param type a MIME type, which counts where the name has no ending. A file with neither may be text, as README often is. */
export function kindOf(path: string, type = ""): Kind | undefined {
  const extension = /[^/\\]\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension !== undefined) return BY_EXTENSION[extension];
  const known = type.split(";")[0]?.trim().toLowerCase() ?? "";
  return BY_TYPE[known] ?? (known === "" || known.startsWith("text/") ? "text" : undefined);
}

/** `a/b.md` is `b`. */
export function nameOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/(?!^)\.[A-Za-z0-9]+$/, "");
}
