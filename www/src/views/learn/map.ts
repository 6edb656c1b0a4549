/** All notes on one plane, with the followed question, its answer and its negatives, and the way they went since the start. */
import { byId, setText } from "../../dom.ts";
import type { Run } from "../../learn/frames.ts";
import type { Store } from "../../state.ts";
import { strings } from "../../strings.ts";
import { momentOf, type Moment } from "./moment.ts";
import { drawLine, moveTo, nameBeside, picture, point, SIDE, svg, within } from "./svg.ts";

const EDGE = 16;
/** A live training may go farther than it has gone so far. */
const ROOM = 1.05;
/** Units of the picture in which a pointer finds a note. */
const REACH = 14;

type Place = [number, number];
type ToPicture = (place: Place) => Place;

export function mountMap(store: Store): void {
  const trails = svg("g", { class: "trails" });
  const dots = svg("g", { class: "dots" });
  const marks = svg("g");
  const name = new Name();
  const drawing = picture({ role: "slider", tabindex: "0", "aria-valuemin": 1 }, dots, trails, marks, name.group);
  byId("map").append(drawing);
  const scaled = (): Scaled | null => {
    const moment = momentOf(store.state);
    return moment && { moment, scale: scaleOf(moment.run) };
  };
  store.watch(
    (state) => [state.run, state.lesson, state.titles],
    () => {
      const shown = scaled();
      if (!shown) return;
      const { share } = shown.moment.run;
      drawing.setAttribute("aria-label", strings.learn.map(share));
      setText(byId("map-note"), strings.learn.mapNote(share));
      drawDots(dots, shown.moment, shown.scale);
      drawMarks(marks, trails, shown.moment, shown.scale);
      name.follow(shown);
      tellOf(drawing, shown, name.at);
    },
  );
  // A finger that is lifted leaves the name where it was; another touch takes it elsewhere.
  for (const type of ["pointermove", "pointerdown"] as const) {
    drawing.addEventListener(type, (event) => {
      const shown = scaled();
      if (shown) name.show(shown, nearest(placesOf(shown), within(drawing, event), REACH));
    });
  }
  drawing.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && name.hide());
  drawing.addEventListener("focus", () => {
    const shown = scaled();
    if (shown && drawing.matches(":focus-visible")) name.show(shown, questionOf(shown.moment));
  });
  drawing.addEventListener("blur", () => name.hide());
  drawing.addEventListener("keydown", (event) => {
    const shown = scaled();
    const next = shown && towards(event.key, placesOf(shown), name.at ?? questionOf(shown.moment));
    if (!shown || next === null) return;
    event.preventDefault();
    name.show(shown, next);
    tellOf(drawing, shown, next);
  });
}

interface Scaled {
  moment: Moment;
  scale: ToPicture;
}

/** The name of one note, with a ring around its place. Which note it is stays when places change. */
class Name {
  readonly group: SVGGElement;
  /** Of the places; null while nothing is named. */
  at: number | null = null;
  readonly #ring = svg("circle", { class: "found", r: 9 });
  readonly #label = svg("text", { class: "name", "aria-hidden": "true" });

