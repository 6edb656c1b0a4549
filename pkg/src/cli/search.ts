/** `nearmiss search`: the best documents of a folder for one query. */

import type { Hit } from "../types.js";
import type { Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus } from "./data.js";
import { COMMON, DATA, FILTER, filterOf, HELP, MODE, rankingOf } from "./options.js";
import { write } from "./output.js";
import { Session, type Io } from "./session.js";

export const search: Command = {
  spec: {
    name: "search",
    summary: "search the documents of a folder",
    example: 'nearmiss search --data notes "when was the station moved" -k 5',
    positional: "a query",
    options: {
      ...DATA,
      k: { value: "N", short: "k", kind: "integer", least: 1, help: "number of documents (default 10)" },
      offset: { value: "N", kind: "integer", least: 0, help: "hits to skip (default 0)" },
      "per-document": { value: "N", kind: "integer", least: 1, help: "put chunks of one document together, at most so many of each" },
      ...FILTER,
      ...MODE,
      ...COMMON,
      ...HELP,
    },
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  const query = args.positionals[0] ?? "";
  const { name, options, lexical } = rankingOf(args, "hybrid");
  const page = args.settings(["k", "offset", "per-document"]);
  const documents = await loadCorpus(args.text("data") ?? "");
  const session = await Session.open(args, io, started);
  try {
    await session.fill(documents);
    if (!lexical) await session.index();
    const hits = await session.host.call("search", [query, { ...page, ...options, ...filterOf(args), snippets: SNIPPET }], session.signal);
    session.progress.end();
    const { device, model } = session;
    const result = { device, model, query, mode: name, documents: documents.length, hits, ...session.cost() };
    await write(io.stdout, args.flag("json") ? `${JSON.stringify(result)}\n` : hits.map(line).join(""));
  } finally {
    await session.close();
  }
}

/** Characters of a text that are shown. */
const SNIPPET = 160;

function line({ rank, score, id, title, snippet, more = [] }: Hit): string {
  const words = (text: string) => text.replace(/\s+/g, " ").trim();
  const head = `${String(rank).padStart(3)}  ${score.toFixed(4)}  ${[id, words(title)].filter(Boolean).join("  ")}\n`;
  const text = words(snippet?.text ?? "");
  const others = more.length === 0 ? "" : `     also ${more.map((hit) => hit.id).join(", ")}\n`;
  return `${head}${text === "" ? "" : `     ${text}\n`}${others}`;
}
