/**
 * A store that survives: an append-only log of records in OPFS, IndexedDB or memory. What it has acknowledged it gives back, whole
 * and in order, after any crash; what is damaged it says, and never gives back.
 *
 *     const store = await openStore("opfs:notes");
 *     for await (const record of store.read()) replay(decode(record));
 *     await store.append([encode({ type: "document", data: { id } })]);
 */

export { openStore, listStores, deleteStore } from "./open.js";
export type { OpenStoreOptions, StoreInfo } from "./open.js";
export { estimate, persist } from "./quota.js";
export { decode, encode } from "./record.js";
export type { StoredRecord } from "./record.js";
export { exportStore, importStore } from "./transfer.js";
export type { Store, StoreChange, StoreKind } from "./types.js";
