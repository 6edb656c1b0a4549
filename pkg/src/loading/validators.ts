/** What a server says by which two versions of a file are told apart (RFC 9110, section 8.8). */

export interface Validators {
  etag: string | null;
  /** `Last-Modified`, as it was sent. */
  modified: string | null;
  /** Bytes of the whole file; null where it is not said, or said of the compressed form. */
  length: number | null;
}

export function validators({ headers }: Response): Validators {
  return { etag: headers.get("etag"), modified: headers.get("last-modified"), length: statedLength(headers) };
}

/** Of the bytes as they will be read: under compression the header counts others, so it is of no use. */
export function statedLength(headers: Headers): number | null {
  const length = Number(headers.get("content-length") ?? Number.NaN);
  return headers.has("content-encoding") || !Number.isSafeInteger(length) ? null : length;
}

/** False when the two certainly belong to different versions; what only one of them says tells nothing. */
export function alike(a: Validators, b: Validators): boolean {
  const weak = (etag: string | null) => etag && etag.replace(/^W\//, "");
  const differ = (x: unknown, y: unknown) => x !== null && y !== null && x !== y;
  return !differ(weak(a.etag), weak(b.etag)) && !differ(a.modified, b.modified) && !differ(a.length, b.length);
}

/** What `If-Range` may hold: an ETag that promises the same bytes, or else a date; null where the server gives neither. */
export function strong({ etag, modified }: Validators): string | null {
  return etag && !etag.startsWith("W/") ? etag : modified;
}
