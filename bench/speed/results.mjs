/** What the speed tables share: peers on demand, a page of one's own for each measurement, and a dated file. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ISOLATED, launch, serve } from "../../tests/harness.mjs";
import { CACHE, ROOT, run } from "../../tools/shared.mjs";

const BLANK = "<!doctype html><link rel=icon href=data:,><title>bench</title>";

/** `--quick`: a smoke run, whose file is named so. */
export const QUICK = parseArgs({ options: { quick: { type: "boolean" } }, strict: false }).values.quick === true;

/** Installs what `bench/<name>/package.json` names into the cache, outside of the checkout. @returns {Promise<string>} the folder */
export async function installPeers(name) {
  const folder = join(CACHE, `bench-${name}`);
  await mkdir(folder, { recursive: true });
  await copyFile(join(ROOT, "bench", name, "package.json"), join(folder, "package.json"));
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder });
  return folder;
}

/**
 * A server and a browser. `call(module, name, ...args)` calls an exported function in a fresh page, closes the page, and gives what it
 * returned.
 *
 * @param {Record<string, string>} roots of the server, beside `/wasm/`, `/tiny/`, `/tests/` and `/speed/`
 * @param {{ webgpu?: boolean, isolated?: boolean }} options `isolated`: with COOP and COEP, which threads and exact clocks need
 */
export async function browser(roots, { webgpu = false, isolated = true } = {}) {
  const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
  const all = { "/blank.html": blank, "/wasm/": "pkg/wasm", "/tiny/": "tests/fixtures/tiny-bert", "/tests/": "tests/browser", "/speed/": "bench/speed" };
  const server = await serve({ ...all, ...roots }, isolated ? { headers: ISOLATED } : {});
  const chromium = await launch({ webgpu });
  const call = async (module, name, ...args) => {
    const page = await chromium.open(`${server.url}blank.html`);
    page.setDefaultTimeout(0);
    try {
      return await page.evaluate(async ([module, name, args]) => (await import(module))[name](...args), [module, name, args]);
    } finally {
      await page.context().close();
    }
  };
  const close = async () => {
    await chromium.close();
    await server.close();
  };
  return { call, close, chromium, server, version: `Headless Chromium ${chromium.browser.version()}` };
}

/** Where it was measured, and how to read it. `where`: the browser or Node, and the adapter if there is one. */
export function head(title, where, ...sentences) {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return [
    `# ${title}, ${today()}`,
    "",
    `${where}; ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${gigabytes} GB, shared with other work: a time alone says little.`,
    ...sentences,
  ];
}

/** For `head`, where nearmiss stands beside others. */
export const BESIDE = ["What is compared takes turns in one run; a ratio is the median over the turns (least–most), and above 1 it is in favour of nearmiss.", ""];

export const row = (...cells) => `| ${cells.join(" | ")} |`;
export const rule = (count) => row(...Array(count).fill("---"));
export const table = (heads, rows) => ["", row(...heads), rule(heads.length), ...rows.map((cells) => row(...cells)), ""];

export const ms = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : whole(value));
export const whole = (value) => Math.round(value).toLocaleString("en");
export const mega = (bytes) => (bytes / 1e6).toFixed(1);
const figure = (ratio) => (ratio < 9.95 ? ratio.toFixed(2) : ratio.toFixed(0));
export const ratioCell = ({ ratio, from, to }) => `${figure(ratio)} (${figure(from)}–${figure(to)})`;

/** Writes bench/results/<date>-<name>.md. @returns {Promise<string>} its path */
export async function save(name, lines) {
  const folder = join(ROOT, "bench/results");
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${today()}-${name}${QUICK ? "-quick" : ""}.md`);
  await writeFile(file, `${lines.join("\n").replace(/\n{3,}/g, "\n\n").trimEnd()}\n`);
  console.log(file);
  return file;
}

const today = () => new Date().toISOString().slice(0, 10);
