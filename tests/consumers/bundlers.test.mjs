/** Vite, webpack and esbuild, as their users set them up; what they built is opened in a browser. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { build as esbuild } from "esbuild";
import { build as vite, createLogger, createServer } from "vite";
import webpack from "webpack";
import { serve } from "../harness.mjs";
import { DEFAULT_MODEL, found, look, TINY, visit } from "./browsing.mjs";
import { fixture } from "./install.mjs";

/** What a strict page allows: the README's policy. */
const POLICY = "default-src 'none'; img-src data:; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const headers = { "content-security-policy": POLICY };

async function viteBuild(name) {
  const root = await fixture(name);
  const warnings = [];
  const customLogger = { ...createLogger("warn"), warn: (text) => warnings.push(text), warnOnce: (text) => warnings.push(text) };
  // How long plugins take beside each other depends on what else the machine does.
  const rolldownOptions = { checks: { bundlerTimings: false } };
  await vite({ root, customLogger, logLevel: "warn", build: { chunkSizeWarningLimit: 2000, rolldownOptions }, worker: { rolldownOptions } });
  return { dist: join(root, "dist"), warnings };
}

test("Vite builds it, under a strict policy", async () => {
  const { dist, warnings } = await viteBuild("vite");
  assert.deepEqual(warnings, []);
  found(await visit(dist, { headers }));
  found(await visit(dist, { headers, query: DEFAULT_MODEL }));
});

test("Vite's development server", async () => {
  const root = await fixture("vite");
  const server = await createServer({ root, logLevel: "error", server: { port: 0, host: "127.0.0.1" }, plugins: [serving(TINY)] });
  try {
    await server.listen();
    const { port } = server.httpServer.address();
    found(await look(`http://127.0.0.1:${port}/?model=/tiny/`));
  } finally {
    await server.close();
  }
});

test("inside the app's own worker, built by Vite", async () => {
  const { dist, warnings } = await viteBuild("worker");
  assert.deepEqual(warnings, []);
  found(await visit(dist, { headers }));
});

test("webpack builds it without a setting, under a strict policy", async () => {
  const context = await fixture("webpack");
  const { default: config } = await import(join(context, "webpack.config.mjs"));
  const stats = await new Promise((done, fail) => webpack({ context, ...config }, (error, result) => (error ? fail(error) : done(result))));
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  assert.deepEqual([errors, warnings], [[], []]);
  found(await visit(context, { headers }));
  found(await visit(context, { headers, query: DEFAULT_MODEL }));
  for (const name of (await readdir(join(context, "dist"))).filter((file) => file.endsWith(".js"))) {
    assert.ok(!(await readFile(join(context, "dist", name), "utf8")).includes(context), `${name} names no folder of the machine that built it`);
  }
});

test("esbuild builds it with the worker as an entry, under a strict policy", async () => {
  const absWorkingDir = await fixture("esbuild");
  const { options, copyFiles } = await import(join(absWorkingDir, "build.mjs"));
  const { warnings } = await esbuild({ absWorkingDir, ...options, logLevel: "silent" });
  assert.deepEqual(warnings, []);
  await copyFiles(join(absWorkingDir, "out"));
  found(await visit(absWorkingDir, { headers }));
  found(await visit(absWorkingDir, { headers, query: DEFAULT_MODEL }));
});

/** A plugin that gives the development server the paths of the tests. */
function serving(roots) {
  return {
    name: "test-model",
    async configureServer(server) {
      const behind = await serve(roots);
      server.httpServer.once("close", () => behind.close());
      server.middlewares.use(async (request, response, next) => {
        if (!request.url.startsWith("/tiny/")) return next();
        const answer = await fetch(new URL(request.url, behind.url));
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    },
  };
}
