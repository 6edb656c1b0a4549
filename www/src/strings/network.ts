/** What the page asked the network for. */
import { count, megabytes } from "./numbers.ts";

export const network = {
  none: "No requests yet.",
  /** `since` is null before a model is ready. */
  counted: (all: number, foreign: number, since: number | null) =>
    `${count(all, "request")}, ${where(all, foreign)}${since === null ? "" : `; ${since === 0 ? "none" : since} since the model was ready`}.`,
  size: (bytes: number) => (bytes === 0 ? "from the browser’s cache" : bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : `${megabytes(bytes)} MB`),
  time: (at: number) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at),
};

function where(all: number, foreign: number): string {
  if (foreign === 0) return "all to this page’s own server";
  return foreign === all ? "to other addresses" : `${foreign} of them to other addresses`;
}
