/**
 * Engines behind one shape: an opened one takes `{ texts, ids }`, a batch of equally long texts and their token ids, and gives
 * `[batch × width]` numbers, each row of length 1. onnxruntime-web has no tokenizer and is given ids, which is in its favour.
 */
import { open } from "/tests/page.js";

export const ENGINES = {
  async nearmiss({ build = "cpu", folder = "/model/", precision } = {}) {
    const { engine } = await open(build, folder, precision ? { precision } : {});
    return ({ texts }) => engine.encode(texts, "document");
  },

  async onnxRuntime({ threads = 1, folder = "/models/minilm/", file = "model.onnx", provider = "wasm" }) {
    const ort = await import(`/peers/onnxruntime-web/dist/ort.${provider}.min.mjs`);
    ort.env.wasm.wasmPaths = "/peers/onnxruntime-web/dist/";
    ort.env.wasm.numThreads = threads;
    const session = await ort.InferenceSession.create(`${folder}onnx/${file}`, { executionProviders: [provider] });
    return async ({ ids }) => {
      const shape = [ids.length, ids[0].length];
      const tensor = (value) => new ort.Tensor("int64", BigInt64Array.from(ids.flat(), value), shape);
      const { last_hidden_state } = await session.run({
        input_ids: tensor(BigInt), attention_mask: tensor(() => 1n), token_type_ids: tensor(() => 0n),
      });
      return pooled(last_hidden_state.data, last_hidden_state.dims);
    };
  },

  async transformersJs({ threads }) {
    const { env, pipeline } = await import("/peers/@huggingface/transformers/dist/transformers.min.js");
    Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: "/models/", useBrowserCache: false });
    env.backends.onnx.wasm.wasmPaths = "/ort/";
    env.backends.onnx.wasm.numThreads = threads;
    const embed = await pipeline("feature-extraction", "minilm", { device: "wasm", dtype: "fp32" });
    return async ({ texts }) => (await embed(texts, { pooling: "mean", normalize: true })).data;
  },
};

/** The mean over each text's tokens, brought to length 1. There is no padding. */
function pooled(states, [batch, length, width]) {
  const rows = new Float32Array(batch * width);
  for (let text = 0; text < batch; text += 1) {
    const row = rows.subarray(text * width, (text + 1) * width);
    for (let at = text * length * width; at < (text + 1) * length * width; at += width) {
      for (let i = 0; i < width; i += 1) row[i] += states[at + i];
    }
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let i = 0; i < width; i += 1) row[i] /= norm;
  }
  return rows;
}
