/** Choose a call, change its arguments, run it. Arguments are JSON: nothing that is typed here is ever run as code. */
import { announce, byId, el, setText } from "../../dom.ts";
import { OFFERS, type Offer } from "../../build/calls.ts";
import type { Session } from "../../session.ts";
import type { Store } from "../../state.ts";
import { strings } from "../../strings.ts";

export function mountPlayground(store: Store, session: Session): void {
  const select = byId<HTMLSelectElement>("call");
  const args = byId<HTMLTextAreaElement>("call-args");
  const result = byId("call-result");
  select.append(...OFFERS.map(({ path }) => el("option", { value: path }, `nm.${path}`)));
  const offer = (): Offer | undefined => OFFERS.find(({ path }) => path === select.value);
  const choose = () => {
    const chosen = offer();
    if (!chosen) return;
    setText(byId("call-about"), strings.build.about[chosen.path] ?? "");
    args.value = written(chosen.args);
  };
  select.addEventListener("change", choose);
  choose();
  byId("call-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void run();
  });
  const begin = async () => {
    const loaded = store.state.phase === "ready" || (await session.load()) === "done";
    // Whoever has notes of their own does not get others among them.
    if (loaded && store.state.documents.length === 0) await session.notes.loadSample();
  };
  byId("build-load").addEventListener("click", () => void begin());

  const run = async () => {
    const chosen = offer();
    const outcome = chosen && (await session.build.run(chosen, args.value));
    if (!chosen || !outcome) return;
    const took = strings.build.took(outcome.ms);
    result.dataset.ok = String(outcome.ok);
    setText(result, outcome.text);
    result.scrollTop = 0;
    setText(byId("call-took"), outcome.ok ? took : "");
    announce(outcome.ok ? strings.build.done(chosen.path, took) : `${strings.build.failed(chosen.path)} ${outcome.text}`);
    if (chosen.path === "train") await session.search.again();
    await session.build.look();
  };
  // What it gave tells of notes: it goes with them.
  store.watch(
    (state) => [state.created],
    ({ created }) => {
      if (created !== "") return;
      for (const element of [result, byId("call-took")]) setText(element, "");
      choose();
    },
  );
  store.watch(
    (state) => [state.phase, state.busy === null, state.documents.length, state.judgments.length],
    ({ phase, busy, documents, judgments }) => {
      const { none, loading, ready, load } = strings.build;
      setText(byId("build-note"), phase === "ready" ? ready(documents.length, judgments.length) : phase === "loading" ? loading : none);
      byId<HTMLButtonElement>("call-run").disabled = phase !== "ready" || busy !== null;
      const button = byId<HTMLButtonElement>("build-load");
      button.disabled = phase === "loading" || busy !== null;
      button.hidden = phase === "ready" && documents.length > 0;
      setText(button, phase === "ready" && documents.length === 0 ? load.sample : load.all);
    },
  );
}

/** One argument a line; what is inside them stands on that line. */
function written(args: readonly unknown[]): string {
  return args.length === 0 ? "[]" : `[\n${args.map((arg) => `  ${JSON.stringify(arg, null, 1).replace(/\s*\n\s*/g, " ")}`).join(",\n")}\n]`;
}
