/** "What training changed here": a sentence for each result that moved. */
import type { Moved, Reason } from "nearmiss";
import { cosine, listed } from "./numbers.ts";

const quoted = (title: string, id: string) => `“${title || id}”`;
const place = (rank: number) => `no. ${rank}`;

export const compare = {
  asking: "Searching with the model as it was",
  same: "Nothing that was trained is in use, so there is nothing to compare.",
  none: "The order is the same as before training.",
  failed: "It could not be looked up.",
  /** "was no. 7, now no. 1" */
  move: ({ before, after }: Moved) => {
    if (!before) return after ? `not among the first 100 before, now ${place(after.rank)}` : "not found";
    if (!after) return `was ${place(before.rank)}, now not among the first 100`;
    return before.rank === after.rank ? `${place(after.rank)}, as before` : `was ${place(before.rank)}, now ${place(after.rank)}`;
  },
  because: (reasons: readonly Reason[]) => {
    const parts = reasons.map((reason) => sentence(reason)).filter((part) => part !== "");
    return parts.length === 0 ? "" : `Because ${listed(parts)}.`;
  },
};

function sentence(reason: Reason): string {
  switch (reason.kind) {
    case "cosine": {
      const change = reason.after - reason.before;
      if (Math.abs(change) < 0.005) return `its similarity stayed at ${cosine(reason.after)}`;
      return `its similarity ${change > 0 ? "rose" : "fell"} from ${cosine(reason.before)} to ${cosine(reason.after)}`;
    }
    case "passed":
      return `it passed ${others(reason.documents)}`;
    case "passedBy":
      return `it was passed by ${others(reason.documents)}`;
    case "judged":
      return `you marked it ${reason.relevant ? "right" : "wrong"} for ${reason.similarity > 0.999 ? "this question" : `“${reason.query}”`}`;
  }
}

function others(documents: readonly { document: string; title: string; before: number; after: number }[]): string {
  return listed(documents.map(({ document, title, before, after }) => `${quoted(title, document)} (${cosine(before)} to ${cosine(after)})`));
}
