/** SVG elements for the pictures of the lesson. Positions are set through the CSS object model: the page's policy refuses style attributes. */

const NAMESPACE = "http://www.w3.org/2000/svg";

type Attributes = Record<string, string | number>;

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Node[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Side of a picture, in its own units; the middle is 0, 0. */
export const SIDE = 400;

export function picture(attributes: Attributes, ...children: Node[]): SVGSVGElement {
  return svg("svg", { viewBox: `${-SIDE / 2} ${-SIDE / 2} ${SIDE} ${SIDE}`, ...attributes }, ...children);
}

export function moveTo(element: SVGElement, x: number, y: number): void {
  element.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px)`;
}

/** A line from one point to another. */
export function drawLine(line: SVGLineElement, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): void {
  for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) line.setAttribute(name, value.toFixed(2));
}

/** A point with a sign: answers are round, negatives square and numbered, so that neither colour nor sight of colour is needed. */
export function point(kind: "positive" | "negative", sign: string): SVGGElement {
  const shape = kind === "positive" ? svg("circle", { r: 11 }) : svg("rect", { x: -10, y: -10, width: 20, height: 20, rx: 3 });
  const label = svg("text", { "text-anchor": "middle", dy: "0.36em" });
  label.textContent = sign;
  return svg("g", { class: `point ${kind}` }, shape, label);
}

/** Room between a name and the edges of the picture. */
const EDGE = 6;

/** Writes a name beside a place and above it, whole if the picture is wide enough. */
export function nameBeside(label: SVGTextElement, text: string, x: number, y: number): void {
  label.textContent = text;
  const most = SIDE - 2 * EDGE;
  const length = label.getComputedTextLength();
  if (length > most) label.textContent = `${text.slice(0, Math.floor((text.length * most) / length) - 1)}…`;
  const shown = Math.min(length, most);
  // On the side where there is more room, and never beyond an edge.
  const left = x > 0 ? x - shown : x;
  moveTo(label, Math.min(Math.max(left, EDGE - SIDE / 2), SIDE / 2 - EDGE - shown), Math.max(y, 20 - SIDE / 2));
}

/** Where a pointer is, in the units of the picture. */
export function within(picture: SVGSVGElement, { clientX, clientY }: PointerEvent): { x: number; y: number } {
  const matrix = picture.getScreenCTM();
  return matrix ? new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse()) : { x: 0, y: 0 };
}
