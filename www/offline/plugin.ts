/** Writes the service worker once everything else lies in the built folder: it has to know the names. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { isVersioned } from "./version.ts";

/**
 * Kept by the package (models), when they are used (engines), from one file (tables for some PDF files), or not at all (source maps, what
 * is told to hosts).
 */
const LEFT_OUT = /^(models|cmaps)\/|\.(wasm|safetensors|map|maps)$|^assets\/(tokenizer|config|modules|sentence_bert_config)[^/]*\.json$|^(sw\.js|_headers)$/;

/** The two builds of the engine, by where they come from. */
const ENGINE = /wasm\/(cpu|webgpu)\//;

/** Tables in one file, one behind the other: over a hundred requests would take longer than their bytes do. */
const MAPS = "cmaps.maps";

export function offline(version: string): Plugin {
  return {
    name: "offline",
    apply: "build",
    writeBundle(options, bundle) {
      const folder = options.dir;
      if (!folder) throw new Error("the page is built into a folder");
      const files = namesIn(folder).filter((name) => !LEFT_OUT.test(name));
      const engines = Object.fromEntries(
        Object.values(bundle).flatMap((output) => {
          const kind = output.type === "asset" && output.fileName.endsWith(".wasm") ? ENGINE.exec(output.originalFileNames.join())?.[1] : undefined;
          return kind ? [[kind, output.fileName]] : [];
        }),
      );
      if (Object.keys(engines).length !== 2) throw new Error(`expected two engines, got ${JSON.stringify(engines)}`);
      const tables = namesIn(join(folder, "cmaps")).map((name) => ({ name, bytes: readFileSync(join(folder, "cmaps", name)) }));
      writeFileSync(join(folder, MAPS), Buffer.concat(tables.map(({ bytes }) => bytes)));
      const maps = { file: MAPS, names: tables.map(({ name, bytes }) => [name, bytes.length]) };
      const hash = createHash("sha256");
      for (const file of [...files, MAPS]) hash.update(file).update(readFileSync(join(folder, file)));
      const addresses = files.map((file) => (isVersioned(file) ? `${file}?v=${version}` : file));
      const lists = { VERSION: hash.digest("hex").slice(0, 16), FILES: addresses, MAPS: maps, ENGINES: engines };
      const constants = Object.entries(lists).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
      writeFileSync(join(folder, "sw.js"), constants.join("") + readFileSync(new URL("worker.js", import.meta.url), "utf8"));
    },
  };
}

/** Of all files below, with their folders, in order. */
function namesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return all.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1).replaceAll("\\", "/")).sort();
}
