/** All notes on one plane, with the followed question, its answer and its negatives, and the way they went since the start. */
import { byId, setText } from "../../dom.ts";
import type { Run } from "../../learn/frames.ts";
import type { Store } from "../../state.ts";
import { strings } from "../../strings.ts";
import { momentOf, type Moment } from "./moment.ts";
import { drawLine, moveTo, picture, point, SIDE, svg, within } from "./svg.ts";

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
  const label = svg("text", { class: "name", "aria-hidden": "true" });
  const drawing = picture({ role: "img" }, dots, trails, marks, label);
  byId("map").append(drawing);
  store.watch(
    (state) => [state.run, state.lesson, state.titles],
    (state) => {
      const moment = momentOf(state);
      if (!moment) return;
      const { share } = moment.run;
      drawing.setAttribute("aria-label", strings.learn.map(share));
      setText(byId("map-note"), strings.learn.mapNote(share));
      const scale = scaleOf(moment.run);
      drawDots(dots, moment, scale);
      drawMarks(marks, trails, moment, scale);
      label.textContent = "";
    },
  );
  drawing.addEventListener("pointermove", (event) => {
    const moment = momentOf(store.state);
    if (moment) name(label, moment, scaleOf(moment.run), within(drawing, event));
  });
  drawing.addEventListener("pointerleave", () => (label.textContent = ""));
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
  const { frame, start, run, query, positive, negatives } = moment;
  const question = frame.places.length - run.questions.length + query;
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

/** Says which note the pointer is on, on the side where there is room. */
function name(label: SVGTextElement, moment: Moment, scale: ToPicture, { x, y }: { x: number; y: number }): void {
  let best = { distance: REACH, text: "", place: [0, 0] as Place };
  const consider = (text: string, place: Place) => {
    const [px, py] = scale(place);
    const distance = Math.hypot(px - x, py - y);
    if (distance < best.distance) best = { distance, text, place: [px, py] };
  };
  for (const [at, place] of notesOf(moment).entries()) consider(moment.title(at), place);
  const own = moment.frame.places.at(moment.query - moment.run.questions.length);
  if (own) consider(strings.learn.question, own);
  label.textContent = best.text;
  label.setAttribute("text-anchor", best.place[0] > 0 ? "end" : "start");
  moveTo(label, best.place[0] + (best.place[0] > 0 ? -10 : 10), best.place[1] - 10);
}
