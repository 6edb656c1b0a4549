import { Nearmiss, NearmissError, type Hit, type TrainEvent } from "nearmiss";

const nm = await Nearmiss.create({ model: "/models/all-MiniLM-L6-v2/", device: "cpu" });
await nm.documents.add([{ id: "valve", text: "Turn the valve to the left." }]);
const hits: Hit[] = await nm.search("turn the valve", { k: 5, filter: { year: { gte: 2020 } } });
const steps: number[] = [];
for await (const event of nm.train({ trainable: "layers:2" })) {
  const seen: TrainEvent = event;
  if (seen.type === "step") steps.push(seen.loss);
}
try {
  await nm.documents.add([]);
} catch (error) {
  if (error instanceof NearmissError && error.code === "INPUT_INVALID") console.log(error.message, hits[0]?.score, steps);
}
// @ts-expect-error There is no such device.
await Nearmiss.create({ model: "/m/", device: "tpu" });
