/** Node and TypeScript: an ES module, a CommonJS file, and the types as two kinds of projects resolve them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../harness.mjs";
import { fixture, output } from "./install.mjs";

const model = join(ROOT, "tests/fixtures/tiny-bert");

for (const file of ["module.mjs", "common.cjs"]) {
  test(`Node runs ${file}`, async () => {
    assert.equal(await output(process.execPath, [file, model], { cwd: await fixture("node") }), "valve on cpu\n");
  });
}

test("require() works too, in the versions of Node that load ES modules so", async () => {
  const said = await output(process.execPath, ["-p", 'require("nearmiss").Nearmiss.name'], { cwd: await fixture("node") });
  assert.equal(said, "Nearmiss\n");
});

/** What a project with a bundler has, and what one for Node has; libraries are checked too, so that our own types must hold. */
const PROJECTS = {
  "a bundler": ["--module", "esnext", "--moduleResolution", "bundler"],
  Node: ["--module", "nodenext", "--moduleResolution", "nodenext"],
};
for (const [kind, flags] of Object.entries(PROJECTS)) {
  test(`its types hold in a strict project for ${kind}`, async () => {
    const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--lib", "es2023,dom,dom.iterable,dom.asynciterable", "--types", "", ...flags];
    const cwd = await fixture("types");
    assert.equal(await output(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...options, "main.ts"], { cwd }), "");
  });
}
