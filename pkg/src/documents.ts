/** `nm.documents`: what is searched. */

import * as check from "./checks.js";
import type { Core } from "./core.js";
import { importFiles } from "./importing.js";
import { ADD } from "./options.js";
import { toDocuments } from "./sources.js";
import type { AddOptions, AddResult, Document, DocumentInput, FileInput, ImportOptions, ImportResult } from "./types.js";

/** The documents of one instance. */
export interface Documents {
  /**
   * Adds documents, all or none, and encodes them. One with a known id replaces it; unchanged content is not encoded again.
   *
   * @throws {NearmissError} `INPUT_INVALID` naming place and field, and while a training run is open; `ABORTED` (the documents stay, found by
   *   their words); `STORAGE_QUOTA`, with nothing added; `OUT_OF_MEMORY` and `DEVICE_LOST` while they are encoded
   */
  add(documents: DocumentInput | Iterable<DocumentInput>, options?: AddOptions): Promise<AddResult>;
  /**
   * Adds what files and whole folders hold: text, Markdown, HTML, CSV, JSON, PDF and DOCX, cut into passages. A file that
   * cannot be read is told of and never stops the others. One that was imported before is replaced; what has not changed is
   * not encoded again. What is done stays done: when it is cancelled, every file before is in.
   *
   * @throws {NearmissError} `ABORTED`, with what came before kept; `INPUT_INVALID` for inputs and options of the wrong shape; as `add`
   */
  import(files: FileInput | Iterable<FileInput>, options?: ImportOptions): Promise<ImportResult>;
  /**
   * Removes documents and the judgments about them; unknown ids are passed over.
   *
   * @throws {NearmissError} `INPUT_INVALID` for ids that are no strings, and while a training run is open; `STORAGE_QUOTA`
   */
  remove(ids: string | Iterable<string>): Promise<{ removed: number; total: number }>;
  /**
   * All documents, in the order in which they were added.
   *
   * @throws {NearmissError} `DISPOSED`
   */
  list(): Promise<Document[]>;
}

export function documents(core: Core): Documents {
  return {
    add: (input, options = {}) => add(core, input, options),
    import: (files, options = {}) => importFiles(core, files, options),
    remove: async (ids) => {
      const all = check.list(ids);
      all.forEach((id, index) => check.string(id, `ids[${index}]`));
      return core.turn("documents.remove", undefined, () => core.host.call("removeDocuments", [all]));
    },
    list: () => core.call("documents", []),
  };
}

async function add(core: Core, input: DocumentInput | Iterable<DocumentInput>, options: AddOptions): Promise<AddResult> {
  core.alive();
  check.options(options, ADD, "options");
  return core.turnOver("documents.add", options.signal, toDocuments(input, options.signal), async (all) => {
    const result = await core.host.call("addDocuments", [all], options.signal);
    await core.index(options);
    return result;
  });
}