  constructor() {
    this.group = svg("g", {}, this.#ring, this.#label);
    this.hide();
  }

  show({ moment, scale }: Scaled, at: number | null): void {
    const place = at === null ? undefined : moment.frame.places[at];
    if (at === null || !place) return this.hide();
    const [x, y] = scale(place);
    this.at = at;
    this.group.style.display = "";
    moveTo(this.#ring, x, y);
    nameBeside(this.#label, titleAt(moment, at), x + (x > 0 ? -10 : 10), y - 10);
  }

  follow(shown: Scaled): void {
    this.show(shown, this.at);
  }

  hide(): void {
    this.at = null;
    this.#label.textContent = "";
    this.group.style.display = "none";
  }
}

/** For who hears the picture: the note that the keyboard has reached, of so many. */
function tellOf(drawing: SVGSVGElement, { moment }: Scaled, at: number | null): void {
  const { places } = moment.frame;
  const here = at ?? questionOf(moment);
  const number = here === questionOf(moment) ? notesOf(moment).length + 1 : here + 1;
  drawing.setAttribute("aria-valuemax", String(notesOf(moment).length + 1));
  drawing.setAttribute("aria-valuenow", String(Math.min(number, places.length)));
  drawing.setAttribute("aria-valuetext", titleAt(moment, here));
}

/** Places in the picture by their number; those of the other questions are not shown. */
function placesOf({ moment, scale }: Scaled): Map<number, Place> {
  const shown = [...notesOf(moment).keys(), questionOf(moment)];
  return new Map(shown.map((at) => [at, scale(moment.frame.places[at] ?? [0, 0])]));
}

function questionOf({ frame, run, query }: Moment): number {
  return frame.places.length - run.questions.length + query;
}

/** What a note is called, and what it is for the question that is followed. */
function titleAt(moment: Moment, at: number): string {
  if (at === questionOf(moment)) return strings.learn.question;
  const negative = moment.negatives.findIndex(([number]) => number === at);
  const role = at === moment.positive[0] ? strings.learn.positive : negative >= 0 ? strings.learn.negative(negative + 1) : null;
  return role === null ? moment.title(at) : `${role}: ${moment.title(at)}`;
}

function nearest(places: ReadonlyMap<number, Place>, { x, y }: { x: number; y: number }, reach: number): number | null {
  let best: { at: number | null; distance: number } = { at: null, distance: reach };
  for (const [at, [px, py]] of places) {
    const distance = Math.hypot(px - x, py - y);
    if (distance < best.distance) best = { at, distance };
  }
  return best.at;
}

/** How much farther away a note may be counted that lies to the side of where an arrow points. */
const SIDEWAYS = 2;

/** The nearest note in the direction of an arrow key; Home leads to the question. Null where the key or the map has none. */
function towards(key: string, places: ReadonlyMap<number, Place>, from: number): number | null {
  if (key === "Home") return [...places.keys()].at(-1) ?? null;
  const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const here = places.get(from);
  if (!direction || !here) return null;
  const [dx = 0, dy = 0] = direction;
  let best = { at: from, cost: Number.POSITIVE_INFINITY };
  for (const [at, [x, y]] of places) {
    const along = (x - here[0]) * dx + (y - here[1]) * dy;
    const cost = along + SIDEWAYS * Math.abs((x - here[0]) * dy + (y - here[1]) * dx);
    if (at !== from && along > 0 && cost < best.cost) best = { at, cost };
  }
  return best.at;
}

const scales = new WeakMap<Run, ToPicture>();

/** The same for a whole training, so that only notes move. */
function scaleOf(run: Run): ToPicture {
  const known = scales.get(run);
  if (known) return known;
  const places = run.frames.flatMap((frame) => frame.places);
  const extent = ([x, y]: Place) => Math.max(Math.abs(x), Math.abs(y));
  const farthest = places.reduce((most, place) => Math.max(most, extent(place)), 0.01) * ROOM;
  const unit = (SIDE / 2 - EDGE) / farthest;
  const scale: ToPicture = ([x, y]) => [x * unit, -y * unit];
  scales.set(run, scale);
  return scale;
}

function notesOf({ frame, run }: Moment): Place[] {
  return frame.places.slice(0, frame.places.length - run.questions.length);
}

function drawDots(group: SVGGElement, moment: Moment, scale: ToPicture): void {
  const places = notesOf(moment);
  while (group.childElementCount > places.length) group.lastElementChild?.remove();
  while (group.childElementCount < places.length) group.append(svg("circle", { r: 3.5 }));
  for (const [at, place] of places.entries()) {
    const dot = group.children[at];
    if (dot instanceof SVGElement) moveTo(dot, ...scale(place));
  }
}

/** Question, answer and negatives stay the same elements as long as their number does, and so glide. */
function drawMarks(marks: SVGGElement, trails: SVGGElement, moment: Moment, scale: ToPicture): void {
  const { frame, start, positive, negatives } = moment;
  const question = questionOf(moment);
  const shown: { key: string; at: number; make: () => SVGGElement }[] = [
    { key: "question", at: question, make: () => svg("g", { class: "point question" }, svg("path", { d: "M0 -12 L12 0 L0 12 L-12 0 Z" })) },
    ...negatives.map(([at], place) => ({ key: `negative ${place + 1}`, at, make: () => point("negative", String(place + 1)) })),
    { key: "positive", at: positive[0], make: () => point("positive", "✓") },
  ];
  const keys = new Set(shown.map(({ key }) => key));
  for (const old of [...marks.children, ...trails.children]) if (!keys.has(old.getAttribute("data-key") ?? "")) old.remove();
  for (const { key, at, make } of shown) {
    const [here, origin] = [scale(frame.places[at] ?? [0, 0]), scale(start.places[at] ?? [0, 0])];
    const trail = child(trails, key, () => svg("line", { class: key.split(" ")[0] ?? "" }));
    drawLine(trail, origin, here);
    moveTo(child(marks, key, make), ...here);
  }
}

/** The one with this key, made when there is none. */
function child<T extends SVGElement>(group: SVGGElement, key: string, make: () => T): T {
  const found = group.querySelector<T>(`[data-key="${key}"]`);
  if (found) return found;
  const made = make();
  made.setAttribute("data-key", key);
  group.append(made);
  return made;
}
