/** The question in the middle, its notes around it: the distance is exact (1 − cosine), the direction only keeps notes apart. */
import type { Scored } from "../../learn/frames.ts";
import { MARGINS, type Margin } from "../../learn/settings.ts";
import type { LessonSession } from "../../session/lesson.ts";
import type { Store } from "../../state.ts";
import { strings } from "../../strings.ts";
import { byId, setText } from "../../dom.ts";
import { countInside, firstCosine, momentOf, violation, type Moment } from "./moment.ts";
import { drawLine, moveTo, nameBeside, picture, point, SIDE, svg, within } from "./svg.ts";

/** 1 − cosine at the edge. */
const FARTHEST = 1.2;
const SCALE = (SIDE / 2 - 12) / FARTHEST;
/** Golden angle: however documents are numbered, neighbours in number lie apart. */
const TURN = Math.PI * (3 - Math.sqrt(5));
/** Of the ring's grip, below and to the right. */
const GRIP = Math.PI / 4;

const radius = (cosine: number) => Math.min(1 - cosine, FARTHEST) * SCALE;

export function mountDial(store: Store, session: LessonSession): void {
  const ring = svg("circle", { class: "ring" });
  const wide = svg("circle", { class: "grab" });
  const range = { "aria-valuemin": MARGINS[0], "aria-valuemax": MARGINS.at(-1) ?? 1 };
  const slider = { role: "slider", tabindex: "0", "aria-label": strings.learn.ring, ...range };
  const arrows = svg("path", { d: "M-4 -4 L4 4 M4 0 L4 4 L0 4 M-4 0 L-4 -4 L0 -4" });
  const grip = svg("g", { class: "grip", "data-testid": "ring", ...slider }, svg("circle", { r: 12 }), arrows);
  const trails = svg("g", { class: "trails" });
  const points = svg("g");
  const label = svg("text", { class: "name", "aria-hidden": "true" });
  const middle = svg("g", { class: "point question" }, svg("path", { d: "M0 -13 L13 0 L0 13 L-13 0 Z" }));
  const drawing = picture({ role: "group" }, ring, wide, trails, middle, points, grip, label);
  byId("dial").append(drawing);
  const notes = new Notes(points, trails, label);

  const draw = (moment: Moment) => {
    drawing.setAttribute("aria-label", strings.learn.dial(moment.question));
    const reach = Math.min(1 - moment.positive[1] + moment.run.margin, FARTHEST) * SCALE;
    for (const circle of [ring, wide]) circle.style.setProperty("r", `${reach.toFixed(2)}px`);
    moveTo(grip, reach * Math.cos(GRIP), reach * Math.sin(GRIP));
    const { margin, trouble } = moment.run;
    grip.setAttribute("aria-valuenow", String(margin));
    grip.setAttribute("aria-valuetext", strings.learn.ringValue(margin, countInside(moment)));
    grip.setAttribute("aria-disabled", String(trouble !== "none"));
    drawing.classList.toggle("fixed", trouble !== "none");
    notes.draw(moment);
  };
  store.watch(
    (state) => [state.run, state.lesson, state.titles],
    (state) => {
      const moment = momentOf(state);
      if (moment) draw(moment);
    },
  );
  byKeyboard(grip, store, session);
  byPointer(drawing, [wide, grip], store, session);
}

/** The points, one for each document that has been shown, so that it can move from place to place. */
class Notes {
  readonly #points: SVGGElement;
  readonly #trails: SVGGElement;
  readonly #label: SVGTextElement;
  #shown = new Map<string, { mark: SVGGElement; trail: SVGLineElement }>();

  constructor(points: SVGGElement, trails: SVGGElement, label: SVGTextElement) {
    this.#points = points;
    this.#trails = trails;
    this.#label = label;
  }

