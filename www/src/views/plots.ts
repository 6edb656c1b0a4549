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

/** Draws when told and when the width changes, at most once a frame. */
export function onFrames(container: HTMLElement, draw: () => void): () => void {
  let frame = 0;
  const ask = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };
  new ResizeObserver(ask).observe(container);
  return ask;
}
