/** What the pictures show, in words and numbers: what the step did, the notes of the question, and signs of trouble. */
import { announce, byId, el, setText } from "../../dom.ts";
import type { Scored } from "../../learn/frames.ts";
import type { Store } from "../../state.ts";
import { strings } from "../../strings.ts";
import { countInside, firstCosine, momentOf, violation, type Moment } from "./moment.ts";
import { signOf } from "./signs.ts";

export function mountTold(store: Store): void {
  store.watch(
    (state) => [state.run, state.lesson, state.titles],
    (state) => {
      const moment = momentOf(state);
      if (!moment) return;
      setText(byId("told"), tell(moment));
      setText(byId("lesson-caption"), strings.learn.caption(moment.question));
      byId("lesson-notes").replaceChildren(...rows(moment));
      const sign = signOf(moment);
      byId("sign").hidden = sign === null;
      setText(byId("sign"), sign === null ? "" : strings.learn.signs[sign]);
    },
  );
  // Read out where a step was asked for, and once when playing stops: not at every step of it.
  let first = true;
  store.watch(
    ({ lesson, playing, door, run }) => [lesson.step, lesson.query, playing, door, run === null],
    (state) => {
      const moment = momentOf(state);
      if (state.door !== "learn" || !moment || state.playing) return;
      if (!first) announce([tell(moment), byId("sign").textContent ?? ""].join(" ").trim());
      first = false;
    },
  );
}

export function tell(moment: Moment): string {
  const { frame, before, step, run, query, positive, negatives } = moment;
  const inside = countInside(moment);
  const last = before?.followed[query];
  if (!before || !last) return strings.learn.before(frame, inside, negatives.length, run.margin);
  const known = new Map(last.negatives);
  const changes = negatives.flatMap(([document, cosine]) => (known.has(document) ? [cosine - (known.get(document) ?? 0)] : []));
  const pushed = changes.reduce((sum, change) => sum + change, 0) / Math.max(changes.length, 1);
  const told = strings.learn.told(step, frame, positive[1] - last.positive[1], pushed, inside, negatives.length, run.margin);
  return told + (frame.same === null ? "" : strings.learn.renewed(frame.same));
}

function rows(moment: Moment): HTMLElement[] {
  const row = (scored: Scored, sign: string, kind: "positive" | "negative") => {
    const origin = firstCosine(moment, scored[0]);
    const isNew = origin === null || (origin.step === moment.step && moment.step > 0);
    const gap = violation(moment, scored);
    const role = kind === "positive" ? strings.learn.roles.positive : strings.learn.roles.negative(Number(sign));
    const badge = el("span", { class: `sign ${kind}`, "aria-hidden": "true" }, sign);
    const note = el("th", { scope: "row" }, badge, moment.title(scored[0]), el("span", { class: "visually-hidden" }, ` (${role})`));
    const change = strings.learn.change(isNew ? null : scored[1] - (origin?.cosine ?? 0));
    const cells = [strings.learn.similarity(scored), change, kind === "positive" ? "" : strings.learn.by(gap)].map((text) => el("td", {}, text));
    return el("tr", { class: kind === "negative" && gap > 0 ? "inside" : "" }, note, ...cells);
  };
  return [row(moment.positive, "✓", "positive"), ...moment.negatives.map((negative, at) => row(negative, String(at + 1), "negative"))];
}
