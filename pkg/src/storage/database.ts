/** The databases of stores: one each, named `nearmiss/<name>`, with a table of rows and one that says which of them count. */

import { newer } from "./frames.js";

const PREFIX = "nearmiss/";
const VERSION = 1;
export const ROWS = "rows";
export const STATE = "state";

/** Rejects as IndexedDB does. @throws {NearmissError} `STORAGE_CORRUPT` for a newer format */
export async function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(PREFIX + name, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ROWS);
    request.result.createObjectStore(STATE);
  };
  try {
    const database = await result(request);
    // Someone deletes it, or a newer version wants to change it: neither should have to wait for this one.
    database.onversionchange = () => database.close();
    return database;
  } catch (error) {
    if ((error as DOMException).name === "VersionError") throw newer(`the database "${name}"`, VERSION + 1, VERSION);
    throw error;
  }
}

/** Names of all stores here; none where the browser does not tell. */
export async function databaseNames(): Promise<string[]> {
  try {
    const all = await indexedDB.databases();
    return all.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
  } catch {
    return [];
  }
}

export async function deleteDatabase(name: string): Promise<void> {
  await result(indexedDB.deleteDatabase(PREFIX + name));
}

export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
