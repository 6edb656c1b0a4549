/** Step 7: did it help? Numbers from test questions only, the state before beside the state after. */
import type { Metrics, Verdict } from "nearmiss";
import { announce, button, byId, el, setText } from "../dom.ts";
import type { Session } from "../session.ts";
import { anyTrained, type State, type Store } from "../state.ts";
import { strings } from "../strings.ts";

/** What was last said of a training. */
let told: Verdict | null = null;

export function mountResults(store: Store, session: Session): void {
  const keep = byId<HTMLButtonElement>("keep");
  const rollback = byId<HTMLButtonElement>("rollback");
  const save = byId<HTMLButtonElement>("export");
  const use = async (choice: State["inUse"]) => {
    await session.training.use(choice);
    announce(strings.results.inUse[named(store.state)]);
  };
  keep.addEventListener("click", () => void use("trained"));
  rollback.addEventListener("click", () => void use("earlier"));
  const python = byId<HTMLButtonElement>("export-python");
  save.addEventListener("click", () => void session.training.export());
  python.addEventListener("click", () => void session.training.exportForPython());

  store.watch((state) => [state.verdict], (state) => showVerdict(state, session));
  store.watch(
    (state) => [state.inUse, state.choice, state.earlierTrained, state.verdict === null, state.phase, state.busy === null, state.storage?.role],
    (state) => {
      const { inUse, phase, busy, storage } = state;
      const locked = phase !== "ready" || busy !== null;
      byId("weights").hidden = !state.choice || phase !== "ready";
      keep.setAttribute("aria-pressed", String(inUse === "trained"));
      rollback.setAttribute("aria-pressed", String(inUse === "earlier"));
      // In a second tab, weights are what the first one puts into use.
      for (const control of [keep, rollback]) control.disabled = locked || storage?.role === "reader";
      for (const control of [save, python]) control.disabled = locked || !anyTrained(state);
      setText(byId("in-use"), strings.results.inUse[named(state)]);
      setText(byId("export-hint"), anyTrained(state) ? strings.results.exportReady : strings.results.exportNeeds);
    },
  );
}

function named({ inUse, earlierTrained, verdict }: State): keyof typeof strings.results.inUse {
  if (inUse === "trained") return verdict ? "trained" : "restored";
  return earlierTrained ? "earlierTrained" : "earlier";
}

function showVerdict({ verdict }: State, session: Session): void {
  for (const id of ["verdict-body", "moved-body"]) byId(id).hidden = verdict === null;
  byId("verdict-hint").hidden = verdict !== null;
  if (!verdict) return;
  const title = strings.results.outcome[verdict.outcome];
  const text = byId("verdict-text");
  setText(text, title);
  text.dataset["outcome"] = verdict.outcome;
  setText(byId("verdict-summary"), verdict.summary);
  byId("collapsed").hidden = !verdict.collapsed;
  setText(byId("collapsed"), strings.results.collapsed);
  setText(byId("chosen"), strings.results.chosen(verdict.chosen, verdict.kept));
  setText(byId("false-positives"), strings.results.falsePositives(verdict.falsePositives));
  setText(byId("spread"), strings.results.spread(verdict.spread));
  byId("verdict-stand-ins").hidden = verdict.measuredOn === "judgments";
  setText(byId("verdict-stand-ins"), strings.results.standIns);
  setText(byId("verdict-caption"), strings.results.caption(verdict.queries));
  byId("metrics").replaceChildren(...metricRows(verdict));
  showMoves(verdict, session);
  // The one before comes back when a training is cancelled: that is no news.
  if (verdict === told) return;
  told = verdict;
  announce(`${title} ${verdict.summary}`);
  byId("verdict").scrollIntoView({ block: "nearest" });
}

function metricRows({ before, after }: Verdict): HTMLElement[] {
  return (["ndcg@10", "mrr@10", "precision@1"] as const).map((name) => {
    const [label, meaning] = strings.results.metrics[name] as [string, string];
    const [show, showChange] = name === "precision@1" ? [percent, strings.results.points] : [decimal, decimal];
    const change = after[name] - before[name];
    const way = Math.abs(change) < 0.0005 ? "same" : change > 0 ? "up" : "down";
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, label, el("small", {}, meaning)),
      el("td", testId("before", name), show(before[name])),
      el("td", testId("after", name), show(after[name])),
      el("td", { class: way }, way === "same" ? "0" : `${change > 0 ? "+" : "−"}${showChange(Math.abs(change))}`),
    );
  });
}

function testId(when: "before" | "after", metric: keyof Metrics): Record<string, string> {
  return { "data-testid": `${when}-${metric.replace(/@.*/, "")}` };
}

/** Questions whose first right answer changed its place, the largest gain first. */
function showMoves({ perQuery }: Verdict, session: Session): void {
  const moved = perQuery.filter((query) => query.rankBefore !== query.rankAfter).sort((a, b) => b.after - b.before - (a.after - a.before));
  setText(byId("moved-hint"), strings.results.moved(moved.length, perQuery.length - moved.length));
  const items = moved.map(({ query, rankBefore, rankAfter }) => {
    const better = (rankAfter ?? Infinity) < (rankBefore ?? Infinity);
    const way = better ? strings.results.up : strings.results.down;
    const ask = button(query, { class: "plain" }, () => void session.search.ask(query));
    return el("li", {}, ask, el("span", { class: better ? "up" : "down" }, strings.results.move(rankBefore, rankAfter), el("span", { class: "visually-hidden" }, ` (${way})`)));
  });
  byId("moved").replaceChildren(...items);
}

function decimal(value: number): string {
  return value.toFixed(3);
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
