import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { offline } from "./offline/plugin.ts";
import { versionOf, versions } from "./offline/version.ts";

/**
 * The policy stands once, in index.html, so that it holds for the page on any host. Workers do not inherit it: theirs is what the host sends
 * with their scripts. `frame-ancestors` is added because browsers ignore it in a meta tag.
 */
function headers(): Record<string, string> {
  const page = readFileSync(new URL("index.html", import.meta.url), "utf8");
  const content = page.match(/http-equiv="Content-Security-Policy"\s+content="([^"]+)"/)?.[1];
  if (!content) throw new Error("www/index.html has no Content-Security-Policy");
  return { "Content-Security-Policy": `${content}; frame-ancestors 'none'`, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff" };
}

/** The same for hosts that read a file `_headers` (Netlify, Cloudflare Pages); README.md says what others need. */
function forHosts(): Plugin {
  return {
    name: "headers",
    apply: "build",
    generateBundle() {
      const lines = Object.entries(headers()).map(([name, value]) => `  ${name}: ${value}\n`);
      this.emitFile({ type: "asset", fileName: "_headers", source: `/*\n${lines.join("")}` });
    },
  };
}

/** Tables of characters for PDF files in Chinese, Japanese and Korean. Where no service worker has them, one is fetched when such a file asks for it. */
function characterMaps(): Plugin {
  const folder = new URL("../node_modules/pdfjs-dist/cmaps/", import.meta.url);
  return {
    name: "character-maps",
    apply: "build",
    generateBundle() {
      for (const name of readdirSync(folder)) this.emitFile({ type: "asset", fileName: `cmaps/${name}`, source: readFileSync(new URL(name, folder)) });
    },
  };
}

/** The reference of the package, which the build writes beside its style sheet, and the recipes. */
function docs(): Plugin {
  const folder = new URL("docs/", import.meta.url);
  return {
    name: "docs",
    apply: "build",
    generateBundle() {
      for (const name of ["reference.html", "reference.css", "recipes.md"]) this.emitFile({ type: "asset", fileName: `docs/${name}`, source: readFileSync(new URL(name, folder)) });
    },
  };
}

const version = versionOf();

export default defineConfig({
  root: import.meta.dirname,
  // Relative addresses: the built folder works at any path of any host.
  base: "./",
  // One page and no routes: what is not there is a 404, not the page again under another name.
  appType: "mpa",
  resolve: { alias: { nearmiss: new URL("../pkg/dist/index.js", import.meta.url).pathname } },
  plugins: [characterMaps(), docs(), forHosts(), versions(version), offline(version)],
  worker: { format: "es" },
  assetsInclude: ["**/*.wasm"],
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
  // The package lies beside the root; its modules and wasm files are read from there.
  server: { fs: { allow: [".."] } },
  preview: { headers: headers() },
});
