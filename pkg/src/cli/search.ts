/** `nearmiss search`: the best documents of a folder for one query. */

import type { Hit } from "../types.js";
import type { Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus } from "./data.js";
import { COMMON, DATA, HELP, MODE, refuseRerank } from "./options.js";
import { write } from "./output.js";
import { Session, type Io } from "./session.js";

export const search: Command = {
  spec: {
    name: "search",
    summary: "search the documents of a folder",
    positional: "a query",
    options: { ...DATA, k: { value: "N", short: "k", kind: "integer", least: 1, help: "number of documents (default 10)" }, ...MODE, ...COMMON, ...HELP },
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  refuseRerank(args);
  const query = args.positionals[0] ?? "";
  const mode = args.text("mode") ?? "hybrid";
  const documents = await loadCorpus(args.text("data") ?? "");
  const session = await Session.open(args, io, started);
  try {
    await session.fill(documents);
    if (mode !== "lexical") await session.index();
    const hits = await session.host.call("search", [query, { k: args.number("k") ?? 10, mode: mode as "dense" }], session.signal);
    session.progress.end();
    const { device, model } = session;
    const result = { device, model, query, mode, documents: documents.length, hits, ...session.cost() };
    await write(io.stdout, args.flag("json") ? `${JSON.stringify(result)}\n` : hits.map(line).join(""));
  } finally {
    await session.close();
  }
}

function line({ rank, score, id, title, text }: Hit): string {
  const words = (title || text).replace(/\s+/g, " ").trim();
  return `${String(rank).padStart(3)}  ${score.toFixed(4)}  ${id}  ${words.length > 80 ? `${words.slice(0, 79)}…` : words}\n`;
}
