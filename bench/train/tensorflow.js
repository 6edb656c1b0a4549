/**
 * The same training step in TensorFlow.js: BERT, mean pooling, InfoNCE over all documents of the batch, and its own Adam. Word
 * embeddings are constant, as they are in nearmiss. `[batch, seq, hidden]` is kept flat as `[batch * seq, hidden]` but in attention.
 */
import { RATE, SCALE } from "./data.js";

/** @param {{ backend: "wasm" | "cpu" | "webgpu", threads?: number }} how @returns {Promise<() => Promise<number>>} one step, giving its loss */
export async function tensorflow({ backend, threads = 1 }, { shape, tensors, queries, positives, negatives, ids }, steps) {
  const tf = await open(backend, threads);
  const { batch, layers } = shape;
  const variables = [];
  const variable = (name) => {
    const { shape, values } = tensors.get(name);
    const made = tf.variable(tf.tensor(values, shape));
    variables.push(made);
    return made;
  };
  const word = tf.tensor(tensors.get("embeddings.word_embeddings.weight").values, tensors.get("embeddings.word_embeddings.weight").shape);
  const norm = (name) => [variable(`${name}.weight`), variable(`${name}.bias`)];
  const model = {
    position: variable("embeddings.position_embeddings.weight"),
    segment: variable("embeddings.token_type_embeddings.weight"),
    norm: norm("embeddings.LayerNorm"),
    layers: Array.from({ length: layers }, (_, at) => {
      const place = `encoder.layer.${at}`;
      const [query, key, value] = ["query", "key", "value"].map((part) => norm(`${place}.attention.self.${part}`));
      return {
        query, key, value, output: norm(`${place}.attention.output.dense`), attentionNorm: norm(`${place}.attention.output.LayerNorm`),
        inner: norm(`${place}.intermediate.dense`), outer: norm(`${place}.output.dense`), norm: norm(`${place}.output.LayerNorm`),
      };
    }),
  };
  const side = (texts) => tf.tensor1d(Int32Array.from(texts.flatMap(ids)), "int32");
  const [asked, documents] = [side(queries), side([...positives, ...negatives])];
  const right = tf.oneHot(tf.range(0, batch, 1, "int32"), 2 * batch).cast("float32");
  const optimizer = tf.train.adam(RATE, 0.9, 0.999, 1e-8);
  const loss = () => {
    const query = encode(tf, model, word, asked, batch, shape);
    const candidates = encode(tf, model, word, documents, 2 * batch, shape);
    const scores = tf.mul(tf.matMul(query, candidates, false, true), SCALE); // [batch, 2 * batch]
    return tf.neg(tf.mean(tf.sum(tf.mul(right, tf.logSoftmax(scores)), -1)));
  };
  let taken = 0;
  return async () => {
    optimizer.learningRate = RATE * (1 - taken / steps);
    const value = optimizer.minimize(loss, true, variables);
    taken += 1;
    const [number] = await value.data();
    value.dispose();
    return number;
  };
}

async function open(backend, threads) {
  const files = ["tfjs/dist/tf.min.js", "tfjs-backend-wasm/dist/tf-backend-wasm.min.js", "tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js"];
  for (const file of files) await script(`/peers/@tensorflow/${file}`);
  const { tf } = window;
  if (backend === "wasm") {
    tf.wasm.setWasmPaths("/peers/@tensorflow/tfjs-backend-wasm/dist/");
    // Without threads it takes the SIMD module; with them, whatever their number, another.
    if (threads === 1) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    else tf.wasm.setThreadsCount(threads);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} here`);
  await tf.ready();
  return tf;
}

function script(src) {
  return new Promise((done, fail) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: done, onerror: () => fail(new Error(`no ${src}`)) }));
  });
}

/** @returns unit rows, `[batch, hidden]` */
function encode(tf, model, word, tokens, batch, { hidden, heads, length }) {
  const size = hidden / heads;
  const linear = (x, [weight, bias]) => tf.add(tf.matMul(x, weight, false, true), bias);
  const place = tf.add(tf.slice(model.position, [0, 0], [length, hidden]), tf.slice(model.segment, [0, 0], [1, hidden]));
  const words = tf.reshape(tf.gather(word, tokens), [batch, length, hidden]);
  const start = layerNorm(tf, tf.reshape(tf.add(words, place), [batch * length, hidden]), model.norm);
  const split = (x) => tf.transpose(tf.reshape(x, [batch, length, heads, size]), [0, 2, 1, 3]); // [batch, heads, seq, size]
  const top = model.layers.reduce((x, layer) => {
    const [query, key, value] = [layer.query, layer.key, layer.value].map((weights) => split(linear(x, weights)));
    const shares = tf.softmax(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size))); // [batch, heads, seq, seq]
    const mixed = tf.reshape(tf.transpose(tf.matMul(shares, value), [0, 2, 1, 3]), [batch * length, hidden]);
    const attended = layerNorm(tf, tf.add(x, linear(mixed, layer.output)), layer.attentionNorm);
    return layerNorm(tf, tf.add(attended, linear(gelu(tf, linear(attended, layer.inner)), layer.outer)), layer.norm);
  }, start);
  const mean = tf.mean(tf.reshape(top, [batch, length, hidden]), 1);
  return tf.div(mean, tf.sqrt(tf.sum(tf.mul(mean, mean), -1, true)));
}

function layerNorm(tf, x, [scale, shift]) {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.mul(centred, centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-12))), scale), shift);
}

const gelu = (tf, x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
