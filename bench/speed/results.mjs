/** What the speed tables share: peers on demand, a page of one's own for each measurement, and a dated file. */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ISOLATED, launch, serve } from "../../tests/harness.mjs";
import { CACHE, ROOT, run } from "../../tools/shared.mjs";
import { QUICK } from "./command.mjs";
import { machine, stamp } from "./stamp.mjs";

const BLANK = "<!doctype html><link rel=icon href=data:,><title>bench</title>";

/** Installs what `bench/<name>/package.json` names into the cache, outside of the checkout. @returns {Promise<string>} the folder */
export async function installPeers(name) {
  const folder = join(CACHE, `bench-${name}`);
  await mkdir(folder, { recursive: true });
  await copyFile(join(ROOT, "bench", name, "package.json"), join(folder, "package.json"));
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder });
  return folder;
}

/**
 * A server and a browser. `open()` gives a fresh page; `call(module, name, ...args)` calls an exported function in one, closes it, and gives
 * what it returned; `adapter()` tells which one WebGPU has.
 *
 * @param {Record<string, string>} roots of the server, beside `/wasm/`, `/tiny/`, `/tests/` and `/speed/`
 * @param {{ webgpu?: boolean, flags?: string[], imports?: object }} options `flags`: of Chromium, in place of those for a software
 *   adapter; `imports`: an import map
 */
export async function browser(roots, { webgpu = false, flags, imports } = {}) {
  const map = imports ? `<script type=importmap>${JSON.stringify({ imports })}</script>` : "";
  const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(`${BLANK}${map}`);
  const all = { "/blank.html": blank, "/wasm/": "pkg/wasm", "/tiny/": "tests/fixtures/tiny-bert", "/tests/": "tests/browser", "/speed/": "bench/speed" };
  // With COOP and COEP, which threads and exact clocks need.
  const server = await serve({ ...all, ...roots }, { headers: ISOLATED });
  const chromium = await launch({ webgpu, flags });
  const open = async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    page.setDefaultTimeout(0);
    return page;
  };
  const call = async (...args) => {
    const page = await open();
    try {
      return await inside(page, ...args);
    } finally {
      await page.context().close();
    }
  };
  const adapter = () => call("/speed/adapter.js", "adapter");
  const close = async () => {
    await chromium.close();
    await server.close();
  };
  return { call, open, close, adapter, chromium, server, version: `Headless Chromium ${chromium.browser.version()}` };
}

/** Calls a function that `module` exports, in a page of `open()`. */
export const inside = (page, module, name, ...args) =>
  page.evaluate(async ([module, name, args]) => (await import(module))[name](...args), [module, name, args]);

export const NODE = `Node ${process.versions.node}`;

/**
 * What was measured, where and on what, and how to read it: every result begins so.
 *
 * @param {{ where: string, modules?: string[], adapter?: string }} on `where`: the browser or Node; `modules`: the wasm builds that were
 *   used; `adapter`: of WebGPU, if it was
 */
export function head(title, { where, modules = [], adapter }, ...sentences) {
  return [`# ${title}, ${today()}`, "", `${where}; ${machine()}: ratios say more than times.`, stamp({ modules, adapter }), ...sentences];
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

/** Prints the table, and writes bench/results/<date>-<name>.md unless the run was a quick one. */
export async function save(name, lines) {
  const text = `${lines.join("\n").replace(/\n{3,}/g, "\n\n").trimEnd()}\n`;
  console.log(text);
  if (QUICK) return console.log("A quick run: nothing was written.");
  const folder = join(ROOT, "bench/results");
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${today()}-${name}.md`);
  await writeFile(file, text);
  console.log(file);
}

export const today = () => new Date().toISOString().slice(0, 10);
