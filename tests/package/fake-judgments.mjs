/** The judgments of the fake engine: one for each query, document and source, with changes that can be undone. */
import { coded } from "./fake-values.mjs";

const SOURCES = ["labelled", "click", "mined", "synthetic"];

const normalise = (query) => query.trim().split(/\s+/).join(" ").toLowerCase();
const keyOf = ({ query, document, source }) => JSON.stringify([normalise(query), document, source]);
const line = (object) => `${JSON.stringify(object)}\n`;

export class FakeJudgments {
  #documents;
  #all = new Map();
  #past = [];
  #future = [];
  #count = 0;

  /** @param {Map<string, object>} documents of the engine, by id */
  constructor(documents) {
    this.#documents = documents;
  }

  get total() {
    return this.#all.size;
  }

  all() {
    return [...this.#all.values()];
  }

  /** One a pair: that of the source that counts most. */
  effective() {
    const pairs = new Map();
    for (const judgment of this.all()) {
      const pair = JSON.stringify([normalise(judgment.query), judgment.document]);
      const other = pairs.get(pair);
      if (!other || SOURCES.indexOf(judgment.source) < SOURCES.indexOf(other.source)) pairs.set(pair, judgment);
    }
    return [...pairs.values()];
  }

  add(judgments, action = "added") {
    const stranger = judgments.findIndex(({ document }) => !this.#documents.has(document));
    if (stranger >= 0) throw coded("INPUT_INVALID", `judgments[${stranger}].document: there is no such document`);
    const complete = judgments.map((judgment) => ({ source: "labelled", ...judgment }));
    this.#change(action, new Map(complete.map((judgment) => [keyOf(judgment), judgment])));
    return { total: this.total };
  }

  remove(pairs, action = "removed") {
    const keys = pairs.flatMap((pair) => SOURCES.map((source) => keyOf({ ...pair, source }))).filter((key) => this.#all.has(key));
    this.#change(action, new Map(keys.map((key) => [key, null])));
    return { removed: keys.length };
  }

  /** Documents that are gone take their judgments with them. */
  forget(ids) {
    this.remove(this.all().filter(({ document }) => ids.includes(document)), "documents-removed");
  }

  undo() {
    return this.#travel(this.#past, this.#future, "before", "after");
  }

  redo() {
    return this.#travel(this.#future, this.#past, "after", "before");
  }

  history() {
    return [...this.#past];
  }

  conflicts() {
    const opposite = (one) => this.all().filter((other) => {
      return normalise(other.query) === normalise(one.query) && other.document === one.document && other.relevant !== one.relevant;
    });
    const labelled = this.all().filter((one) => one.source === "labelled" && opposite(one).length > 0);
    return labelled.map((one) => ({ kind: "sources", query: one.query, documents: [one.document], judgments: [one, ...opposite(one)], counts: [0] }));
  }

  export(format, split) {
    if (format === "jsonl") return this.all().map(line).join("");
    const chosen = this.all().filter((judgment) => split === undefined || (judgment.split ?? "train") === split);
    const queries = [...new Set(chosen.map(({ query }) => query))];
    const row = ({ query, document, relevant, grade }) => `q${queries.indexOf(query) + 1}\t${document}\t${relevant ? (grade ?? 1) : 0}\n`;
    return { queries: queries.map((text, at) => line({ _id: `q${at + 1}`, text })).join(""), qrels: `query-id\tcorpus-id\tscore\n${chosen.map(row).join("")}` };
  }

  import(input, split) {
    const judgments = (typeof input === "string" ? jsonl(input) : fromBeir(input)).map((judgment) => (split ? { ...judgment, split } : judgment));
    return { added: judgments.length, ...this.add(judgments, "imported") };
  }

  /** Titles, and the first sentence of each text. */
  fromDocuments({ kinds = ["title", "cloze"] }) {
    const queries = [...this.#documents.values()].flatMap(({ id, title, text }) => [
      ...(kinds.includes("title") && title ? [{ query: title, document: id, kind: "title" }] : []),
      ...(kinds.includes("cloze") ? [{ query: text.split(".")[0], document: id, kind: "cloze" }] : []),
    ]);
    return { queries, ...this.add(queries.map((judgment) => ({ ...judgment, relevant: true, source: "synthetic" }))) };
  }

  /** Each click says yes, and nothing else counts. */
  fromClicks(impressions) {
    const clicks = impressions.flatMap(({ query, clicks }) => clicks.map(({ document }) => ({ query, document })));
    const known = clicks.filter(({ document }) => this.#documents.has(document));
    const judgments = known.map((pair) => ({ ...pair, relevant: true, source: "click", impressions: 1 }));
    return { judgments, leftOut: clicks.length - known.length, ...this.add(judgments, "feedback") };
  }

  #change(action, edits) {
    const states = (from) => [...edits.keys()].map(from).filter(Boolean);
    const before = states((key) => this.#all.get(key));
    this.#put(edits);
    this.#count += 1;
    this.#past.push({ number: this.#count, at: Date.now(), action, before, after: states((key) => edits.get(key)) });
    this.#future = [];
  }

  #put(edits) {
    for (const [key, judgment] of edits) judgment ? this.#all.set(key, judgment) : this.#all.delete(key);
  }

  #travel(from, to, wanted, present) {
    const change = from.pop();
    if (!change) return null;
    to.push(change);
    const known = change[wanted].filter(({ document }) => this.#documents.has(document));
    this.#put(new Map([...change[present].map((judgment) => [keyOf(judgment), null]), ...known.map((judgment) => [keyOf(judgment), judgment])]));
    return { change, skipped: change[wanted].length - known.length, total: this.total };
  }
}

function jsonl(text) {
  return text.split("\n").filter((row) => row.trim() !== "").map((row, at) => {
    try {
      return JSON.parse(row);
    } catch {
      throw coded("INPUT_INVALID", `line ${at + 1}: is not JSON`);
    }
  });
}

function fromBeir({ queries, qrels }) {
  const texts = new Map(jsonl(queries).map(({ _id, text }) => [_id, text]));
  const rows = qrels.split("\n").slice(1).filter(Boolean).map((row) => row.split("\t"));
  return rows.map(([query, document, score]) => ({ query: texts.get(query), document, relevant: Number(score) > 0, grade: Number(score) }));
}
