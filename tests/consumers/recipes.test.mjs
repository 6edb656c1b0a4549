/** The recipes do what they say, with the package as it is installed and the model that it brings. React's is in next.test.mjs. */
import assert from "node:assert/strict";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { launch, ROOT, serve } from "../harness.mjs";
import { installed, output } from "./install.mjs";
import { headings, recipe } from "./recipes.mjs";

const { folder: home } = await installed();
const folder = join(home, "recipes");

before(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const name of ["minisearch", "@orama/orama"]) await cp(join(ROOT, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
});

/** Runs JavaScript in the folder. @returns the lines it prints */
async function run(code) {
  await writeFile(join(folder, "recipe.mjs"), code);
  return (await output(process.execPath, ["recipe.mjs"], { cwd: folder })).trimEnd().split("\n");
}

const lines = (text) => text.trimEnd().split("\n");
const jsonl = (values) => values.map((value) => `${JSON.stringify(value)}\n`).join("");

test("every recipe is run by a test", () => {
  assert.deepEqual(headings, [
    "Private search in a page", "Tuning from a log of clicks", "Going on in Python", "Behind a search that is there already", "Behind Orama", "In React and Next.js",
  ]);
});

test("private search in a page: what is typed finds, and nothing is fetched for it", { timeout: 120_000 }, async () => {
  await mkdir(join(folder, "page"));
  await writeFile(join(folder, "page/index.html"), recipe("Private search in a page", "html"));
  const server = await serve({ "/": join(folder, "page"), "/node_modules/": join(home, "node_modules") });
  const chromium = await launch({ webgpu: false });
  try {
    const page = await chromium.open(server.url);
    await page.waitForSelector("#query:enabled", { timeout: 60_000 });
    const fetched = server.requests.length;
    await page.locator("#query").pressSequentially("turn the valve");
    await page.waitForFunction(() => document.querySelector("#hits li")?.textContent === "valve: Turn the valve to the left.");
    await page.fill("#query", "");
    await page.waitForFunction(() => document.querySelector("#hits").children.length === 0);
    assert.deepEqual([chromium.errors, server.requests.length - fetched], [[], 0]);
  } finally {
    await chromium.close();
    await server.close();
  }
});

test("tuning from a log of clicks: clicks become judgments, and training ends in a verdict", { timeout: 180_000 }, async () => {
  const sample = (name) => readFile(join(ROOT, "www/public/sample", name), "utf8");
  const records = async (name) => lines(await sample(name)).map((line) => JSON.parse(line));
  const documents = (await records("corpus.jsonl")).map(({ _id, title, text }) => ({ id: _id, title, text }));
  const answers = new Map();
  for (const row of lines(await sample("qrels.train.tsv")).slice(1)) {
    const [query, document, grade] = row.split("\t");
    if (Number(grade) > 0) answers.set(query, document);
  }
  const clicks = (await records("queries.jsonl")).filter(({ _id }) => answers.has(_id)).map(({ _id, text }, at) => {
    const document = answers.get(_id);
    const others = documents.filter(({ id }) => id !== document).slice(at, at + 2).map(({ id }) => id);
    return { query: text, shown: [others[0], document, others[1]], clicks: [{ document, dwellMs: 9000 }] };
  });
  await writeFile(join(folder, "documents.jsonl"), jsonl(documents));
  await writeFile(join(folder, "clicks.jsonl"), jsonl(clicks));
  const said = await run(recipe("Tuning from a log of clicks", "js"));
  // Each list says that the clicked one is relevant and that the one above it, which was passed over, is not.
  assert.equal(said[0], `${2 * clicks.length} judgments`);
  assert.match(said.at(-1), /^(better|no-difference|worse) \S/);
});

test("going on in Python: the folder is one that sentence-transformers knows", { timeout: 180_000 }, async () => {
  await run(`
    import { writeFile } from "node:fs/promises";
    import { Nearmiss } from "nearmiss";
    const nm = await Nearmiss.create();
    const names = ["key", "valve", "mast", "door", "ring", "note"];
    await nm.documents.add(names.map((name) => ({ id: name, text: "turn the " + name + " to the left" })));
    await nm.judgments.add(names.map((name, at) => ({ query: "where is the " + name, document: name, relevant: true, split: at % 2 ? "held-out" : "train" })));
    for await (const event of nm.train({ epochs: 2 })) void event;
    await nm.keep();
    await writeFile("tuned.safetensors", await nm.export());
  `);
  await run(recipe("Going on in Python", "js"));
  const modules = JSON.parse(await readFile(join(folder, "tuned/modules.json"), "utf8"));
  assert.equal(modules[0].type.split(".").at(-1), "Transformer");
  const files = await readdir(join(folder, "tuned"), { recursive: true });
  // Normalising has no settings, and so no folder.
  for (const { path } of modules.filter(({ type }) => !type.endsWith("Normalize"))) assert.ok(files.includes(join(path, "config.json")), path);
  for (const name of ["tokenizer.json", "model.safetensors"]) assert.ok(files.includes(name), name);
  // The Python is only read: sentence-transformers is no dependency of this checkout. Where it is at hand, bench/export_check.mjs loads exported
  // folders with it and compares the embeddings; here the files are those that its loader looks for.
  await output("python3", ["-c", "import ast, sys; ast.parse(sys.argv[1])", recipe("Going on in Python", "python")]);
});

for (const [heading, search, matched] of [["Behind a search that is there already", "MiniSearch", ["key", "mast", "valve"]], ["Behind Orama", "Orama", null]]) {
  test(`${heading.toLowerCase()}: what ${search} found, in another order`, { timeout: 60_000 }, async () => {
    const said = await run(recipe(heading, "js"));
    const found = said.map((line) => line.split(" "));
    assert.equal(found[0][0], "valve");
    if (matched) assert.deepEqual(found.map(([id]) => id).sort(), matched, "all three have a word of the query");
    const scores = found.map(([, score]) => Number(score));
    assert.deepEqual(scores, scores.toSorted((a, b) => b - a));
    assert.ok(scores.every((score) => score >= 0 && score <= 1) && new Set(scores).size > 1, said.join("\n"));
  });
}
