/** Files beside the page whose names never change: asked for by what they hold, so that no cache gives those of another version. */

declare global {
  interface ImportMeta {
    readonly env: { readonly VITE_FILES: string };
  }
}

/** `beside("sample/corpus.jsonl")`, relative to the page; offline/version.ts says which files are so named. */
export function beside(name: string): URL {
  return new URL(`${name}?v=${import.meta.env.VITE_FILES}`, document.baseURI);
}
