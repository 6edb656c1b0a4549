/** Calls as a developer would write them. */
import { strings } from "../strings.ts";

/** Longest string and list that are written out; what is left out is told of in a comment. */
export interface Limits {
  letters: number;
  items: number;
}

/** To be looked at, and to be run. */
export const SHORT: Limits = { letters: 90, items: 2 };
export const WHOLE: Limits = { letters: Number.POSITIVE_INFINITY, items: Number.POSITIVE_INFINITY };

/** These are part of how the page waits, not of what it asks for. */
const PLUMBING = new Set(["signal", "onProgress"]);

/** `code("documents.remove", [["a"]])` → `await nm.documents.remove(["a"]);` */
export function code(path: string, args: readonly unknown[], limits = SHORT): string {
  const written = args.map((arg) => print(arg, limits)).filter((text, at) => !(text === "{}" && at === args.length - 1));
  const call = `nm.${path}(${written.join(", ")})`;
  return path === "train" || path === "answer" ? `for await (const event of ${call}) console.log(event);` : `await ${call};`;
}

/** The first line of a program that does what the page did. */
export function creation(options: object): string {
  const written = print(options, WHOLE);
  return `import { Nearmiss } from "nearmiss";\n\nconst nm = await Nearmiss.create(${written === "{}" ? "" : written});`;
}

function print(value: unknown, limits: Limits): string {
  const { standIn } = strings.build;
  if (typeof value === "string") return text(value, limits);
  if (value instanceof URL) return JSON.stringify(value.pathname.slice(1));
  if (value instanceof Blob) return standIn.file;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return standIn.bytes;
  if (typeof value === "function") return standIn.function;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return list(value, limits);
  const fields = Object.entries(value).filter(([name, field]) => field !== undefined && !PLUMBING.has(name));
  return fields.length === 0 ? "{}" : `{ ${fields.map(([name, field]) => `${key(name)}: ${print(field, limits)}`).join(", ")} }`;
}

function text(value: string, { letters }: Limits): string {
  if (value.length <= letters) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, letters))} /* ${strings.build.more.characters(value.length - letters)} */`;
}

function list(values: unknown[], limits: Limits): string {
  const shown = values.slice(0, limits.items).map((value) => print(value, limits));
  const rest = values.length - shown.length;
  return `[${shown.join(", ")}${rest > 0 ? `, /* ${strings.build.more.items(rest)} */` : ""}]`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** What a call gave, as text: JSON, with vectors and bytes cut short. */
export function display(value: unknown, most = 20_000): string {
  const text = JSON.stringify(value ?? null, (_, part: unknown) => (ArrayBuffer.isView(part) ? vector(part) : part), 2);
  return text.length > most ? `${text.slice(0, most)}\n… ${strings.build.more.characters(text.length - most)}` : text;
}

function vector(view: ArrayBufferView): string {
  if (!(view instanceof Float32Array)) return strings.build.more.bytes(view.byteLength);
  const start = [...view.subarray(0, 4)].map((number) => number.toFixed(4)).join(", ");
  return `Float32Array(${view.length}) [${start}${view.length > 4 ? ", …" : ""}]`;
}
