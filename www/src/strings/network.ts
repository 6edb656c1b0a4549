/** What the page asked the network for. */
import { count, megabytes } from "./numbers.ts";

export const network = {
  none: "No requests yet.",
  /** @param since null before a model is ready @param parts do all of those since then only fetch files of this page? */
  counted: (all: number, foreign: number, since: number | null, parts: boolean) =>
    `${count(all, "request")}, ${where(all, foreign)}${since === null ? "" : `; ${later(since, parts)}`}.`,
  size: (bytes: number) => (bytes === 0 ? "from the browser’s cache" : bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : `${megabytes(bytes)} MB`),
  time: (at: number) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at),
};

function later(since: number, parts: boolean): string {
  if (since === 0) return "none since the model was ready";
  return `${since} since the model was ready${parts ? `, which fetched ${since === 1 ? "a part" : "parts"} of this page` : ""}`;
}

function where(all: number, foreign: number): string {
  if (foreign === 0) return "all to this page’s own server";
  return foreign === all ? "to other addresses" : `${foreign} of them to other addresses`;
}
