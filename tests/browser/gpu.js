/** Loaded by the page of the WebGPU test: what a GPU is asked to do, counted, and models of any size from a seed. */

/**
 * Counts from now on. `buffers` are those that hold tensors, `allocations` all that are made and `allocated` their bytes; `written` are bytes
 * by writeBuffer; `freed` are bytes of buffers that were destroyed.
 *
 * @returns {() => { dispatches, readBacks, buffers, kernels, pipelines, bindGroups, allocations, allocated, freed, writes, written, submits }}
 *   since it was last called
 */
export function countGpuWork() {
  const names = new WeakMap();
  let current;
  let counts = fresh();
  const wrap = (prototype, method, before) => {
    const original = prototype[method];
    prototype[method] = function (...args) {
      return before(original.apply(this, args), ...args);
    };
  };
  wrap(GPUDevice.prototype, "createComputePipeline", (pipeline, { label }) => {
    names.set(pipeline, label);
    counts.pipelines++;
    return pipeline;
  });
  wrap(GPUComputePassEncoder.prototype, "setPipeline", (done, pipeline) => {
    current = names.get(pipeline);
    return done;
  });
  wrap(GPUComputePassEncoder.prototype, "dispatchWorkgroups", (done) => {
    counts.dispatches++;
    counts.kernels[current] = (counts.kernels[current] ?? 0) + 1;
    return done;
  });
  wrap(GPUBuffer.prototype, "mapAsync", (done) => {
    counts.readBacks++;
    return done;
  });
  // Only those that hold tensors, which alone can be copied from. A submission's arguments have one of their own that goes with it.
  wrap(GPUDevice.prototype, "createBuffer", (buffer) => {
    if (buffer.usage & GPUBufferUsage.STORAGE && buffer.usage & GPUBufferUsage.COPY_SRC) counts.buffers++;
    counts.allocations++;
    counts.allocated += buffer.size;
    return buffer;
  });
  const destroyed = new WeakSet();
  const destroy = GPUBuffer.prototype.destroy;
  GPUBuffer.prototype.destroy = function () {
    if (!destroyed.has(this)) counts.freed += this.size;
    destroyed.add(this);
    return destroy.call(this);
  };
  wrap(GPUDevice.prototype, "createBindGroup", (group) => {
    counts.bindGroups++;
    return group;
  });
  wrap(GPUQueue.prototype, "submit", (done) => {
    counts.submits++;
    return done;
  });
  wrap(GPUQueue.prototype, "writeBuffer", (done, buffer, offset, data, from = 0, size = undefined) => {
    counts.writes++;
    // Of a typed array, `from` and `size` count its elements, else bytes.
    counts.written += (size ?? (data.length ?? data.byteLength) - from) * (data.BYTES_PER_ELEMENT ?? 1);
    return done;
  });
  return () => {
    const taken = counts;
    counts = fresh();
    return taken;
  };
}

function fresh() {
  return {
    dispatches: 0, readBacks: 0, buffers: 0, kernels: {}, pipelines: 0, bindGroups: 0, allocations: 0, allocated: 0, freed: 0, writes: 0, written: 0,
    submits: 0,
  };
}

/**
 * Files of a BERT of these sizes with seeded weights; the tokenizer is that of the tiny model.
 *
 * @param {{ hidden: number, heads: number, wide: number, layers: number }} sizes
 */
export async function seededModel({ hidden, heads, wide, layers }) {
  const tokenizer = new Uint8Array(await (await fetch("/tiny/tokenizer.json")).arrayBuffer());
  const [vocabulary, positions] = [138, 64];
  const config = {
    architectures: ["BertModel"], model_type: "bert", hidden_act: "gelu", hidden_size: hidden, intermediate_size: wide,
    layer_norm_eps: 1e-12, max_position_embeddings: positions, num_attention_heads: heads, num_hidden_layers: layers,
    position_embedding_type: "absolute", type_vocab_size: 2, vocab_size: vocabulary,
  };
  const random = generator(7);
  const tensors = [];
  const matrix = (name, rows, columns) => {
    const spread = 1 / Math.sqrt(columns);
    tensors.push({ name, shape: [rows, columns], values: Float32Array.from({ length: rows * columns }, () => random() * spread) });
  };
  const vector = (name, length, mean) =>
    tensors.push({ name, shape: [length], values: Float32Array.from({ length }, () => mean + 0.2 * random()) });
  const norm = (name) => {
    vector(`${name}.weight`, hidden, 1);
    vector(`${name}.bias`, hidden, 0);
  };
  const linear = (name, from, to) => {
    matrix(`${name}.weight`, to, from);
    vector(`${name}.bias`, to, 0);
  };
  for (const [table, rows] of [["word", vocabulary], ["position", positions], ["token_type", 2]])
    matrix(`embeddings.${table}_embeddings.weight`, rows, hidden);
  norm("embeddings.LayerNorm");
  for (let layer = 0; layer < layers; layer++) {
    const place = `encoder.layer.${layer}`;
    for (const part of ["query", "key", "value"]) linear(`${place}.attention.self.${part}`, hidden, hidden);
    linear(`${place}.attention.output.dense`, hidden, hidden);
    norm(`${place}.attention.output.LayerNorm`);
    linear(`${place}.intermediate.dense`, hidden, wide);
    linear(`${place}.output.dense`, wide, hidden);
    norm(`${place}.output.LayerNorm`);
  }
  return { config: new TextEncoder().encode(JSON.stringify(config)), tokenizer, weights: safetensors(tensors) };
}

/** Numbers of about a normal distribution, the same for the same seed (mulberry32, four draws summed). */
function generator(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
}

function safetensors(tensors) {
  let at = 0;
  const header = {};
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let place = 8 + text.length;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer), place);
    place += values.byteLength;
  }
  return bytes;
}
