/** Under the results: an answer with its sources, or the passages for one. */
import type { CheckedSentence, Citation, Context, Passage } from "nearmiss";
import { announce, byId, el, setText } from "../dom.ts";
import type { Session } from "../session.ts";
import type { Answered, State, Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountAnswer(store: Store, session: Session): void {
  const ask = byId<HTMLButtonElement>("answer-ask");
  const stop = byId<HTMLButtonElement>("answer-stop");
  ask.addEventListener("click", () => void session.answers.ask());
  stop.addEventListener("click", () => session.answers.stop());
  byId("answer-download").addEventListener("click", () => void session.answers.download());
  byId("answer-copy").addEventListener("click", () => {
    void session.answers.copy().then((copied) => setText(byId("answer-copied"), copied ? strings.answer.copied : strings.answer.notCopied));
  });

  store.watch((state) => [state.hits], () => session.answers.clear());
  store.watch(
    (state) => [state.hits, state.phase, state.answered?.stage],
    ({ hits, phase, answered }) => {
      byId("answer").hidden = hits === null || hits.length === 0;
      showControls(ask, stop, phase === "ready", underWay(answered));
    },
  );
  store.watch((state) => [state.answered?.stage, state.builtIn], showNote);
  store.watch((state) => [state.answered?.text, state.answered?.stage], ({ answered }) => showText(answered));
  store.watch((state) => [state.answered?.context], ({ answered }) => showPassages(answered));
  // What stands in for an answer is shown at once; beside an answer it is a place to look things up.
  store.watch((state) => [state.answered?.stage], ({ answered }) => {
    if (answered?.stage === "passages" || answered?.stage === "reading") byId<HTMLDetailsElement>("answer-sources").open = answered.stage === "passages";
  });
}

function underWay(answered: Answered | null): boolean {
  return answered?.stage === "reading" || answered?.stage === "writing";
}

/** A control that is about to go hands the focus on to the one that takes its place. */
function showControls(ask: HTMLButtonElement, stop: HTMLButtonElement, ready: boolean, running: boolean): void {
  const focused = document.activeElement;
  if (running) stop.hidden = false;
  else ask.disabled = !ready;
  if (running && focused === ask) stop.focus();
  if (!running && focused === stop) ask.focus();
  stop.hidden = !running;
  ask.disabled = running || !ready;
}

/** One line: what is going on, or what came of it. Said aloud when it is over, not token by token. */
function showNote({ answered, builtIn }: State): void {
  const passages = answered?.stage === "passages";
  const found = (answered?.context?.passages.length ?? 0) > 0;
  byId("answer-download").hidden = !(passages && found && builtIn?.available === "downloadable");
  byId("answer-copy-row").hidden = !(passages && found);
  setText(byId("answer-copied"), "");
  setText(byId("answer-progress"), passages && builtIn?.available === "downloading" ? strings.answer.downloading(builtIn.share) : "");
  const note = noteOf(answered, builtIn?.reason ?? "");
  if (note === byId("answer-note").textContent) return;
  setText(byId("answer-note"), note);
  if (answered && !underWay(answered)) announce(note);
}

function noteOf(answered: Answered | null, reason: string): string {
  if (!answered) return "";
  const { stage, context, sentences, text } = answered;
  if (stage === "reading" || stage === "writing") return strings.answer[stage];
  if (stage === "stopped") return strings.answer.stopped(text !== "");
  if (context?.passages.length === 0) return strings.answer.nothing;
  if (stage === "passages") return strings.answer.instead(reason);
  const unsupported = sentences.filter((sentence) => !sentence.supported).length;
  return sentences.length === 0 ? "" : strings.answer.finished(sentences.length, unsupported);
}

function showText(answered: Answered | null): void {
  const box = byId("answer-text");
  const done = answered?.stage === "done" && answered.context !== null && answered.context.passages.length > 0;
  const text = answered && answered.context?.passages.length !== 0 ? answered.text : "";
  box.hidden = text === "";
  byId("answer-check").hidden = !done;
  if (done && answered.context) box.replaceChildren(...cited(text, answered.sentences, answered.context));
  else setText(box, text);
}

/** The text with its citations as links, and a word behind each sentence that no source bears out. */
function cited(text: string, sentences: readonly CheckedSentence[], context: Context): (Node | string)[] {
  const nodes: (Node | string)[] = [];
  let at = 0;
  for (const sentence of sentences) {
    nodes.push(text.slice(at, sentence.start), ...sentenceNodes(text, sentence, context));
    at = sentence.end;
  }
  return [...nodes, text.slice(at)];
}

function sentenceNodes(text: string, { start, end, citations, supported }: CheckedSentence, context: Context): Node[] {
  const inner: (Node | string)[] = [];
  let at = start;
  for (const citation of citations) {
    inner.push(text.slice(at, citation.start), citationNode(citation, context.passages));
    at = citation.end;
  }
  inner.push(text.slice(at, end));
  const span = el("span", { class: supported ? "borne-out" : "unsupported", "data-testid": "sentence" }, ...inner);
  return supported ? [span] : [span, el("small", { class: "lacking" }, ` (${reason(citations)})`)];
}

function citationNode({ number }: Citation, passages: readonly Passage[]): Node | string {
  const passage = passages.find(({ citation }) => citation === number);
  if (!passage) return String(number);
  const link = el("a", { href: `#${passageId(number)}`, class: "cite", "aria-label": strings.answer.cited(number, passage.title || passage.id) }, String(number));
  link.addEventListener("click", (event) => {
    // The address holds settings, which a link within the page must not replace.
    event.preventDefault();
    byId<HTMLDetailsElement>("answer-sources").open = true;
    const target = byId(passageId(number));
    target.scrollIntoView({ block: "nearest" });
    target.focus({ preventScroll: true });
  });
  return link;
}

/** By the citation that comes nearest to bearing the sentence out. */
function reason(citations: readonly Citation[]): string {
  const [first] = citations;
  if (!first) return strings.answer.uncited;
  const best = citations.filter(({ known }) => known).sort((a, b) => b.support - a.support)[0];
  if (!best) return strings.answer.unknown(first.number);
  return best.opposed ? strings.answer.opposed : strings.answer.lacks(best.missing);
}

function showPassages(answered: Answered | null): void {
  const passages = answered?.context?.passages ?? [];
  byId("answer-sources").hidden = passages.length === 0;
  const items = passages.map(({ citation, title, id, text }) =>
    el(
      "li",
      { id: passageId(citation), tabindex: "-1", "data-testid": "answer-passage" },
      el("b", {}, strings.answer.passage(citation, title || id)),
      el("p", { class: "whole" }, text),
    ),
  );
  byId("answer-passages").replaceChildren(...items);
}

function passageId(citation: number): string {
  return `answer-passage-${citation}`;
}
