/**
 * Logs of records that outlive the page. In: records, as bytes. Out: the same records, whole and in order, after whatever happened between.
 *
 * What was appended is on disk when `append` resolves; a tab that dies while it writes loses what it was writing, and no more.
 */

export { deleteStore, importStore, listStores, persist, repairStore } from "./manage.js";
export { decode, encode, type StoredRecord } from "./record.js";
export { estimate, openStore, type Change, type Store } from "./store.js";