  draw(moment: Moment): void {
    const wanted = new Map<string, () => void>();
    const show = (scored: Scored, kind: "positive" | "negative", sign: string) => {
      const key = `${moment.query} ${kind} ${scored[0]}`;
      wanted.set(key, () => this.#place(key, moment, scored, kind, sign));
    };
    show(moment.positive, "positive", "✓");
    for (const [at, negative] of moment.negatives.entries()) show(negative, "negative", String(at + 1));
    for (const [key, { mark, trail }] of this.#shown) {
      if (wanted.has(key)) continue;
      mark.remove();
      trail.remove();
      this.#shown.delete(key);
    }
    for (const place of wanted.values()) place();
  }

  #place(key: string, moment: Moment, scored: Scored, kind: "positive" | "negative", sign: string): void {
    const [document, cosine] = scored;
    const shown = this.#shown.get(key) ?? { mark: this.#make(kind, sign), trail: this.#trails.appendChild(svg("line", { class: kind })) };
    this.#shown.set(key, shown);
    const angle = document * TURN;
    const at = (cosine: number): [number, number] => [radius(cosine) * Math.cos(angle), radius(cosine) * Math.sin(angle)];
    const text = shown.mark.querySelector("text");
    if (text) text.textContent = sign;
    const gap = violation(moment, scored);
    shown.mark.classList.toggle("inside", kind === "negative" && gap > 0);
    const role = kind === "positive" ? strings.learn.positive : strings.learn.negative(Number(sign));
    const name = `${role}: ${moment.title(document)}, ${strings.learn.similarity(scored)}${kind === "negative" ? `, ${strings.learn.by(gap)}` : ""}`;
    shown.mark.setAttribute("aria-label", name);
    shown.mark.dataset.title = moment.title(document);
    [shown.mark.dataset.x, shown.mark.dataset.y] = at(cosine).map((value) => value.toFixed(1));
    moveTo(shown.mark, ...at(cosine));
    drawLine(shown.trail, at(firstCosine(moment, document)?.cosine ?? cosine), at(cosine));
  }

  #make(kind: "positive" | "negative", sign: string): SVGGElement {
    const mark = this.#points.appendChild(point(kind, sign));
    mark.setAttribute("role", "img");
    mark.setAttribute("tabindex", "0");
    for (const type of ["pointerenter", "focus"]) mark.addEventListener(type, () => this.#name(mark));
    mark.addEventListener("blur", () => (this.#label.textContent = ""));
    // Not when a finger is lifted: the name would go as it came.
    mark.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && (this.#label.textContent = ""));
    return mark;
  }

  #name({ dataset }: SVGGElement): void {
    nameBeside(this.#label, dataset.title ?? "", Number(dataset.x), Number(dataset.y) - 16);
  }
}

function byKeyboard(grip: SVGGElement, store: Store, session: LessonSession): void {
  grip.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, Home: -MARGINS.length, End: MARGINS.length }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const { lesson } = store.state;
    if (lesson.trouble !== "none") return;
    const at = Math.min(Math.max(MARGINS.indexOf(lesson.margin) + by, 0), MARGINS.length - 1);
    session.change({ margin: MARGINS[at] ?? lesson.margin });
  });
}

function byPointer(drawing: SVGSVGElement, handles: SVGElement[], store: Store, session: LessonSession): void {
  let held = false;
  const follow = (event: PointerEvent) => {
    const moment = momentOf(store.state);
    if (!held || !moment || store.state.lesson.trouble !== "none") return;
    const { x, y } = within(drawing, event);
    const margin = nearest(Math.hypot(x, y) / SCALE - (1 - moment.positive[1]));
    if (margin !== store.state.lesson.margin) session.change({ margin });
  };
  for (const handle of handles) {
    handle.addEventListener("pointerdown", (event) => {
      held = true;
      drawing.setPointerCapture(event.pointerId);
      event.preventDefault();
      handles.at(-1)?.focus();
    });
  }
  drawing.addEventListener("pointermove", follow);
  for (const type of ["pointerup", "pointercancel"]) drawing.addEventListener(type, () => (held = false));
}

/** Of the margins that were recorded. */
function nearest(margin: number): Margin {
  return MARGINS.reduce((best, one) => (Math.abs(one - margin) < Math.abs(best - margin) ? one : best));
}

/** The question above the pictures, as a list to choose from. */
export function mountQuestions(store: Store, session: LessonSession): void {
  const select = byId<HTMLSelectElement>("lesson-query");
  select.addEventListener("change", () => session.change({ query: select.selectedIndex }));
  store.watch(
    (state) => [state.run?.questions.join("\n"), state.lesson.query],
    ({ run, lesson }) => {
      if (!run) return;
      while (select.options.length > run.questions.length) select.remove(select.options.length - 1);
      while (select.options.length < run.questions.length) select.add(new Option());
      for (const [at, question] of run.questions.entries()) {
        const option = select.options[at];
        if (option) setText(option, question);
      }
      select.disabled = false;
      select.selectedIndex = Math.min(lesson.query, run.questions.length - 1);
    },
  );
}
