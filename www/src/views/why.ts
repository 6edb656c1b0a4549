/** "Why this one?": looked up when it is unfolded, and told in words before numbers. */
import type { Hit, Why } from "nearmiss";
import { el } from "../dom.ts";
import { voice, type Side } from "../marks.ts";
import type { Session } from "../session.ts";
import type { Explained } from "../session/mining.ts";
import { strings } from "../strings.ts";
import { alignmentPart } from "./alignment.ts";
import { termsPart } from "./terms.ts";

/** Nothing is computed before a person asks; asked again, it is looked up again, as marks and weights change. */
export function whyDetails(session: Session, query: string, id: string, hit?: Hit): HTMLElement {
  const body = el("div", { class: "why-body" });
  const box = el("details", { class: "why", "data-testid": "why" }, el("summary", {}, strings.why.ask), body);
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    body.replaceChildren(el("p", { class: "hint" }, strings.why.asking));
    session.mining.why(query, id).then(
      (explained) => body.replaceChildren(...parts(explained, hit)),
      (error: unknown) => body.replaceChildren(failure(error)),
    );
  });
  return box;
}

function failure(error: unknown): HTMLElement {
  return el("p", { class: "notice", role: "alert" }, strings.why.failed(error instanceof Error ? error.message : String(error)));
}

function parts({ why, document, title, side }: Explained, hit: Hit | undefined): HTMLElement[] {
  return [rulesPart(why, side), searchesPart(why, title), termsPart(why.terms, why.query), alignmentPart(why, document ?? hit)];
}

/** The answer first: what training makes of it, and which rule decides. */
function rulesPart(why: Why, side: Side | undefined): HTMLElement {
  const { checks, eligible, judgment, positives } = why;
  const part = (verdict: string, ...more: HTMLElement[]) => el("div", { class: "why-part" }, el("p", { "data-testid": "why-verdict" }, verdict), ...more);
  if (judgment) return part(strings.why.judged(judgment.relevant, strings.judgments.who[voice(judgment)]));
  if (positives.length === 0) return part(strings.why.noAnswers);
  const broken = checks.filter((check) => !check.passed);
  const passed = checks.filter((check) => check.passed && isOn(check));
  const verdict = side === "held-out" ? strings.why.test : eligible ? strings.why.eligible : strings.why.notEligible;
  return part(verdict, el("ul", { class: "checks" }, ...[...broken, ...passed].map(checkItem)));
}

/** These always hold; of the others a limit says that they were asked for. */
const ALWAYS: readonly string[] = ["positive", "copy", "labelled", "sibling"] satisfies Why["checks"][number]["rule"][];

function isOn({ rule, limit }: Why["checks"][number]): boolean {
  return limit !== null || ALWAYS.includes(rule);
}

function checkItem({ rule, value, limit, passed }: Why["checks"][number]): HTMLElement {
  const measured = strings.why.measured(rule, value, limit);
  const state = el("span", { class: "visually-hidden" }, `${strings.why.passed[`${passed}`]}: `);
  const item = el("li", { class: passed ? "passed" : "broken" }, state, strings.why.check(rule, passed));
  if (measured) item.append(el("small", {}, measured));
  return item;
}

/** The two searches, then the right answers that it is measured against. */
function searchesPart({ dense, lexical, positives }: Why, title: (id: string) => string): HTMLElement {
  const rows = [
    fact(strings.why.dense, dense ? strings.why.place(dense.rank, strings.why.similarity(dense.score)) : strings.why.unread),
    fact(strings.why.lexical, strings.why.place(lexical.rank, strings.why.points(lexical.score))),
    ...positives.map(({ document, score, rank }) => fact(strings.why.answer(title(document)), strings.why.place(rank, strings.why.similarity(score)))),
  ];
  return el("div", { class: "why-part" }, el("p", { class: "why-title" }, strings.why.searches), el("dl", { class: "places" }, ...rows));
}

function fact(name: string, value: string): HTMLElement {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}
