/** "Could these be right as well?" */
import type { Suspect } from "nearmiss";
import { cosine, count } from "./numbers.ts";

export const suspects = {
  place: (at: number, of: number) => `${at} of ${of}`,
  decided: (decided: number) => `${count(decided, "note")} sorted so far.`,
  /** Why it was set aside, in one sentence. */
  reason: ({ reason, score, positiveScore, similarity }: Suspect) => {
    switch (reason) {
      case "near-duplicate":
        return `Almost the same text as the right answer${similarity === null ? "" : `: ${Math.round(similarity * 100)} % of the word sequences are shared`}.`;
      case "sibling":
        return "From the same note as the right answer.";
      case "same-title":
        return "Has the same title as the right answer.";
      case "margin":
        return `Scores ${score >= positiveScore ? "higher than" : "almost as high as"} the right answer: ${cosine(score)} against ${cosine(positiveScore)}.`;
      case "teacher":
        return "Compared word by word, it fits the question as well as the right answer does.";
    }
  },
  showAnswer: "Show the answer marked right",
  right: "Also right",
  wrong: "Really wrong",
  previous: "Previous",
  next: "Next",
  became: { true: "Marked right.", false: "Marked wrong." },
  none: "Nothing to sort out: no note that was left out looks like a right answer.",
  finished: "All sorted. Look again after marking or training.",
};
