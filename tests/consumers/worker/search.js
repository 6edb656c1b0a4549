import { Nearmiss } from "nearmiss";

/** A message that comes before the modules have loaded would find no listener, so it stands first. */
addEventListener("message", async ({ data: { model, query } }) => {
  // This is a worker already: another one inside it would gain nothing.
  const nm = await Nearmiss.create({ model: model ?? undefined, device: "cpu", worker: false });
  await nm.documents.add([
    { id: "key", text: "To rotate the signing key, turn it to the last notch." },
    { id: "valve", text: "Turn the valve to the left." },
    { id: "mast", text: "The mast is on the roof of the station." },
  ]);
  const [hit] = await nm.search(query);
  postMessage(`${hit.id} on ${nm.device.kind}`);
});
