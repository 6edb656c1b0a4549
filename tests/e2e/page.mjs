/** Serves the built page as a careful host would, and walks it as a person does: by what can be seen and pressed. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { launch, ROOT, serve } from "../harness.mjs";

/** Milliseconds; generous, as the CPU that reads the notes may be busy with other work. */
const PATIENCE = 120_000;

/**
 * The built page under its Content-Security-Policy, the model folders beside it, and a browser.
 *
 * @param {{ webgpu?: boolean, hooks?: boolean, worker?: string, routes?: Record<string, unknown> }} options `hooks` puts
 *   hooks.js in front of the worker's script, `worker` is more code for that place, `routes` are further roots of `serve`
 */
export async function start({ webgpu = false, hooks = false, worker = "", routes = {} } = {}) {
  const before = (hooks ? readFileSync(new URL("hooks.js", import.meta.url), "utf8") : "") + worker;
  const server = await serve(
    {
      "/": "www/dist",
      "/models/": "www/public/models",
      "/models/tiny/": "tests/fixtures/tiny-bert",
      // Optional, but a browser logs a file that is absent as an error. More tokens than the model has are cut.
      "/models/tiny/sentence_bert_config.json": answer('{ "max_seq_length": 32 }'),
      ...(before && { "/assets/worker-": workerScript(before) }),
      ...routes,
    },
    { headers: headers() },
  );
  const chromium = await launch({ webgpu });
  const open = async (address = "", options = {}) => {
    // Most tests are about the page alone; network.test.mjs and offline.test.mjs let in what keeps it.
    const page = await chromium.open(address === "about:blank" ? address : server.url + address, { serviceWorkers: "block", ...options });
    page.setDefaultTimeout(PATIENCE);
    return page;
  };
  const close = async () => {
    await chromium.close();
    await server.close();
  };
  return { server, errors: chromium.errors, open, close };
}

/** A handler that always answers this. */
export function answer(body, status = 200, type = "application/json") {
  return (_, response) => response.writeHead(status, { "content-type": type }).end(body);
}

/** Those that the built page asks of its host, for every file. */
function headers() {
  const [paths, ...lines] = readFileSync(join(ROOT, "www/dist/_headers"), "utf8").trimEnd().split("\n");
  if (paths !== "/*") throw new Error(`the headers are for ${paths} only`);
  return Object.fromEntries(lines.map((line) => line.match(/^ {2}([\w-]+): (.+)$/).slice(1)));
}

function workerScript(before) {
  return async (request, response) => {
    const script = await readFile(join(ROOT, "www/dist", new URL(request.url, "http://localhost").pathname), "utf8");
    response.writeHead(200, { "content-type": "text/javascript" }).end(before + script);
  };
}

/** Tells hooks.js something and waits until it is done; a worker that has ended does nothing. */
export async function tell(page, command, details = {}) {
  await page.evaluate(
    ([command, details, patience]) =>
      new Promise((done, fail) => {
        const channel = new BroadcastChannel("hooks");
        setTimeout(() => fail(new Error(`no worker answered to ${command}`)), patience);
        channel.onmessage = ({ data }) => {
          if (data.done !== command) return;
          channel.close();
          done();
        };
        channel.postMessage({ command, ...details });
      }),
    [command, details, PATIENCE],
  );
}

/** Until nothing is under way: only then may notes be added. */
export const idle = (page) => page.locator("#load-sample:enabled").waitFor();

export async function loadModel(page) {
  await page.getByTestId("load-model").click();
  await page.locator("#change-model:enabled").waitFor();
}

export async function loadSample(page) {
  await page.getByTestId("load-sample").click();
  await idle(page);
}

export async function search(page, query) {
  await page.getByTestId("search-input").fill(query);
  await page.getByTestId("search-button").click();
  await results(page, query);
}

/** Until the results for this query are shown. */
export const results = (page, query) => page.locator("#results-title", { hasText: `“${query}”` }).waitFor();

/** What the list shows: `[{ id, why, mark }]`, where `why` names the stages and scores. */
export const hits = (page) =>
  page.getByTestId("hit").evaluateAll((items) =>
    items.map((item) => ({
      id: item.dataset.id,
      why: [...item.querySelectorAll(".facts span:not(.was)")].map((span) => span.textContent).join(", "),
      mark: item.dataset.mark,
    })),
  );

/** Until training is over, whichever way. */
export async function train(page) {
  await page.getByTestId("train").click();
  await page.locator("#train:enabled").waitFor();
}

/** Until near misses have been found, whichever way it ends. */
export async function mine(page) {
  await page.getByTestId("mine").click();
  await page.locator("#mine:enabled").waitFor();
}

/** Notes of its own, so that a test knows every one of them. */
export async function addNotes(page, notes) {
  await page.getByTestId("file-input").setInputFiles(Object.entries(notes).map(([name, text]) => file(name, text)));
  await idle(page);
}

/** Unfolds a disclosure that is folded. */
export async function unfold(box) {
  if (!(await box.evaluate((details) => details.open))) await box.locator("> summary").click();
}

/** Chooses a file or several for the import of marks. */
export async function importMarks(page, ...files) {
  await unfold(page.locator("#mark-files"));
  await page.locator("#import-marks").setInputFiles(files);
}

/** The questions in the list of marks: `[{ question, side, marks: [{ verdict, note, who }] }]`. */
export async function marks(page) {
  await unfold(page.locator("#judgments"));
  await page.locator("#marks > li").first().waitFor();
  return page.locator("#marks > li").evaluateAll((items) =>
    items.map((item) => ({
      question: item.querySelector("button").textContent,
      side: item.querySelector("small").textContent.split(":")[0],
      marks: [...item.querySelectorAll(".words li")].map((word) => ({
        verdict: word.querySelector("b").textContent,
        note: word.querySelector("span").firstChild.textContent,
        who: word.querySelector("small").textContent,
      })),
    })),
  );
}

/** The four numbers over the marks. */
export async function counts(page) {
  const [practice, test, right, wrong] = (await page.locator(".counts dd").allTextContents()).map(Number);
  return { practice, test, right, wrong };
}

/** Until an error is shown. @returns its code, title and detail, and the section it stands in */
export async function problem(page) {
  const box = page.getByTestId("error");
  await box.waitFor();
  return box.evaluate((element) => ({
    code: element.dataset.code,
    text: element.querySelector("p").textContent,
    detail: element.querySelector(".detail").textContent,
    section: element.closest("section").id,
  }));
}

/** Loss at the first step and at the last. */
export async function losses(page) {
  const text = await page.locator("#loss-text").textContent();
  return text.match(/\d+\.\d+/g).map(Number);
}

/** Files as a person has them, for `setInputFiles`. */
export const file = (name, content) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });

/** The sample notes as they lie in the folder that the page serves. */
export function sample() {
  const read = (name) => readFileSync(join(ROOT, "www/dist/sample", name), "utf8").trim().split("\n");
  const lines = (name) => read(name).map((line) => JSON.parse(line));
  const qrels = (name) => read(name).slice(1).map((line) => line.split("\t"));
  return { corpus: lines("corpus.jsonl"), queries: lines("queries.jsonl"), train: qrels("qrels.train.tsv"), test: qrels("qrels.test.tsv") };
}
