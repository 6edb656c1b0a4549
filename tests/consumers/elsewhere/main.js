const parameters = new URLSearchParams(location.search);
const { Nearmiss } = await import(parameters.get("package"));

const output = document.querySelector("#hit");
try {
  const model = parameters.get("model") ?? undefined;
  const nm = await Nearmiss.create({ model, device: "cpu", worker: parameters.get("worker") !== "no" });
  await nm.documents.add([
    { id: "key", text: "To rotate the signing key, turn it to the last notch." },
    { id: "valve", text: "Turn the valve to the left." },
    { id: "mast", text: "The mast is on the roof of the station." },
  ]);
  const [hit] = await nm.search("turn the valve");
  output.textContent = `${hit.id} on ${nm.device.kind}`;
} catch (error) {
  output.textContent = `${error.code}: ${error.message}`;
}
