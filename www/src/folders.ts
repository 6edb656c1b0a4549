/** Files and folders that a person picks or drops, in the ways in which different browsers hand them over. */
import type { FileInput } from "nearmiss";

type Picker = (options: { id: string }) => Promise<FileSystemDirectoryHandle>;

/** Null where the browser has no such dialog: then a file input with `webkitdirectory` has one. */
export const pickFolder = (globalThis as { showDirectoryPicker?: Picker }).showDirectoryPicker ?? null;

/** To be called while the event lasts: afterwards its items are gone. */
export function dropped(transfer: DataTransfer | null): FileInput[] {
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === "file");
  return items.map(fromItem).filter((input) => input !== null);
}

/** All browsers that are in use know these entries, those with `getAsFileSystemHandle` as well. */
function fromItem(item: DataTransferItem): FileInput | null {
  const entry = item.webkitGetAsEntry();
  return entry?.isDirectory ? asHandle(entry as FileSystemDirectoryEntry) : item.getAsFile();
}

/** As much of a handle as reading a folder takes. */
function asHandle(folder: FileSystemDirectoryEntry): FileSystemDirectoryHandle {
  const reader = folder.createReader();
  const some = () => new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
  const values = async function* () {
    // It gives a hundred at a time, and none at the end.
    for (let entries = await some(); entries.length > 0; entries = await some()) {
      for (const entry of entries) yield entry.isDirectory ? asHandle(entry as FileSystemDirectoryEntry) : fileHandle(entry as FileSystemFileEntry);
    }
  };
  return { kind: "directory", name: folder.name, values } as unknown as FileSystemDirectoryHandle;
}

function fileHandle(entry: FileSystemFileEntry): FileSystemFileHandle {
  const getFile = () => new Promise<File>((resolve, reject) => entry.file(resolve, reject));
  return { kind: "file", name: entry.name, getFile } as unknown as FileSystemFileHandle;
}
