/** The few DOM helpers the views share. Text only ever becomes text nodes: nothing a person typed is parsed as HTML. */

type Child = Node | string;
type Attributes = Record<string, string | boolean>;

/** `el("b", { class: "x", hidden: true }, "text")`; an attribute that is false is left out. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** An element of index.html. @throws when the page lacks it, which is a fault of the page and not of anything a person did */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element #${id}`);
  return element as T;
}

export function button(label: string, attributes: Attributes, onClick: () => void): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onClick);
  return made;
}

/** Writes only what differs, so that screen readers and selections are left in peace. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Says something to screen readers; the message is short and final, never a running count. The same words twice are said twice. */
export function announce(text: string): void {
  byId("announce").replaceChildren(el("span", {}, text));
}

/** What was said last is not to be found on the page any longer. */
export function hush(): void {
  byId("announce").replaceChildren();
}

/** The checked value of a radio group. */
export function radios(name: string): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>(`input[type="radio"][name="${name}"]`)];
}
