/** What each kind of file comes to. */
import assert from "node:assert/strict";
import { File } from "node:buffer";
import { describe, it } from "node:test";
import { readFiles } from "../../pkg/dist/index.js";
import { docx, encoded, folder, japanesePdf, pdf, utf16, utf8 } from "./input-files.mjs";

async function readAll(files, options) {
  const all = [];
  for await (const read of readFiles(files, options)) all.push(read);
  return all;
}

/** The one file, read without error. */
async function read(path, content, options) {
  const [one] = await readAll({ path, bytes: typeof content === "string" ? utf8(content) : content }, options);
  assert.equal(one.error, undefined, one.error?.message);
  return one;
}

const told = ({ documents }) => documents.map(({ id, title, text }) => [id, title, text]);

/** "日本語の文章です。これはテストの文書です。" as Python's codec writes it. */
const SHIFT_JIS = "93fa967b8cea82cc95b68fcd82c582b7814282b182ea82cd83658358836782cc95b68f9182c582b78142";

describe("text and Markdown", () => {
  it("is one document where it is short, named by its first heading or its file", async () => {
    assert.deepEqual((await read("a/note.txt", "turn the valve")).documents, [
      { id: "a/note.txt", title: "note", text: "turn the valve", metadata: { file: "a/note.txt" } },
    ]);
    assert.deepEqual(told(await read("b.md", "# Valve ##\r\n\r\nturn *it*")), [["b.md", "Valve", "turn *it*"]]);
    assert.deepEqual(told(await read("README", "no ending")), [["README", "README", "no ending"]]);
  });

  it("is cut at headings; what stands in a code fence is no heading", async () => {
    const { documents } = await read("c.md", "# One\nfirst\n## Two\n```sh\n# a comment\n```\n## Three\n");
    assert.deepEqual(documents.map(({ id, title, text, parent }) => [id, title, text, parent]), [
      ["c.md", "One", "first", "c.md"],
      ["c.md#2", "One › Two", "```sh\n# a comment\n```", "c.md"],
    ]);
    assert.deepEqual(told(await read("d.md", "# Only a heading")), [["d.md", "Only a heading", "Only a heading"]]);
  });

  it("is cut between paragraphs, else sentences, else words, else characters, and loses none of them", async () => {
    const cut = async (text, passageLength) => (await read("e.txt", text, { passageLength })).documents.map((one) => one.text);
    assert.deepEqual(await cut("aaa bbb\n\nccc ddd\n\neee", 16), ["aaa bbb\n\nccc ddd", "eee"]);
    assert.deepEqual(await cut("One is here. Two is there.", 20), ["One is here.", "Two is there."]);
    assert.deepEqual(await cut("甲乙丙丁。戊己庚辛。壬癸", 6), ["甲乙丙丁。", "戊己庚辛。", "壬癸"]);
    assert.deepEqual(await cut("alpha beta gamma", 11), ["alpha beta", "gamma"]);
    assert.deepEqual(await cut("😀😀😀", 3), ["😀", "😀", "😀"]);
    const words = Array.from({ length: 2000 }, (_, at) => `word${at}`);
    const pieces = await cut(words.join(" "));
    assert.deepEqual(pieces.join(" ").split(" "), words);
    assert.ok(pieces.every((piece) => piece.length <= 1000 && piece.length > 500 - words.at(-1).length), "each at least half full");
  });
});

