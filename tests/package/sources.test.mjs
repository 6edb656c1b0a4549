/** Documents from files and folders. */
import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import { firstHeading, toDocuments } from "../../pkg/dist/sources.js";

const file = (name, ...parts) => new File(parts, name);

function folder(name, entries) {
  return { kind: "directory", name, values: async function* () { yield* entries; } };
}

const entry = (name, text) => ({ kind: "file", name, getFile: async () => file(name, text) });

test("a file's id is its path, its title the first heading of Markdown, else its name", async () => {
  const listed = Object.defineProperty(file("b.md", "text\n\n## Second ##\n"), "webkitRelativePath", { value: "notes/b.md" });
  const documents = await toDocuments([file("a.txt", "# not a heading here"), listed, file("c.md", "no heading")]);
  assert.deepEqual(documents, [
    { id: "a.txt", title: "a.txt", text: "# not a heading here" },
    { id: "notes/b.md", title: "Second", text: "text\n\n## Second ##\n" },
    { id: "c.md", title: "c.md", text: "no heading" },
  ]);
});

test("headings inside code are no headings", () => {
  assert.equal(firstHeading("```sh\n# comment\n```\n# Real\n"), "Real");
  assert.equal(firstHeading("~~~\n```\n# a\n~~~\n\n### C# and F#"), "C# and F#");
  assert.equal(firstHeading("#hashtag"), undefined);
});

test("a folder gives its text files with their paths, in the same order each time", async () => {
  const tree = folder("notes", [entry("z.md", "# Z"), folder("sub", [entry("b.txt", "b"), entry("photo.png", "\u0000")]), entry("a.md", "a")]);
  const documents = await toDocuments(tree);
  assert.deepEqual(documents.map(({ id, title }) => [id, title]), [["a.md", "a.md"], ["sub/b.txt", "b.txt"], ["z.md", "Z"]]);
});

test("a bare Blob gets the same id for the same content", async () => {
  const [one, two, other] = await toDocuments([new Blob(["same"]), new Blob(["same"]), new Blob(["other"])]);
  assert.match(one.id, /^blob-[0-9a-f]{16}$/);
  assert.equal(one.id, two.id);
  assert.notEqual(one.id, other.id);
});

test("what is not text is refused with its place and name, and then nothing is added", async () => {
  await assert.rejects(toDocuments([file("a.txt", "fine"), file("b.pdf", new Uint8Array([0x25, 0xff, 0xfe]))]), {
    code: "INPUT_INVALID",
    message: /documents\[1\] \(b\.pdf\).*UTF-8/,
  });
  await assert.rejects(toDocuments(file("c.bin", "a\0b")), { code: "INPUT_INVALID", message: /c\.bin.*binary/ });
});
