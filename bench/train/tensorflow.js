/** The same encoder, loss and update in TensorFlow.js, by hand: it has no transformer of its own. */

async function load(path) {
  await new Promise((done, fail) => document.head.append(Object.assign(document.createElement("script"), { src: path, onload: done, onerror: fail })));
}

/** Tensors of a safetensors file by name. */
function parse(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  return (name) => {
    const { shape, data_offsets: [from, to] } = header[name];
    return globalThis.tf.tensor(new Float32Array(buffer.slice(8 + length + from, 8 + length + to)), shape);
  };
}

/** What trains is what trains in nearmiss: everything but the word embeddings. */
function encoder(tf, named, { hidden, layers, heads }, seq) {
  const trained = [];
  const variable = (value) => (trained.push(tf.variable(value)), trained.at(-1));
  const norm = (name) => [variable(named(`${name}.weight`)), variable(named(`${name}.bias`))];
  const map = (name) => [variable(tf.transpose(named(`${name}.weight`))), variable(named(`${name}.bias`))];
  const word = named("embeddings.word_embeddings.weight");
  const [position, segment, first] = [variable(named("embeddings.position_embeddings.weight")), variable(named("embeddings.token_type_embeddings.weight")), norm("embeddings.LayerNorm")];
  const parts = Array.from({ length: layers }, (_, at) => {
    const own = `encoder.layer.${at}.`;
    const [query, key, value] = ["query", "key", "value"].map((part) => map(`${own}attention.self.${part}`));
    return { query, key, value, output: map(`${own}attention.output.dense`), middle: norm(`${own}attention.output.LayerNorm`), inner: map(`${own}intermediate.dense`), outer: map(`${own}output.dense`), last: norm(`${own}output.LayerNorm`) };
  });
  const dense = (x, [weight, bias]) => tf.add(tf.matMul(x, weight), bias);
  const normalise = (x, [gamma, beta]) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-12))), gamma), beta);
  };
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
  const forward = (ids, batch) => {
    const split = (x) => tf.transpose(tf.reshape(x, [batch, seq, heads, hidden / heads]), [0, 2, 1, 3]);
    const places = tf.add(tf.slice(position, [0, 0], [seq, hidden]), tf.slice(segment, [0, 0], [1, hidden]));
    let x = tf.reshape(normalise(tf.add(tf.reshape(tf.gather(word, ids), [batch, seq, hidden]), places), first), [batch * seq, hidden]);
    for (const { query, key, value, output, middle, inner, outer, last } of parts) {
      const [q, k, v] = [query, key, value].map((part) => split(dense(x, part)));
      const shares = tf.softmax(tf.mul(tf.matMul(q, k, false, true), Math.sqrt(heads / hidden)));
      const mixed = tf.reshape(tf.transpose(tf.matMul(shares, v), [0, 2, 1, 3]), [batch * seq, hidden]);
      x = normalise(tf.add(x, dense(mixed, output)), middle);
      x = normalise(tf.add(x, dense(gelu(dense(x, inner)), outer)), last);
    }
    const mean = tf.mean(tf.reshape(x, [batch, seq, hidden]), 1);
    return tf.div(mean, tf.norm(mean, 2, -1, true));
  };
  return { forward, trained };
}

/** @returns one step a call, with the learning rate that it is given: its loss */
export async function trainer({ backend, weights, sizes, pieces: { queries, documents }, scale }) {
  await load("/peers/@tensorflow/tfjs/dist/tf.min.js");
  await load("/peers/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
  const { tf } = globalThis;
  // One thread, as nearmiss.
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  tf.wasm.setWasmPaths("/peers/@tensorflow/tfjs-backend-wasm/dist/");
  if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
  const named = parse(await (await fetch(weights)).arrayBuffer());
  const [batch, seq] = [queries.length, queries[0].length];
  const { forward, trained } = encoder(tf, named, sizes, seq);
  const ids = (rows) => tf.tensor1d(Int32Array.from(rows.flat()), "int32");
  const [asked, found] = [ids(queries), ids(documents)];
  const own = tf.oneHot(tf.range(0, batch, 1, "int32"), batch).cast("float32");
  const optimizer = tf.train.adam(0, 0.9, 0.999, 1e-8);
  const loss = () => {
    const scores = tf.mul(tf.matMul(forward(asked, batch), forward(found, batch), false, true), scale);
    return tf.neg(tf.mean(tf.sum(tf.mul(own, tf.logSoftmax(scores)), -1)));
  };
  const step = async (rate) => {
    optimizer.learningRate = rate;
    const value = optimizer.minimize(loss, true, trained);
    const [read] = await value.data();
    value.dispose();
    await trained.at(-1).data();
    return { loss: read, rate };
  };
  return { step };
}