describe("encodings", () => {
  const SENTENCES = {
    // Long enough to tell encodings apart by: a guess goes by how often letters follow each other.
    "windows-1251": "Съешь же ещё этих мягких французских булок, да выпей чаю. Запасной ключ лежит под третьим горшком у двери.",
    "iso-8859-1": "Le garçon a été très déçu par la crème brûlée; où est passée la clé du château? À bientôt, mon élève préféré.",
  };

  for (const [label, sentence] of Object.entries(SENTENCES)) {
    it(`guesses ${label}, and says that it guessed`, async () => {
      const { documents, warnings } = await read("a.txt", encoded(sentence, label));
      assert.equal(documents[0].text, sentence);
      assert.match(warnings.join(), /is not UTF-8; read as windows-125[12], which is a guess/);
    });
  }

  it("guesses Shift_JIS", async () => {
    const bytes = Buffer.from(SHIFT_JIS, "hex");
    const { documents, warnings } = await read("a.txt", new Uint8Array(bytes));
    assert.equal(documents[0].text, "日本語の文章です。これはテストの文書です。");
    assert.match(warnings.join(), /read as shift_jis/);
  });

  it("goes by byte order marks, and knows UTF-16 without one", async () => {
    const text = "Grüße: где ключ?";
    for (const bytes of [utf8(`\ufeff${text}`), utf16(text), utf16(text, { big: true })]) {
      const { documents, warnings } = await read("a.txt", bytes);
      assert.deepEqual([documents[0].text, warnings], [text, []]);
    }
    for (const big of [false, true]) assert.equal((await read("a.txt", utf16("plain words", { big, mark: false }))).documents[0].text, "plain words");
  });

  it("believes what a web page says about itself", async () => {
    const html = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Привет</p>';
    assert.deepEqual(told(await read("a.html", encoded(html, "windows-1251"))), [["a.html", "a", "Привет"]]);
  });
});

describe("HTML", () => {
  it("is the text that a reader sees, with its headings", async () => {
    const html = `<!doctype html><html><head><title>About &amp; around</title><style>p { color: red }</style></head><body>
      <nav><a href="/">Home</a></nav><script>alert("no")</script>
      <h1>Valves</h1><p>Turn   the <b>val</b>ve<br>slowly.<p>Then stop.
      <h2>Pumps</h2><ul><li>one<li>two</ul><table><tr><td>a<td>b</table><pre>  x\n  y</pre><!-- no --></body></html>`;
    assert.deepEqual(told(await read("a.html", html)), [
      ["a.html", "About & around › Valves", "Turn the valve\nslowly.\n\nThen stop."],
      ["a.html#2", "About & around › Pumps", "- one\n\n- two\n\na b\n\nx\n  y"],
    ]);
  });
});

