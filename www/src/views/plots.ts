/** What every chart on the page needs. */

/** CSS pixels; the style sheet keeps this much free, so that nothing moves when a chart arrives. */
export const HEIGHT = 180;

/** Makes one picture with one name of what Plot drew, in line with the page's policy. */
export function asPicture(chart: Element): Element {
  // Plot brings its rules as an inline style element, which the policy refuses; style.css has them instead.
  chart.querySelector("style")?.remove();
  // Plot's labels on the groups inside are not allowed without a role.
  chart.setAttribute("role", "img");
  for (const group of chart.querySelectorAll("g")) group.removeAttribute("aria-label");
  return chart;
}

/** Charts that wait for their turn. */
const waiting = new Set<() => void>();
let frame = 0;

/** One chart a frame: a chart takes 10 to 30 ms to draw, and several at once would hold up whoever types or scrolls. */
function drawNext(): void {
  const [draw] = waiting;
  if (draw) waiting.delete(draw);
  frame = waiting.size > 0 ? requestAnimationFrame(drawNext) : 0;
  draw?.();
}

/** Draws when told and when the width changes, at most once a frame. */
export function onFrames(container: HTMLElement, draw: () => void): () => void {
  const ask = () => {
    waiting.add(draw);
    frame ||= requestAnimationFrame(drawNext);
  };
  new ResizeObserver(ask).observe(container);
  return ask;
}
