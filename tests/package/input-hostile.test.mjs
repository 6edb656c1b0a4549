/** Files that are broken, or made to do harm: each comes to documents or to one typed error, and never stops the next. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { NearmissError, readFiles } from "../../pkg/dist/index.js";
import { docx, pdf, utf8 } from "./input-files.mjs";

/** What a file is refused with. The file after it must be read. */
async function refusal(path, content, options) {
  const files = [{ path, bytes: typeof content === "string" ? utf8(content) : content }, { path: "next.txt", bytes: utf8("still read") }];
  const all = [];
  for await (const read of readFiles(files, options)) all.push(read);
  assert.equal(all[1].documents[0].text, "still read");
  assert.ok(all[0].error instanceof NearmissError, `${path} was read: ${JSON.stringify(all[0].documents?.slice(0, 2))}`);
  assert.equal(all[0].error.code, "INPUT_INVALID", all[0].error.message);
  assert.ok(all[0].error.message.startsWith(`${path}: `), all[0].error.message);
  return all[0].error.message;
}

const GOOD = pdf([["Quokkas sleep under the jetty."]]);

const CASES = [
  ["an empty file", "a.txt", "", /is empty/],
  ["blanks alone", "a.md", " \n\t\n ", /holds no text/],
  ["a binary file named .txt", "a.txt", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 0, 0, 0]), /is a binary file, not text/],
  ["a picture named .csv", "a.csv", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]), /is a binary file/],
  ["a kind that is not read", "a.xlsx", "x", /is of a kind that cannot be read; what can be read are/],
  ["a PDF file that is cut short", "a.pdf", GOOD.slice(0, 150), /is damaged, or no PDF file/],
  ["text named .pdf", "a.pdf", "nothing of the kind", /is damaged, or no PDF file/],
  ["a scan", "a.pdf", pdf([[], []]), /holds no text; if it is a scan/],
  ["a PDF file with a password", "a.pdf", pdf([["secret"]], { encrypted: true }), /is protected by a password/],
  ["text named .docx", "a.docx", "nothing of the kind", /is damaged, or no Word document: it is no zip archive/],
  ["another archive named .docx", "a.docx", zipSync({ "a.txt": utf8("x") }), /is damaged, or no Word document/],
  ["a Word document that is cut short", "a.docx", docx([["text"]]).slice(0, 400), /is damaged, or no Word document/],
  ["a Word document with a password", "a.docx", new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, 0, 0]), /is protected by a password/],
  ["a document that unpacks to too much", "a.docx", docx([["x"]], { "word/media/a.png": new Uint8Array(33_000_000) }), /unpacks to too much/],
  ["elements without end", "a.html", "<div>".repeat(100_000), /has more than 2000 elements nested/],
  ["JSON that is none", "a.json", "{", /is no JSON/],
  ["JSON without records", "a.json", "3", /neither a list of records nor a record/],
  ["lists without end", "a.jsonl", `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, /line 1 is nested more than 64 levels deep/],
  ["a table without rows", "a.csv", "id,text\n", /holds no text/],
  ["a quotation mark that is never closed", "a.csv", 'id,text\n1,"open', /line 2 opens a quotation mark that is never closed/],
];

describe("refused, with the reason:", () => {
  for (const [what, path, content, message] of CASES) {
    it(what, async () => assert.match(await refusal(path, content), message));
  }

  it("a file that is too large", async () => {
    assert.match(await refusal("a.txt", "12345678901", { maxBytes: 10 }), /has 11 bytes, more than the 10 allowed/);
  });

  it("an archive that states less than it holds", async () => {
    const bytes = docx([["x"]], { "word/media/a.png": new Uint8Array(33_000_000) });
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    // Sizes when unpacked, in the local headers (at 22) and in the list of files (at 24): all ten bytes now.
    for (let at = 0; at + 46 < bytes.length; at += 1) {
      if (view.getUint32(at, true) === 0x04034b50) view.setUint32(at + 22, 10, true);
      if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 10, true);
    }
    assert.match(await refusal("a.docx", bytes), /unpacks to too much/);
  });
});

describe("read in bounded time:", () => {
  const LENGTH = 5_000_000;
  // What is quadratic in the length of a run takes hours at this size.
  const RUNS = {
    "letters on one line": "a".repeat(LENGTH),
    "words on one line": "word ".repeat(LENGTH / 5),
    "blanks between two words": `a${" ".repeat(LENGTH)}b`,
    "line ends": `a${"\n".repeat(LENGTH / 5)}b`,
    "number signs": `${"# ".repeat(LENGTH / 2)}`,
    "code fences": "```\n".repeat(LENGTH / 50),
    "full stops": "。".repeat(LENGTH / 4),
  };
  for (const [what, text] of Object.entries(RUNS)) {
    for (const path of ["a.txt", "a.html", "a.csv", "a.jsonl"]) {
      it(`${what}, as ${path}`, async () => {
        for await (const { documents, error } of readFiles({ path, bytes: utf8(text) })) {
          assert.ok(documents ? documents.length > 0 : error.code === "INPUT_INVALID");
        }
      });
    }
  }

  it("a table in which each row has a quotation mark in the wrong place", async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => `${at},"x"y`);
    for await (const { error } of readFiles({ path: "a.csv", bytes: utf8(["id,text", ...rows].join("\n")) })) {
      assert.match(error.message, /line 2 has a quotation mark in the wrong place/);
    }
  });

  it("opening tags that none of the closing ones belong to", async () => {
    const html = `${"<b><i><p>".repeat(300)}text${"</u>".repeat(LENGTH / 4)}`;
    for await (const { documents } of readFiles({ path: "a.html", bytes: utf8(html) })) assert.equal(documents[0].text, "text");
  });
});

