/** Answers from the notes, and what their sources hold. */
import { count } from "./numbers.ts";

export const answer = {
  reading: "Looking for passages",
  writing: "Writing the answer",
  stopped: (written: boolean) => (written ? "Stopped. What had been written stands below, unchecked." : "Stopped."),
  /** No model: what there is instead. */
  instead: (reason: string) => `${reason} Below is what a model would be given: the passages, with the numbers to cite.`,
  nothing: "Nothing was found that could answer this.",
  finished: (sentences: number, unsupported: number) =>
    unsupported === 0
      ? `The sources hold the words of ${sentences === 1 ? "its one sentence" : `all ${count(sentences, "sentence")}`}.`
      : `${count(unsupported, "sentence")} of ${sentences} ${unsupported === 1 ? "is" : "are"} not borne out by a source.`,
  downloading: (share: number) => `Downloading: ${Math.round(share * 100)} %`,
  copied: "Copied. It leaves this device only if you paste it somewhere else.",
  notCopied: "The browser did not allow copying. Select the passages and copy them by hand.",
  passage: (citation: number, title: string) => `[${citation}] ${title}`,
  cited: (number: number, title: string) => `Passage ${number}: ${title}`,
  uncited: "no source",
  unknown: (number: number) => `there is no passage ${number}`,
  opposed: "the source says otherwise",
  lacks: (missing: readonly string[]) => `the source lacks: ${missing.slice(0, 4).join(", ")}${missing.length > 4 ? " …" : ""}`,
};
