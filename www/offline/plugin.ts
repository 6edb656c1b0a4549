/** Writes the service worker once everything else lies in the built folder: it has to know the names. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Kept by the package (models), when they are used (engines), or not at all (tables for some PDF files, source maps). */
const LEFT_OUT = /^(models|cmaps)\/|\.(wasm|safetensors|map)$|^assets\/(tokenizer|config|modules|sentence_bert_config)[^/]*\.json$|^sw\.js$/;

/** The two builds of the engine, by where they come from. */
const ENGINE = /wasm\/(cpu|webgpu)\//;

export function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    writeBundle(options, bundle) {
      const folder = options.dir;
      if (!folder) throw new Error("the page is built into a folder");
      const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      const names = all.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1).replaceAll("\\", "/"));
      const files = names.filter((name) => !LEFT_OUT.test(name)).sort();
      const engines = Object.fromEntries(
        Object.values(bundle).flatMap((output) => {
          const kind = output.type === "asset" && output.fileName.endsWith(".wasm") ? ENGINE.exec(output.originalFileNames.join())?.[1] : undefined;
          return kind ? [[kind, output.fileName]] : [];
        }),
      );
      if (Object.keys(engines).length !== 2) throw new Error(`expected two engines, got ${JSON.stringify(engines)}`);
      const hash = createHash("sha256");
      for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
      const lists = { VERSION: hash.digest("hex").slice(0, 16), FILES: files, ENGINES: engines };
      const constants = Object.entries(lists).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
      writeFileSync(join(folder, "sw.js"), constants.join("") + readFileSync(new URL("worker.js", import.meta.url), "utf8"));
    },
  };
}
