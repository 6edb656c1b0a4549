/** Step 1: which model, and on what it runs. Nothing is fetched before the person asks for it. */
import { announce, byId, radios, setText } from "../dom.ts";
import { pickModel } from "../model-files.ts";
import type { Session } from "../session.ts";
import { initial, type State, type Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountModel(store: Store, session: Session): void {
  const panels = [...document.querySelectorAll<HTMLElement>("#model [data-panel]")];
  const load = byId<HTMLButtonElement>("load-model");

  for (const radio of radios("source")) {
    radio.addEventListener("change", () => store.update({ source: radio.value as State["source"] }));
  }
  for (const id of ["model-folder", "model-files"]) {
    const input = byId<HTMLInputElement>(id);
    input.addEventListener("change", () => {
      if (input.files?.length) store.update({ disk: pickModel([...input.files], strings.model.own), source: "disk" });
      // Choosing the same files again is a change too.
      input.value = "";
    });
  }
  load.addEventListener("click", () => void session.load());
  byId("change-model").addEventListener("click", () => void session.close().then(() => load.focus()));

  if (store.state.served !== initial.served) {
    setText(byId("served-name"), store.state.served);
    setText(byId("served-note"), strings.model.servedNote);
  }
  store.watch(
    (state) => [state.phase, state.source, state.disk, state.busy === null, state.model],
    (state) => {
      for (const panel of panels) panel.hidden = (panel.dataset["panel"] === "ready") !== (state.phase === "ready");
      for (const radio of radios("source")) radio.checked = radio.value === state.source;
      byId("disk").hidden = state.source !== "disk";
      setText(byId("disk-note"), diskNote(state));
      load.disabled = state.busy !== null || (state.source === "disk" && !state.disk?.source);
      byId<HTMLButtonElement>("change-model").disabled = state.busy !== null;
      showFacts(state);
    },
  );
  store.watch((state) => [state.device], showDevice);
  store.watch(
    (state) => [state.phase],
    (state) => {
      if (state.phase === "ready") announce(strings.model.ready);
    },
  );
}

function diskNote({ disk }: State): string {
  if (!disk) return strings.model.nothing;
  return disk.source ? strings.model.picked(disk.name) : strings.model.missing(disk.missing);
}

function showFacts({ model }: State): void {
  if (!model) return;
  setText(byId("model-name"), model.name);
  setText(byId("model-facts"), strings.model.facts(model.dimensions, model.layers, model.parameters));
}

/** Stays as it is while no engine is open: it says what was used last. */
function showDevice({ device }: State): void {
  if (!device) return;
  const line = byId("device");
  line.dataset["kind"] = device.kind;
  const main = document.createElement("b");
  main.textContent = strings.device.line(strings.device.kind[device.kind], device.name);
  line.replaceChildren(main, device.reason);
}
