/** From import to the first hit, with nearmiss. */
export async function first({ model, documents, query }) {
  const started = performance.now();
  const { Nearmiss } = await import("nearmiss");
  const nm = await Nearmiss.create({ model, device: "cpu" });
  await nm.documents.add(documents);
  const [hit] = await nm.search(query, { mode: "dense", k: 1 });
  return { ms: performance.now() - started, hit: hit.id };
}