describe("random bytes", () => {
  /** mulberry32: the same bytes in each run. */
  function random(seed) {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  const SEEDS = {
    txt: utf8("# Title\n\nSome text."),
    html: utf8("<title>T</title><h1>a</h1><p>b<table><tr><td>c</table>"),
    csv: utf8('id,title,text\n1,"a ""b""",c\n2,d,e\n'),
    jsonl: utf8('{"_id":"1","text":"a","n":[1,{"x":null}]}\n{"text":"b"}\n'),
    json: utf8('[{"_id":"1","text":"a","n":[1,{"x":null}]}]'),
    pdf: pdf([["Some text."], ["More of it."]], { title: "T" }),
    docx: docx([["Title", "Heading1"], ["Some text."]]),
  };

  for (const [extension, good] of Object.entries(SEEDS)) {
    it(`named .${extension} give documents or a typed error`, async () => {
      const next = random(extension.length * 7919);
      const noise = () => Uint8Array.from({ length: Math.floor(next() * 400) }, () => next() * 256);
      // A good file with some bytes changed gets further into a reader than noise does.
      const changed = () => {
        const bytes = good.slice(0, next() < 0.3 ? Math.ceil(next() * good.length) : good.length);
        for (let changes = Math.ceil(next() * 8); changes > 0; changes -= 1) bytes[Math.floor(next() * bytes.length)] = next() * 256;
        return bytes;
      };
      const files = Array.from({ length: 150 }, (_, at) => ({ path: `${at}.${extension}`, bytes: at % 3 === 0 ? noise() : changed() }));
      let seen = 0;
      for await (const { path, documents, error } of readFiles(files)) {
        seen += 1;
        if (error) assert.equal(error.code, "INPUT_INVALID", `${path}: ${error.stack}`);
        else for (const { id, text } of documents) assert.ok(id !== "" && text.trim() !== "", path);
      }
      assert.equal(seen, files.length);
    });
  }
});

describe("where a library is not installed", () => {
  it("its kind of file is refused with what to install, and the others are read", () => {
    const place = mkdtempSync(join(tmpdir(), "nearmiss-input-"));
    try {
      cpSync(fileURLToPath(new URL("../../pkg/dist", import.meta.url)), join(place, "dist"), { recursive: true });
      writeFileSync(join(place, "package.json"), '{ "type": "module" }');
      writeFileSync(
        join(place, "read.js"),
        `import { readFiles } from "./dist/index.js";
         const files = ["pdf", "docx", "csv", "html", "txt"].map((end) => ({ path: "a." + end, bytes: new TextEncoder().encode("plain") }));
         files[1].bytes = new Uint8Array(${JSON.stringify([...docx([["x"]])])});
         for await (const { path, error } of readFiles(files)) console.log(error ? error.code + " " + error.message : path + " read");`,
      );
      const lines = execFileSync(process.execPath, ["read.js"], { cwd: place, encoding: "utf8" }).trim().split("\n");
      assert.deepEqual(lines, [
        "INPUT_INVALID a.pdf: to read PDF files, install pdfjs-dist",
        "INPUT_INVALID a.docx: to read DOCX files, install mammoth",
        "INPUT_INVALID a.csv: to read CSV files, install papaparse",
        "INPUT_INVALID a.html: to read HTML files, install htmlparser2",
        "a.txt read",
      ]);
    } finally {
      rmSync(place, { recursive: true });
    }
  });
});