describe("tables and records", () => {
  it("are one document a row; id, title and text by name, the rest into metadata", async () => {
    const csv = 'ID,Title,Body,year\nd1,Keys,"rotate them,\nyearly",1999\n,,"a ""quoted"" word",\n';
    assert.deepEqual((await read("t.csv", csv)).documents, [
      { id: "d1", title: "Keys", text: "rotate them,\nyearly", metadata: { year: "1999", file: "t.csv", row: 1 } },
      { id: "t.csv#2", title: "t, row 2", text: 'a "quoted" word', metadata: { year: "", file: "t.csv", row: 2 } },
    ]);
  });

  it("join all columns where none is the text, whatever stands between them", async () => {
    for (const [path, mark] of [["t.csv", ";"], ["t.tsv", "\t"], ["t.csv", ","]]) {
      const rows = ["name_city", "Ann_Paris", "", "Bob_Rome"].join("\r\n").replaceAll("_", mark);
      assert.deepEqual((await read(path, rows)).documents.map(({ text }) => text), ["name: Ann\ncity: Paris", "name: Bob\ncity: Rome"]);
    }
  });

  it("take the columns that are named, and refuse a file that lacks one", async () => {
    const csv = "key,name,note,text\nk,n,the note,the text\n";
    const columns = { id: "key", title: "name", text: "note" };
    assert.deepEqual((await read("t.csv", csv, { columns })).documents, [
      { id: "k", title: "n", text: "the note", metadata: { text: "the text", file: "t.csv", row: 1 } },
    ]);
    const [{ error }] = await readAll({ path: "t.csv", bytes: utf8(csv) }, { columns: { text: "nota" } });
    assert.equal(error.code, "INPUT_INVALID");
    assert.match(error.message, /t\.csv: has no column "nota"; it has "key", "name", "note", "text"/);
  });

  it("of JSON lines keep what they hold; a line that is broken is named, and the others go on", async () => {
    const { documents, warnings } = await read("c.jsonl", '{"_id":"a","text":"one","tags":["x"],"file":"own"}\n{"text": \n\n[1]\n{"text":"two"}');
    assert.deepEqual(documents, [
      { id: "a", title: "c, row 1", text: "one", metadata: { tags: ["x"], file_: "own", file: "c.jsonl", row: 1 } },
      { id: "c.jsonl#4", title: "c, row 4", text: "two", metadata: { file: "c.jsonl", row: 4 } },
    ]);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0], /^line 2 is no JSON/);
    assert.equal(warnings[1], "line 4 is no JSON object");
  });

  it("of a JSON list, or one record, likewise", async () => {
    assert.deepEqual(told(await read("l.json", '[{"id":1,"content":"one"},{"id":2,"content":"two"}]')).map(([id, , text]) => [id, text]), [["1", "one"], ["2", "two"]]);
    assert.deepEqual(told(await read("o.json", '{"name":"Ann","born":1815}')), [["o.json#1", "o, row 1", "name: Ann\nborn: 1815"]]);
  });

  it("name the lines of rows that are broken, after cells with line ends too", async () => {
    const csv = ["id,text", '1,"two', 'lines"', "2,fine,extra", '3,"x"y', "1,again", "4,", '5,"never closed', "6,last"].join("\n");
    const { documents, warnings } = await read("t.csv", csv);
    assert.deepEqual(documents.map(({ id, metadata }) => [id, metadata.row]), [["1", 1], ["6", 7]]);
    assert.deepEqual(warnings, [
      "line 4 has 3 columns where the first row has 2",
      // Its mark goes on to the one in line 8, and from there to the end.
      "line 5 has a quotation mark in the wrong place",
      'line 6 has the id "1" of line 2',
      "line 7 has no text",
      "line 8 opens a quotation mark that is never closed",
    ]);
  });

  it("are the same whether a file is read in one piece or in many", async () => {
    // Rows of about 100 characters, quotation marks and line ends in every third: several pieces of 256 K.
    const count = 9000;
    const cell = (at) => (at % 3 === 0 ? `"line ${at}\nand a ""mark"", ${"x".repeat(60)}"` : `plain ${at} ${"y".repeat(80)}`);
    const rows = Array.from({ length: count }, (_, at) => `${at},${cell(at)}`);
    const { documents, warnings } = await read("big.csv", ["id,text", ...rows, "last,a,b"].join("\n"));
    assert.equal(documents.length, count);
    documents.forEach(({ id, text }, at) => {
      assert.equal(id, String(at));
      assert.equal(text, at % 3 === 0 ? `line ${at}\nand a "mark", ${"x".repeat(60)}` : `plain ${at} ${"y".repeat(80)}`);
    });
    assert.deepEqual(warnings, [`line ${2 + count + count / 3} has 3 columns where the first row has 2`]);
  });

  it("that are long become passages of a row", async () => {
    const { documents } = await read("t.jsonl", JSON.stringify({ id: "r", title: "T", text: "One is here. Two is there." }), { passageLength: 20 });
    assert.deepEqual(documents.map(({ id, parent, metadata }) => [id, parent, metadata.row]), [["r", "r", 1], ["r#2", "r", 1]]);
  });
});

describe("PDF", () => {
  it("gives lines as paragraphs, words that were divided as one, and the page of each passage", async () => {
    const bytes = pdf([["Quokkas sleep under the jet-", "ty, all day", "long.", "", "A second paragraph."], [], ["The last page."]], { title: "About quokkas" });
    const { documents, warnings } = await read("q.pdf", bytes);
    assert.deepEqual(documents, [
      { id: "q.pdf", title: "About quokkas", text: "Quokkas sleep under the jetty, all day long.\n\nA second paragraph.", parent: "q.pdf", metadata: { file: "q.pdf", page: 1 } },
      { id: "q.pdf#2", title: "About quokkas", text: "The last page.", parent: "q.pdf", metadata: { file: "q.pdf", page: 3 } },
    ]);
    assert.deepEqual(warnings, ["page 2 without text, perhaps scanned"]);
    assert.equal((await read("my file.pdf", pdf([["x"]], { title: "Microsoft Word" }))).documents[0].title, "my file");
    assert.ok(bytes.length > 0, "the caller's bytes are still there");
  });
});

