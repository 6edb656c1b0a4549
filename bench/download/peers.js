/** From import to the first hit, with what people would use instead. Both leave the search itself to the page: here, dot products. */

/** transformers.js: tokenizer, model and pooling in one pipeline. */
export async function transformersJs({ dtype, documents, query }) {
  const started = performance.now();
  const { env, pipeline } = await import("/peers/@huggingface/transformers/dist/transformers.min.js");
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = "/models/";
  env.backends.onnx.wasm.wasmPaths = "/ort/";
  env.backends.onnx.wasm.numThreads = 1;
  const embed = await pipeline("feature-extraction", "minilm", { device: "wasm", dtype });
  const { data, dims } = await embed([...documents.map(({ text }) => text), query], { pooling: "mean", normalize: true });
  const hit = nearest(data, dims.at(-1), documents);
  return { ms: performance.now() - started, hit };
}

/** onnxruntime-web alone has no tokenizer: it gets the numbers of the word pieces, which is in its favour. */
export async function onnxRuntime({ file, documents, pieces }) {
  const started = performance.now();
  const ort = await import("/peers/onnxruntime-web/dist/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = "/peers/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(`/models/minilm/onnx/${file}`, { executionProviders: ["wasm"] });
  const length = Math.max(...pieces.map((ids) => ids.length));
  const tensor = (fill) => new ort.Tensor("int64", BigInt64Array.from(pieces.flatMap((ids) => Array.from({ length }, (_, at) => BigInt(fill(ids, at))))), [pieces.length, length]);
  const { last_hidden_state } = await session.run({
    input_ids: tensor((ids, at) => ids[at] ?? 0), attention_mask: tensor((ids, at) => (at < ids.length ? 1 : 0)), token_type_ids: tensor(() => 0),
  });
  const width = last_hidden_state.dims[2];
  const hit = nearest(pooled(last_hidden_state.data, pieces, length, width), width, documents);
  return { ms: performance.now() - started, hit };
}

/** The mean over a text's pieces, brought to length 1. */
function pooled(hidden, pieces, length, width) {
  const rows = new Float32Array(pieces.length * width);
  pieces.forEach((ids, text) => {
    const row = rows.subarray(text * width, (text + 1) * width);
    for (let at = 0; at < ids.length; at++) for (let i = 0; i < width; i++) row[i] += hidden[(text * length + at) * width + i];
    const norm = Math.hypot(...row);
    for (let i = 0; i < width; i++) row[i] /= norm;
  });
  return rows;
}

/** The document whose row has the largest dot product with the last row, that of the query. */
function nearest(rows, width, documents) {
  const query = rows.subarray(documents.length * width);
  const scores = documents.map((_, at) => query.reduce((sum, value, i) => sum + value * rows[at * width + i], 0));
  return documents[scores.indexOf(Math.max(...scores))].id;
}
