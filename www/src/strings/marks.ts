/** Step 4: the person's marks, who said what, undoing, files. */
import type { Change, Conflict, Source, Undone } from "nearmiss";
import { count } from "./numbers.ts";

const verdict = (relevant: boolean) => (relevant ? "right" : "wrong");

/** A change as a thing that can be undone: `Undone: the mark "right" for “…”.` */
function thing({ action, before, after }: Change): string {
  const concerned = after.length > 0 ? after : before;
  const [only] = concerned;
  const marks = count(concerned.length, "mark");
  switch (action) {
    case "added":
      return only && concerned.length === 1 ? `the mark “${verdict(only.relevant)}” for “${only.query}”` : marks;
    case "removed":
      return `taking back ${marks}`;
    case "imported":
      return `the import of ${marks}`;
    case "feedback":
      return `${marks} from clicks`;
    case "documents-removed":
      return `removing notes with ${marks}`;
  }
}

/** What a step did, in notes that went and came, and in changes of the marks. */
export interface Did {
  gone: number;
  came: number;
  changes: readonly Undone[];
}

/** A step may have been several changes; it is named for what it did to notes, or for the change that it began with. */
const did = (word: string) => ({ gone, came, changes }: Did) => {
  const [first] = [...changes].sort((a, b) => a.change.number - b.change.number);
  const skipped = changes.reduce((sum, change) => sum + change.skipped, 0);
  const lost = skipped > 0 ? ` ${count(skipped, "mark")} could not come back: the notes are gone.` : "";
  const notes = gone > 0 && came > 0 ? "reading notes anew" : gone > 0 ? `removing ${count(gone, "note")}` : came > 0 ? `adding ${count(came, "note")}` : "";
  if (notes === "") return first ? `${word}: ${thing(first.change)}.${lost}` : "";
  const marks = gone > 0 && first ? first.change.before.length : 0;
  return `${word}: ${notes}${marks > 0 ? ` with ${count(marks, "mark")}` : ""}.${lost}`;
};

export const judgments = {
  side: { train: "practice", "held-out": "test" },
  counts: (right: number, wrong: number) => `${right} right, ${wrong} wrong`,
  verdict: { true: "Right", false: "Wrong" },
  who: { labelled: "you", click: "a click", mined: "found as a near miss", synthetic: "made from a note" } satisfies Record<Source, string>,
  forget: "Forget",
  forgetNamed: (question: string) => `Forget the marks for ${question}`,
  takeBack: "Take back",
  takeBackNamed: (title: string, question: string) => `Take back the mark on ${title} for ${question}`,
  undone: did("Undone"),
  redone: did("Done again"),

  make: "Making practice questions",
  made: (questions: number) =>
    questions === 0 ? "No practice questions could be made from these notes." : `${count(questions, "practice question")} made from your notes.`,
  standIns: (questions: number, measured: boolean) => {
    const rest = measured ? "They are dropped from the measurement as soon as you mark results yourself." : "They are for practice only: the measurement goes by what you marked yourself.";
    return `${count(questions, "question")} here ${questions === 1 ? "was" : "were"} made from your notes. ${rest}`;
  },

  contradiction: {
    sources: (question: string) => `For “${question}”, two voices contradict each other about one note:`,
    copies: (question: string) => `For “${question}”, two notes with the same text are marked differently:`,
  } satisfies Record<Conflict["kind"], (question: string) => string>,
  said: (relevant: boolean, who: string) => `${verdict(relevant)}, says ${who}`,
  counted: "counts now",
  keep: (relevant: boolean) => `Keep “${verdict(relevant)}”`,
  keepNamed: (relevant: boolean, question: string) => `Keep “${verdict(relevant)}” for ${question}, remove the other`,

  exporting: "Writing the marks",
  importing: "Reading the marks",
  imported: (marks: number) => `${count(marks, "mark")} imported.`,
  wrongFiles: {
    none: "Choose one .jsonl file, or queries.jsonl together with a .tsv file.",
    kinds: (names: string[]) => `${names.join(", ")}: only .jsonl and .tsv files hold marks`,
    noQueries: "The .tsv file names questions by number only: choose its queries.jsonl together with it.",
    tooMany: "Choose one .jsonl file, or one queries.jsonl with one .tsv file, not more.",
    unreadable: (name: string) => `${name} could not be read`,
  },
};
