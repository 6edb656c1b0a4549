/** One page, every engine in turns: so that what else the machine does meets all of them alike. */

/** onnxruntime-web has no tokenizer: it is given the numbers of the word pieces, which is in its favour. */
async function onnxRuntime({ threads }) {
  const ort = await import("/peers/onnxruntime-web/dist/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = "/peers/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create("/models/minilm/onnx/model.onnx", { executionProviders: ["wasm"] });
  const encode = async (texts, pieces) => {
    const length = pieces[0].length;
    const tensor = (values) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [pieces.length, length]);
    const all = pieces.flat();
    const { last_hidden_state } = await session.run({ input_ids: tensor(all), attention_mask: tensor(all.map(() => 1)), token_type_ids: tensor(all.map(() => 0)) });
    return pooled(last_hidden_state.data, pieces.length, length, last_hidden_state.dims[2]);
  };
  return { encode };
}

/** The mean over tokens, brought to length 1. All texts are of one length, without padding. */
function pooled(hidden, texts, length, width) {
  const rows = new Float32Array(texts * width);
  for (let text = 0; text < texts; text++) {
    const row = rows.subarray(text * width, (text + 1) * width);
    for (let at = 0; at < length; at++) for (let i = 0; i < width; i++) row[i] += hidden[(text * length + at) * width + i];
    const norm = Math.hypot(...row);
    for (let i = 0; i < width; i++) row[i] /= norm;
  }
  return rows;
}

async function transformersJs({ threads }) {
  const { env, pipeline } = await import("/peers/@huggingface/transformers/dist/transformers.min.js");
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = "/models/";
  env.backends.onnx.wasm.wasmPaths = "/ort/";
  env.backends.onnx.wasm.numThreads = threads;
  const embed = await pipeline("feature-extraction", "minilm", { device: "wasm", dtype: "fp32" });
  return { encode: async (texts) => (await embed(texts, { pooling: "mean", normalize: true })).data };
}

const ENGINES = { onnxRuntime, transformersJs, nearmiss: async (asked) => (await import("/app/page.js")).nearmiss(asked) };

/**
 * @param {{ engines: { call: string, asked: object }[], texts: string[], pieces: number[][], rounds: number }} given
 * @returns for each engine its milliseconds, the largest difference to the first one's embeddings, and its memory if it says so
 */
export async function measure({ engines, texts, pieces, rounds }) {
  const made = [];
  for (const { call, asked } of engines) made.push(await ENGINES[call](asked));
  const results = [];
  for (const { encode } of made) results.push({ times: [], rows: await encode(texts, pieces) });
  for (let round = 0; round < rounds; round++) {
    for (const [at, { encode }] of made.entries()) {
      const begun = performance.now();
      await encode(texts, pieces);
      results[at].times.push(performance.now() - begun);
    }
  }
  const first = results[0].rows;
  return Promise.all(results.map(async ({ times, rows }, at) => {
    if (rows.length !== first.length) throw new Error(`${engines[at].call} gave ${rows.length} numbers, not ${first.length}`);
    const apart = rows.reduce((most, value, i) => Math.max(most, Math.abs(value - first[i])), 0);
    return { times, apart, memory: (await made[at].memory?.()) ?? null };
  }));
}
