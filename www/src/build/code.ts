/** Calls as a developer would write them. */

/** Longest string and list that are written out; what is left out is told of in a comment. */
const MOST_LETTERS = 90;
const MOST_ITEMS = 2;
/** These are part of how the page waits, not of what it asks for. */
const PLUMBING = new Set(["signal", "onProgress"]);

/** `code("documents.remove", [["a"]])` → `await nm.documents.remove(["a"]);` */
export function code(path: string, args: readonly unknown[]): string {
  const written = args.map(print).filter((text, at) => !(text === "{}" && at === args.length - 1));
  const call = `nm.${path}(${written.join(", ")})`;
  return path === "train" || path === "answer" ? `for await (const event of ${call}) console.log(event);` : `await ${call};`;
}

/** The first line of a program that does what the page did. */
export function creation(options: object): string {
  const written = print(options);
  return `import { Nearmiss } from "nearmiss";\n\nconst nm = await Nearmiss.create(${written === "{}" ? "" : written});`;
}

function print(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > MOST_LETTERS ? `${value.slice(0, MOST_LETTERS)}…` : value);
  if (value instanceof URL) return JSON.stringify(value.pathname.slice(1));
  if (value instanceof Blob) return "file";
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return "bytes";
  if (typeof value === "function") return "yourFunction";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return list(value);
  const fields = Object.entries(value).filter(([name, field]) => field !== undefined && !PLUMBING.has(name));
  return fields.length === 0 ? "{}" : `{ ${fields.map(([name, field]) => `${key(name)}: ${print(field)}`).join(", ")} }`;
}

function list(values: unknown[]): string {
  const shown = values.slice(0, MOST_ITEMS).map(print);
  const rest = values.length - shown.length;
  return `[${shown.join(", ")}${rest > 0 ? `, /* ${rest} more */` : ""}]`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** What a call gave, as text: JSON, with vectors and bytes cut short. */
export function display(value: unknown, most = 20_000): string {
  const text = JSON.stringify(value ?? null, (_, part: unknown) => (ArrayBuffer.isView(part) ? vector(part) : part), 2);
  return text.length > most ? `${text.slice(0, most)}\n… ${text.length - most} more characters` : text;
}

function vector(view: ArrayBufferView): string {
  if (!(view instanceof Float32Array)) return `${view.byteLength} bytes`;
  const start = [...view.subarray(0, 4)].map((number) => number.toFixed(4)).join(", ");
  return `Float32Array(${view.length}) [${start}${view.length > 4 ? ", …" : ""}]`;
}
