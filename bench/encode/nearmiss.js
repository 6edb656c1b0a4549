/** An application that encodes with nearmiss: how the benchmark's page calls it. */
import { Nearmiss } from "nearmiss";

/** @returns what encodes all texts, the texts shared between so many instances; rows lie one after another */
export async function nearmiss({ instances = 1, model = "/minilm/", device = "cpu", worker = true }) {
  const all = await Promise.all(Array.from({ length: instances }, () => Nearmiss.create({ model, device, worker })));
  const encode = async (texts) => {
    const share = Math.ceil(texts.length / instances);
    const parts = await Promise.all(all.map((nm, at) => nm.encode(texts.slice(at * share, (at + 1) * share), { as: "document" })));
    const rows = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    parts.reduce((at, part) => (rows.set(part, at), at + part.length), 0);
    return rows;
  };
  const memory = async () => (await Promise.all(all.map((nm) => nm.memory()))).reduce((sum, { wasm }) => sum + wasm, 0);
  return { encode, memory };
}
