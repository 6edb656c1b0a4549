/** The package as others meet it: importing runs nothing, the exports exist. The tarball's tests are in tests/consumers. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PKG = fileURLToPath(new URL("../../pkg/", import.meta.url));
const manifest = JSON.parse(readFileSync(`${PKG}package.json`, "utf8"));

/** Runs before the import and makes every touch of the outside throw. */
const TRAPS = `
  const trap = (name) => () => { throw new Error("import touched " + name); };
  for (const name of ["navigator", "document", "window", "self", "indexedDB"]) {
    Object.defineProperty(globalThis, name, { configurable: true, get: trap(name) });
  }
  for (const name of ["Worker", "SharedWorker", "fetch", "setTimeout", "setInterval"]) globalThis[name] = trap(name);
  for (const name of ["compile", "instantiate", "Module", "Memory", "compileStreaming", "instantiateStreaming"]) WebAssembly[name] = trap(name);
  const before = Object.getOwnPropertyNames(globalThis).join();
  const module = await import(${JSON.stringify(`${PKG}dist/index.js`)});
  if (Object.getOwnPropertyNames(globalThis).join() !== before) throw new Error("import left globals behind");
  console.log(Object.keys(module).sort().join());
`;

test("importing touches nothing, leaves nothing running, and exports what is documented", () => {
  const result = spawnSync(process.execPath, ["--input-type=module", "--eval", TRAPS], { encoding: "utf8" });
  assert.equal(result.stderr, "");
  assert.equal(result.stdout, "Nearmiss,NearmissError,answerPrompt,builtInModel,models,readFiles,stores\n");
});

test("the exports map names files that exist, types first", () => {
  for (const [name, target] of Object.entries(manifest.exports)) {
    if (typeof target === "string") continue;
    assert.equal(Object.keys(target)[0], "types", name);
    for (const path of Object.values(target)) assert.ok(existsSync(PKG + path), path);
  }
  const { types: _, ...conditions } = manifest.exports["."];
  assert.deepEqual(Object.keys(conditions), ["browser", "worker", "node", "default"]);
  assert.equal(new Set(Object.values(conditions)).size, 1, "one file that looks where it runs when an instance is made");
  assert.ok(readFileSync(PKG + manifest.bin.nearmiss, "utf8").startsWith("#!/usr/bin/env node\n"));
});

test("bundlers find worker and wasm by the literal forms that they look for", () => {
  const client = readFileSync(`${PKG}dist/client.js`, "utf8");
  assert.ok(client.includes('new Worker(new URL("./worker.js", import.meta.url), { type: "module" })'));
  const modules = readFileSync(`${PKG}dist/modules.js`, "utf8");
  for (const build of ["cpu", "webgpu"]) {
    assert.ok(modules.includes(`new URL("../wasm/${build}/nearmiss_bg.wasm", import.meta.url)`));
    assert.ok(modules.includes(`import("../wasm/${build}/nearmiss.js")`));
  }
});

test("what browsers load asks for no module of Node's", () => {
  const seen = new Set();
  const visit = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = readFileSync(path, "utf8");
    assert.doesNotMatch(source, /(?:from|import)\s*\(?\s*["']node:/, path);
    for (const [, next] of source.matchAll(/from "(\.\/[^"]+)"/g)) visit(fileURLToPath(new URL(next, `file://${path}`)));
  };
  visit(`${PKG}dist/index.js`);
  visit(`${PKG}dist/worker.js`);
  assert.ok(seen.size > 15, "the walk reached the package's files");
});
