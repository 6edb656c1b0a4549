/** What is published: these files and no others, and a manifest without faults. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { contents, installed } from "./install.mjs";

/** Each kind of file that ships, and a number of them below which some are missing. */
const SHIPPED = [
  [/^(package\.json|README\.md|LICENSE)$/, 3],
  [/^dist\/(?:[a-z0-9]+\/)?[a-z0-9-]+\.js$/, 80],
  [/^dist\/(?:[a-z0-9]+\/)?[a-z0-9-]+\.d\.ts$/, 80],
  [/^wasm\/(cpu|webgpu)\/(nearmiss\.js|nearmiss\.d\.ts|nearmiss_bg\.wasm)$/, 6],
  [/^models\/compact\/(?:(?:1_Pooling\/)?[A-Za-z_.-]+\.(json|safetensors|md)|LICENSE)$/, 8],
];

const { folder, tarball } = await installed();
const PACKAGE = join(folder, "node_modules/nearmiss");
const manifest = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8"));

test("every kind of file is there, and nothing else", async () => {
  const paths = (await contents()).files.map(({ path }) => path);
  for (const [pattern, least] of SHIPPED) {
    const found = paths.filter((path) => pattern.test(path));
    assert.ok(found.length >= least, `${pattern}: ${found.length} of at least ${least}\n${found.join("\n")}`);
  }
  assert.deepEqual(paths.filter((path) => !SHIPPED.some(([pattern]) => pattern.test(path))), []);
});

test("publint finds nothing to mend", async () => {
  const { messages } = await publint({ pkgDir: PACKAGE, strict: true });
  assert.deepEqual(messages.map((message) => formatMessage(message, manifest)), []);
});

test("installing it runs no script, and it can be published with provenance", () => {
  assert.equal(manifest.scripts, undefined);
  assert.deepEqual(manifest.publishConfig, { access: "public", provenance: true });
  assert.equal(manifest.license, "Apache-2.0");
  assert.ok(existsSync(tarball));
});

test("every path that the manifest names is in the package", () => {
  const paths = [manifest.types, manifest.jsdelivr, manifest.unpkg, ...Object.values(manifest.bin), ...manifest.sideEffects];
  for (const target of Object.values(manifest.exports)) {
    if (typeof target === "string") paths.push(target.replace(/\/\*$/, ""));
    else paths.push(...Object.values(target));
  }
  for (const path of paths) assert.ok(existsSync(join(PACKAGE, path)), path);
});
