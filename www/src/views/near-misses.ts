/** The near misses themselves, by right answer. */
import type { Document, Example, Negative } from "nearmiss";
import { titleOf } from "../catalogue.ts";
import { button, byId, el, setText } from "../dom.ts";
import type { Session } from "../session.ts";
import type { Store } from "../state.ts";
import { strings } from "../strings.ts";
import { whyDetails } from "./why.ts";

/** So many questions at a time. */
const PAGE = 10;

export function mountNearMisses(store: Store, session: Session): void {
  const box = byId<HTMLDetailsElement>("near-misses-box");
  const list = byId("near-misses");
  const more = byId<HTMLButtonElement>("more-near-misses");
  const add = () => {
    const { nearMisses, documents } = store.state;
    const from = list.children.length;
    const next = nearMisses.slice(from, from + PAGE).map((example) => item(example, documents, session));
    list.append(...next);
    const left = nearMisses.length - list.children.length;
    more.hidden = left === 0;
    setText(more, strings.mining.more(left));
    return next;
  };
  more.addEventListener("click", () => add()[0]?.querySelector<HTMLElement>("button, summary")?.focus());
  const restart = () => {
    list.replaceChildren();
    if (box.open) add();
  };
  box.addEventListener("toggle", restart);
  store.watch((state) => [state.nearMisses], restart);
  store.watch(
    (state) => [state.nearMisses, state.mined],
    ({ nearMisses, mined }) => {
      // What training mined it counts, but does not name: beside its numbers older notes would mislead.
      box.hidden = nearMisses.length === 0 || mined === null || mined.step !== null;
    },
  );
}

function item({ query, positive, positiveScore, negatives }: Example, documents: readonly Document[], session: Session): HTMLElement {
  const ask = button(query, { class: "plain" }, () => void session.search.ask(query));
  const answer = el("small", {}, strings.mining.answer(titleOf(documents, positive), positiveScore));
  const misses = negatives.map((negative) => miss(query, negative, documents, session));
  return el("li", {}, ask, answer, el("ul", {}, ...misses));
}

function miss(query: string, negative: Negative, documents: readonly Document[], session: Session): HTMLElement {
  const { document, synthetic, score, rank, source } = negative;
  const facts = el("small", {}, strings.mining.one(score, rank, strings.mining.source[source]));
  if (document === null) return el("li", {}, synthetic ? strings.mining.changed(synthetic.from, synthetic.to) : "", facts);
  return el("li", { "data-testid": "near-miss", "data-id": document }, el("b", {}, titleOf(documents, document)), facts, whyDetails(session, query, document));
}
