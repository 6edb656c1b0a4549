/** A model on a server that can break off, refuse ranges, change its files and fail for a while. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";

export const WEIGHTS = new Uint8Array(300_000).map((_, at) => (at * 7 + (at >> 8)) % 251);
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/**
 * @param {{ weights?: Uint8Array, etag?: string | null, ranges?: boolean, cut?: number[], port?: number, before?: (request, response) => boolean | void }} script
 *   `cut` are lengths after which answers with the weights break off, one an answer; `before` may answer by itself and say so; pages of
 *   other origins may read what browsers show them without being told more
 * @returns `url` of the model's folder, `asked` with method, file, range and if-range of each request, and `script`, to be changed
 */
export async function serveModel(script = {}) {
  const asked = [];
  const server = createServer((request, response) => {
    const file = request.url.replace(/^\/m\//, "");
    response.setHeader("access-control-allow-origin", "*");
    asked.push({ method: request.method, file, range: request.headers.range ?? null, ifRange: request.headers["if-range"] ?? null });
    if (script.before?.(request, response, file)) return;
    const files = { "config.json": Buffer.from("{}"), "tokenizer.json": Buffer.from("[]"), "model.safetensors": script.weights ?? WEIGHTS };
    const bytes = files[file];
    if (!bytes) return response.writeHead(404).end("no");
    const etag = script.etag === undefined ? `"${sha256(bytes).slice(0, 16)}"` : script.etag;
    const from = start(request, script, etag);
    const headers = { ...(etag && { etag }), "content-length": bytes.length - from };
    if (from > 0) headers["content-range"] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(from > 0 ? 206 : 200, headers);
    if (request.method === "HEAD") return response.end();
    const cut = file === "model.safetensors" ? script.cut?.shift() : undefined;
    if (cut === undefined) return response.end(bytes.subarray(from));
    response.write(bytes.subarray(from, from + cut), () => response.destroy());
  });
  await new Promise((done) => server.listen(script.port ?? 0, "127.0.0.1", done));
  const close = () => (server.closeAllConnections(), new Promise((done) => server.close(done)));
  return { url: `http://127.0.0.1:${server.address().port}/m/`, asked, script, close };
}

/** RFC 9110: a range counts only when its condition holds. */
function start({ headers }, { ranges = true }, etag) {
  const match = ranges && /^bytes=(\d+)-$/.exec(headers.range ?? "");
  return match && (!headers["if-range"] || headers["if-range"] === etag) ? Number(match[1]) : 0;
}
