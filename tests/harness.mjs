/** What browser and end-to-end tests share: a static file server and a Chromium, with WebGPU in software or without. */
import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "../tools/system.mjs";

export const ROOT = resolve(fileURLToPath(new URL("..", import.meta.url)));

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".jsonl": "application/jsonl",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".wasm": "application/wasm",
};

/** Headers that isolate the page from other origins, as a careful host sends them. */
export const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/**
 * Serves on a free port of 127.0.0.1, which browsers treat as a secure context.
 * @param {Record<string, string | ((request, response) => void)>} roots path prefix → folder (relative to the checkout), or a
 *   handler; the longest prefix that fits is taken, e.g. `{ "/": "www/dist", "/pkg/": "pkg" }`
 * @param {{ headers?: Record<string, string> }} options sent with every answer, e.g. `ISOLATED` or a Content-Security-Policy
 * @returns {Promise<{ url: string, requests: string[], close(): Promise<void> }>} `url` ends in `/`; `requests` grows
 */
export async function serve(roots, { headers = {} } = {}) {
  const prefixes = Object.keys(roots).sort((a, b) => b.length - a.length);
  const requests = [];
  const server = createServer(async (request, response) => {
    const path = pathOf(request);
    requests.push(path);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    if (prefix === undefined) return refuse(response);
    const root = roots[prefix];
    if (typeof root === "function") return root(request, response);
    await sendFile(response, resolve(ROOT, root), path.slice(prefix.length));
  });
  await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, requests, close };
}

/** The decoded path without its query; `/` for one that cannot be decoded. */
function pathOf(request) {
  try {
    return decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  } catch {
    return "/";
  }
}

async function sendFile(response, root, path) {
  const file = join(root, path === "" || path.endsWith("/") ? join(path, "index.html") : path);
  const info = file.startsWith(root + sep) ? await stat(file).catch(() => null) : null;
  if (!info?.isFile()) return refuse(response);
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-length": info.size });
  createReadStream(file).pipe(response);
}

function refuse(response) {
  response.writeHead(404, { "content-type": "text/plain" }).end("not found");
}

/** Chromium reaches for the network on its own; a test that watches requests must see only the page's. */
const QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
/** Containers run tests as root, where Chromium's sandbox does not start. */
const SANDBOX = ["--no-sandbox"];
/** SwiftShader: Vulkan on the CPU. Slow, the same on every machine, and it runs the real shaders. */
export const SOFTWARE = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"];
/** `navigator.gpu` stays, `requestAdapter()` gives null: what most people without WebGPU have. */
const NONE = ["--disable-gpu"];

/**
 * @param {{ webgpu: boolean, flags?: string[] }} options `flags`: of Chromium, in place of those that `webgpu` stands for
 * @returns `open(url)` gives a page in a context of its own (own storage); `errors` collects what any of them, or their
 *   workers, logged as an error or threw
 */
export async function launch({ webgpu, flags = webgpu ? SOFTWARE : NONE }) {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("no Chromium: run node tools/setup.mjs");
  const args = [...QUIET, ...SANDBOX, ...flags];
  const browser = await chromium.launch({ executablePath: await absolute(executablePath), args });
  const errors = [];
  return { browser, errors, open: (url, options) => open(browser, errors, url, options), close: () => browser.close() };
}

/** A browser with a profile that stays in `folder`; `kill` ends it as a crash of the machine would. */
export async function persistent(folder) {
  const executablePath = await absolute(findChromium() ?? "");
  const port = { stderr: "" };
  const child = spawn(executablePath, [...QUIET, ...SANDBOX, ...NONE, "--headless=new", "--remote-debugging-port=0", `--user-data-dir=${folder}`, "about:blank"], { detached: true });
  const address = await new Promise((found, fail) => {
    child.stderr.on("data", (data) => {
      port.stderr += data;
      const match = /DevTools listening on (ws:\S+)/.exec(port.stderr);
      if (match) found(match[1]);
    });
    child.once("exit", () => fail(new Error(`Chromium ended: ${port.stderr}`)));
  });
  const browser = await chromium.connectOverCDP(address);
  const kill = async () => {
    const ended = new Promise((done) => child.once("exit", done));
    process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  return { context: browser.contexts()[0], kill };
}

async function open(browser, errors, url, options) {
  const context = await browser.newContext(options);
  context.on("weberror", (event) => errors.push(String(event.error().message)));
  context.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  const page = await context.newPage();
  page.on("crash", () => errors.push("the page crashed"));
  await page.goto(url);
  return page;
}

/** Playwright wants a path where a shell would take a name. */
async function absolute(command) {
  if (command.includes(sep)) return command;
  for (const folder of process.env.PATH.split(":")) {
    if (await stat(join(folder, command)).catch(() => null)) return join(folder, command);
  }
  return command;
}
