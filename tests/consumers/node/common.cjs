async function main() {
  const { Nearmiss } = await import("nearmiss");
  const nm = await Nearmiss.create({ model: process.argv[2], device: "cpu" });
  await nm.documents.add([
    { id: "key", text: "To rotate the signing key, turn it to the last notch." },
    { id: "valve", text: "Turn the valve to the left." },
    { id: "mast", text: "The mast is on the roof of the station." },
  ]);
  const [hit] = await nm.search("turn the valve");
  console.log(`${hit.id} on ${nm.device.kind}`);
  await nm.dispose();
}

main();
