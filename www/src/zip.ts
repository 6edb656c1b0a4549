/**
 * A folder as one uncompressed zip file: weights hardly compress. The library comes with the model, since nothing is fetched
 * after that, and only then, since few people need it.
 */
import type { ExportedFile } from "nearmiss";

/** Bytes that are put in at once; in between the page may draw and the person may cancel. */
const PIECE = 4_000_000;

const load = () => import("fflate").then(({ Zip, ZipPassThrough }) => ({ Zip, ZipPassThrough }));

/** Starts the fetch early; a failure shows when the library is needed. */
export async function prefetchZip(): Promise<void> {
  await load().catch(() => undefined);
}

export async function zipFolder(folder: string, files: readonly ExportedFile[], signal: AbortSignal): Promise<Blob> {
  const { Zip, ZipPassThrough } = await load();
  const parts: BlobPart[] = [];
  let failed: Error | null = null;
  const zip = new Zip((error, part) => {
    if (error) failed = error;
    else parts.push(part.slice());
  });
  for (const { path, bytes } of files) {
    const entry = new ZipPassThrough(`${folder}/${path}`);
    zip.add(entry);
    for (let at = 0; at === 0 || at < bytes.length; at += PIECE) {
      entry.push(bytes.subarray(at, at + PIECE), at + PIECE >= bytes.length);
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
    }
  }
  zip.end();
  if (failed) throw failed;
  return new Blob(parts, { type: "application/zip" });
}
