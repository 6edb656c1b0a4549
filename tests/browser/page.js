/** Loaded by the pages of the browser tests: engines of both builds over a model served beside them. */

const bytes = async (url) => {
  const response = await fetch(url);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

/** @returns {Promise<{ module, engine }>} a build's module, and its engine over the model in `folder` */
export async function open(build, folder, options = {}) {
  const module = await import(`/wasm/${build}/nearmiss.js`);
  await module.default();
  const [config, tokenizer, weights, pooling, sentenceBert, modules] = await Promise.all(
    ["config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json", "sentence_bert_config.json", "modules.json"].map(
      (name) => bytes(`${folder}${name}`),
    ),
  );
  return { module, engine: await module.Engine.create({ config, tokenizer, weights, pooling, sentenceBert, modules }, options) };
}

/** Twelve notes and as many questions, two thirds of them for training; on the tiny model every word counts. */
export function fill(engine) {
  const words = ["key", "valve", "mast", "battery", "door", "branch", "leave", "note", "station", "team", "pay", "ring"];
  engine.addDocuments(words.map((word) => ({ id: word, text: `to rotate the ${word} turn it to the last ${word}` })));
  engine.addJudgments(
    words.flatMap((word, i) => {
      const query = `how do i turn a ${word}?`;
      const split = i % 3 === 0 ? "held-out" : "train";
      return [
        { query, document: word, relevant: true, split },
        { query, document: words[(i + 1) % words.length], relevant: false, split },
      ];
    }),
  );
}

/** Pulls a job to its end, or until `until` says enough. */
export async function pull(engine, job, until = () => false) {
  engine.start(job);
  const events = [];
  for (let event = await engine.next(); event !== null; event = await engine.next()) {
    events.push(event);
    if (until(event)) break;
  }
  return events;
}

/** What a promise rejects with, as a plain object. */
export async function refusal(work) {
  try {
    await work();
  } catch (error) {
    return { code: error.code ?? null, message: String(error.message ?? error) };
  }
  return null;
}

/** Remembers each GPU device that is opened from now on, so that a test can take it away. */
export function watchDevices() {
  const devices = [];
  const original = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await original.apply(this, args);
    devices.push(device);
    return device;
  };
  return devices;
}

/** The numbers of one tensor of a safetensors file. */
export function tensor(bytes, name) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const [from, to] = header[name].data_offsets;
  return new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer);
}