describe("PDF in Japanese", () => {
  it("is read by the table of characters that it names", async () => {
    assert.equal((await read("j.pdf", japanesePdf(SHIFT_JIS))).documents[0].text, "日本語の文章です。これはテストの文書です。");
  });
});

describe("DOCX", () => {
  it("gives paragraphs and headings", async () => {
    const bytes = docx([["Valves", "Heading1"], ["Turn the valve &amp; wait."], ["Pumps", "Heading2"], ["Start it."]]);
    assert.deepEqual(told(await read("v.docx", bytes)), [["v.docx", "Valves", "Turn the valve & wait."], ["v.docx#2", "Valves › Pumps", "Start it."]]);
  });
});

describe("files and folders", () => {
  it("are taken as they come; a folder by name, with its path, without what is hidden", async () => {
    const tree = folder("notes", { "z.md": "# Z\n\nlast", sub: { "b.txt": "b" }, ".git": { "config.txt": "no" }, "a.txt": "a", "photo.png": new Uint8Array([0]) });
    const listed = Object.defineProperty(new File(["x"], "x.md"), "webkitRelativePath", { value: "own/x.md" });
    const all = await readAll([tree, listed, new Blob(["bare"], { type: "text/plain" }), { path: "p.txt", bytes: utf8("p") }]);
    assert.deepEqual(all.map(({ path, error }) => [path.replace(/-[0-9a-f]{16}$/, ""), error?.code]), [
      ["notes/a.txt", undefined], ["notes/photo.png", "INPUT_INVALID"], ["notes/sub/b.txt", undefined], ["notes/z.md", undefined],
      ["own/x.md", undefined], ["blob", undefined], ["p.txt", undefined],
    ]);
  });

  it("that have gone are named, and the others go on", async () => {
    const gone = { kind: "file", name: "gone.txt", getFile: () => Promise.reject(new DOMException("it is gone", "NotFoundError")) };
    const locked = { kind: "directory", name: "locked", values: async function* () { throw new DOMException("not allowed", "NotAllowedError"); } };
    const all = await readAll([gone, locked, new File(["here"], "here.txt")]);
    assert.deepEqual(all.map(({ path, error }) => [path, error?.message]), [
      ["gone.txt", "gone.txt: could not be read: it is gone"],
      ["locked", "locked: could not be read: not allowed"],
      ["here.txt", undefined],
    ]);
  });

  it("of a wrong shape are refused before anything is read, and so are options", async () => {
    const refused = (files, options, message) => assert.rejects(readAll(files, options), { code: "INPUT_INVALID", message });
    await refused(["a path"], {}, /^files\[0\]: must be a File/);
    await refused([{ path: "", bytes: utf8("x") }], {}, /files\[0\]/);
    await refused([], { passageLength: 0 }, /options\.passageLength: must be a whole number/);
    await refused([], { colums: {} }, /options\.colums: there is no such option/);
    await refused([], { columns: { text: 1 } }, /options\.columns\.text: must be a string/);
  });

  it("stop being read when that is cancelled", async () => {
    const controller = new AbortController();
    const paths = [];
    const reading = async () => {
      for await (const { path } of readFiles([new File(["a"], "a.txt"), new File(["b"], "b.txt")], { signal: controller.signal })) {
        paths.push(path);
        controller.abort();
      }
    };
    await assert.rejects(reading(), { code: "ABORTED" });
    assert.deepEqual(paths, ["a.txt"]);
  });
});
