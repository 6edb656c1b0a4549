/** The reference: nothing public lacks a comment, everything public is on the page, every link on it leads somewhere. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as nearmiss from "../../pkg/dist/index.js";
import { prose } from "../../tools/reference/page.mjs";
import { ENTRY, OUT, reference } from "../../tools/reference.mjs";
import { modulesOf } from "../../tools/reference/symbols.mjs";

const symbols = modulesOf(ENTRY).flatMap(({ exports }) => exports);
await reference();
const html = readFileSync(OUT, "utf8");

test("it finds what importing the package gives, and types besides", () => {
  const values = symbols.filter(({ kind }) => kind !== "type" && kind !== "interface").map(({ name }) => name);
  assert.deepEqual(values.sort(), Object.keys(nearmiss).sort());
  assert.ok(symbols.some(({ name, kind }) => name === "TrainEvent" && kind === "type"));
  const search = symbols.find(({ name }) => name === "Nearmiss").members.find(({ name }) => name === "search");
  assert.equal(search.code, "search(query: string, options?: SearchOptions): Promise<Hit[]>");
  assert.match(search.doc, /^The best documents, best first\.[^]*@throws/);
});

test("every exported symbol has a comment", () => {
  assert.deepEqual(symbols.filter(({ doc }) => !doc).map(({ name }) => name), []);
});

test("every method, option and field has one too", () => {
  const members = symbols.flatMap(({ name, members }) => members.map((member) => ({ ...member, name: `${name}.${member.name}` })));
  assert.ok(members.length > 300, `only ${members.length} were looked at`);
  assert.deepEqual(members.filter(({ doc, selfEvident }) => !doc && !selfEvident).map(({ name }) => name), []);
});

test("everything that gives a promise, or events, says with what it rejects, or that it never does", () => {
  const asynchronous = symbols.flatMap(({ name, code, doc, kind, members }) => [
    ...(kind === "function" ? [{ name, code, doc }] : []),
    ...members.filter(({ selfEvident }) => !selfEvident).map((member) => ({ ...member, name: `${name}.${member.code.split("(")[0]}` })),
  ]).filter(({ code }) => /\)\s*(?::|=>) (?:Promise|AsyncGenerator)</.test(code));
  assert.ok(asynchronous.length > 35, `only ${asynchronous.length} were looked at`);
  const silent = asynchronous.filter(({ doc }) => !/@throws \{NearmissError\} \S|Never rejects\./.test(doc ?? ""));
  assert.deepEqual(silent.map(({ name }) => name), []);
});

test("create names every code that it can reject with", () => {
  const { doc } = symbols.find(({ name }) => name === "Nearmiss").members.find(({ name }) => name === "create");
  const codes = symbols.find(({ name }) => name === "ErrorCode").code.match(/"[A-Z_]+"/g).map((code) => code.slice(1, -1));
  // Of an instance that exists: its documents, its weights, its end, its bugs.
  const later = ["MODEL_MISMATCH", "INSUFFICIENT_DATA", "DISPOSED", "INTERNAL"];
  assert.deepEqual(codes.filter((code) => !later.includes(code) && !doc.includes(`\`${code}\``)), []);
});

test("every symbol is on the page once, and every link leads to one", () => {
  const anchors = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  for (const { name } of symbols) assert.equal(anchors.filter((id) => id === name).length, 1, name);
  const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  assert.ok(links.length > symbols.length);
  assert.deepEqual(links.filter((id) => !anchors.includes(id)), []);
});

test("the page needs no script and nothing from elsewhere", () => {
  assert.doesNotMatch(html, /<script|<style| style=|https?:\/\/[^"<]*"/);
  assert.match(html, /content="default-src 'none'; style-src 'self'; img-src data:"/);
});

test("a comment's paragraphs, code, lists and tags become HTML, and its angle brackets stay text", () => {
  assert.equal(prose("One `a<b>`.\n\nTwo:\n- x\n- y\n\n```ts\nf<T>();\n```\n\n@throws {NearmissError} `ABORTED`"), [
    "<p>One <code>a&lt;b&gt;</code>.</p>", "<p>Two:</p><ul><li>x</li><li>y</li></ul>", "<pre><code>f&lt;T&gt;();</code></pre>",
    '<p class="tag"><strong>Rejects with</strong> <code>ABORTED</code></p>',
  ].join("\n"));
});
