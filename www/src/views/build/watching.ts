/** Beside the playground: calls as code, events, what the engine is and takes, and how fast it goes. */
import { markdown } from "../../build/benchmark.ts";
import { code, SHORT, WHOLE, type Limits } from "../../build/code.ts";
import { byId, el, setText } from "../../dom.ts";
import type { Session } from "../../session.ts";
import type { State, Store } from "../../state.ts";
import { strings } from "../../strings.ts";
import { onFrames } from "../plots.ts";

export function mountWatching(store: Store, session: Session): void {
  mountLog(store);
  mountEngine(store, session);
  mountSpeed(store, session);
}

function mountLog(store: Store): void {
  const [calls, events] = [byId("calls"), byId("events")];
  copyOnClick("copy-calls", "calls-copied", () => program(store.state, WHOLE));
  // Training tells of several events a second, and nobody reads them while another view is shown.
  const draw = onFrames(byId("log"), () => {
    if (store.state.door !== "build") return;
    fill(calls, store.state.created === "" ? strings.build.noCalls : program(store.state, SHORT));
    fill(events, store.state.events.length === 0 ? strings.build.noEvents : store.state.events.join("\n"));
  });
  store.watch((state) => [state.calls, state.events, state.created, state.door], draw);
  store.watch(
    (state) => [state.created === ""],
    ({ created }) => (byId<HTMLButtonElement>("copy-calls").disabled = created === ""),
  );
}

/** Keeps to the end where a person was there. */
function fill(box: HTMLElement, text: string): void {
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
  setText(box, text);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function program({ created, calls }: State, limits: Limits): string {
  const lines = calls.map(({ path, args, ms, failed }) => {
    const note = failed ? strings.build.failedCall : ms === null ? null : strings.build.took(ms);
    return `${code(path, args, limits)}${note === null ? "" : ` // ${note}`}`;
  });
  return [created, ...lines].join("\n");
}

function mountEngine(store: Store, session: Session): void {
  byId("look").addEventListener("click", () => void session.build.look());
  store.watch(
    (state) => [state.phase, state.door, state.documents.length],
    ({ phase, door }) => {
      byId<HTMLButtonElement>("look").disabled = phase !== "ready";
      if (door === "build" && phase === "ready") void session.build.look();
    },
  );
  store.watch(
    (state) => [state.device, state.model, state.memory],
    (state) => {
      if (!state.device) return;
      const facts = factsOf(state).flatMap(([name, value]) => (value === null ? [] : [el("dt", {}, name), el("dd", {}, value)]));
      byId("engine-facts").replaceChildren(...facts);
    },
  );
}

function factsOf({ device, model, memory }: State): [string, string | null][] {
  const { facts, limits, bytes } = strings.build;
  const taken = ["wasm", "weights", "embeddings", "gpu", "store"] as const;
  const parts = taken.map((part): [string, string | null] => [facts[part], memory && bytes(memory, part)]);
  return [
    [facts.device, device && strings.device.named(strings.device.kind[device.kind], device.name)],
    [facts.reason, device?.reason ?? null],
    [facts.limits, device?.limits ? limits(device.limits) : null],
    [facts.model, model && strings.build.model(model.name, model)],
    [facts.fingerprint, model?.fingerprint ?? null],
    ...parts,
  ];
}

function mountSpeed(store: Store, session: Session): void {
  byId("measure").addEventListener("click", () => void session.build.measure());
  const { name, ms, rounds: times } = strings.build.bench;
  const rows = ({ measured }: State) => measured.map((one): [string, string, string] => [name(one), ms(one), times(one)]);
  copyOnClick("copy-measured", "measured-copied", () => {
    const { device, model } = store.state;
    return device ? markdown(rows(store.state), device, model?.name ?? "") : "";
  });
  store.watch(
    (state) => [state.measured, state.busy === null],
    (state) => {
      const none = state.measured.length === 0;
      byId("measured").hidden = none;
      // Not before all is there.
      byId("copy-measured").hidden = none || state.busy !== null;
      const row = ([what, ...cells]: string[]) => el("tr", {}, el("th", { scope: "row" }, what ?? ""), ...cells.map((text) => el("td", {}, text)));
      byId("measured-rows").replaceChildren(...rows(state).map(row));
    },
  );
  store.watch(
    (state) => [state.measureNote],
    ({ measureNote }) => setText(byId("measure-note"), measureNote),
  );
  store.watch(
    (state) => [state.phase, state.busy === null, state.documents.length > 0],
    ({ phase, busy, documents }) => (byId<HTMLButtonElement>("measure").disabled = phase !== "ready" || busy !== null || documents.length === 0),
  );
}

function copyOnClick(control: string, note: string, text: () => string): void {
  byId(control).addEventListener("click", async () => {
    setText(byId(note), "");
    try {
      await navigator.clipboard.writeText(text());
      setText(byId(note), strings.build.copied);
    } catch {
      setText(byId(note), strings.build.notCopied);
    }
  });
}
