/** From nothing to the first embedding, stage by stage, in a page of its own. Milliseconds and bytes. */

const TEXT = "which way does the tap open";

/** Every memory that WebAssembly gets from now on, whoever makes it. @returns {() => number} their bytes; they never shrink */
function watchMemory() {
  const memories = new Set();
  const made = WebAssembly.Memory;
  WebAssembly.Memory = class extends made {
    constructor(descriptor) {
      super(descriptor);
      memories.add(this);
    }
  };
  const take = (result) => {
    const exported = (result.instance ?? result).exports;
    for (const value of Object.values(exported)) if (value instanceof made) memories.add(value);
    return result;
  };
  for (const method of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[method];
    WebAssembly[method] = (...args) => original.apply(WebAssembly, args).then(take);
  }
  return () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
}

/** Milliseconds between one call and the next. */
function stopwatch() {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const took = now - last;
    last = now;
    return took;
  };
}

const fetched = async (url) => {
  const response = await fetch(url);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

/** @param {"cpu" | "webgpu"} build @param {string} folder of the model */
export async function nearmiss(build, folder) {
  const bytes = watchMemory();
  const taken = build === "webgpu" ? (await import("/tests/gpu.js")).countGpuWork() : () => ({ pipelines: 0 });
  const names = ["config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json", "sentence_bert_config.json", "modules.json"];
  const [config, tokenizer, weights, pooling, sentenceBert, modules] = await Promise.all(names.map((name) => fetched(`${folder}${name}`)));
  const file = weights.length;
  const lap = stopwatch();
  const module = await import(`/wasm/${build}/nearmiss.js`);
  await module.default();
  const instantiate = lap();
  const engine = await module.Engine.create({ config, tokenizer, weights, pooling, sentenceBert, modules }, {});
  const create = lap();
  const pipelines = [taken().pipelines];
  const rows = [];
  const times = [];
  for (let turn = 0; turn < 3; turn += 1) {
    lap();
    rows.push(await engine.encode([TEXT], "query"));
    times.push(lap());
    pipelines.push(taken().pipelines);
  }
  const [first, , third] = times;
  return { instantiate, create, first, later: third, total: instantiate + create + first, bytes: bytes(), file, pipelines, row: [...rows[0]] };
}

/** onnxruntime-web on one thread, from a graph of the same weights; it has no tokenizer and is given ids. */
export async function onnxRuntime() {
  const bytes = watchMemory();
  const model = await fetched("/models/minilm/onnx/model.onnx");
  const lap = stopwatch();
  const ort = await import("/peers/onnxruntime-web/dist/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = "/peers/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = 1;
  // Its module is instantiated with the first session: both are in `create`.
  const instantiate = lap();
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const create = lap();
  // What the tokenizer of all-MiniLM-L6-v2 makes of the text.
  const ids = [101, 2029, 2126, 2515, 1996, 11112, 2330, 102];
  const tensor = (value) => new ort.Tensor("int64", BigInt64Array.from(ids, value), [1, ids.length]);
  const run = () => session.run({ input_ids: tensor(BigInt), attention_mask: tensor(() => 1n), token_type_ids: tensor(() => 0n) });
  lap();
  const { last_hidden_state } = await run();
  const first = lap();
  await run();
  await run();
  lap();
  await run();
  const later = lap();
  const width = last_hidden_state.dims[2];
  const mean = Array.from({ length: width }, (_, i) => ids.reduce((sum, _, at) => sum + last_hidden_state.data[at * width + i], 0) / ids.length);
  const norm = Math.hypot(...mean);
  return { instantiate, create, first, later, total: instantiate + create + first, bytes: bytes(), file: model.length, row: mean.map((value) => value / norm) };
}
