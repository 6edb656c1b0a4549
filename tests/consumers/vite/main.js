import { Nearmiss } from "nearmiss";

const model = new URLSearchParams(location.search).get("model") ?? undefined;
const nm = await Nearmiss.create({ model, device: "cpu" });
await nm.documents.add([
  { id: "key", text: "To rotate the signing key, turn it to the last notch." },
  { id: "valve", text: "Turn the valve to the left." },
  { id: "mast", text: "The mast is on the roof of the station." },
]);
const [hit] = await nm.search("turn the valve");
document.querySelector("#hit").textContent = `${hit.id} on ${nm.device.kind}`;
