/** What is kept on this device. */
import type { StorageState } from "nearmiss";
import { megabytes } from "./numbers.ts";

export const keeping = {
  /** Name of the file that holds everything. */
  file: "notes.nearmiss",
  nothing: "Nothing is kept yet. What you add is kept in this browser, on this device, and is here again when you come back.",
  earlier: (bytes: number) => `${space(bytes)} of notes and marks are kept from an earlier visit. They are here again when the model is loaded.`,
  closed: (bytes: number) => `Kept in this browser, on this device, and in use again when a model is loaded (${space(bytes)}).`,
  kept: ({ kind, bytes, reason }: StorageState) =>
    kind === "memory" ? `Nothing is kept: ${reason} All is gone when this tab closes.` : `Kept in this browser, on this device: notes, marks, what was read and trained (${space(bytes)}).`,
  reader: "Another tab has these notes open and writes them. Search works here and follows that tab; to change something, go there or close it.",
  unsaved: (message: string) => `Not saved: ${message}`,
  leftOut: (reason: string) => `Left out: ${reason}`,
  exporting: "Writing everything into one file",
  importing: "Checking the file",
  deleting: "Deleting everything",
  imported: "Taken up. Load the model to go on.",
  deleted: "Everything is deleted from this device.",
};

function space(bytes: number): string {
  return bytes < 100_000 ? `${Math.ceil(bytes / 1000)} kB` : `${megabytes(bytes)} MB`;
}
