/** Step 6: the button, and how training goes: the loss as it falls, and what the questions set aside say. */
import { byId, setText } from "../dom.ts";
import type { Outcome } from "../jobs.ts";
import type { Session } from "../session.ts";
import { canGoOn, type State, type Store } from "../state.ts";
import { strings } from "../strings.ts";
import { bestLook, drawLooks, drawLoss, lossEnds } from "./chart.ts";
import { onFrames } from "./plots.ts";
import { mountTrainingOptions } from "./training-options.ts";

export function mountTraining(store: Store, session: Session): void {
  mountTrainingOptions(store);
  const note = byId("training-note");
  const follow = async (training: Promise<Outcome>) => {
    setText(note, "");
    setText(note, (await training) === "cancelled" ? strings.training.cancelled : "");
  };
  byId("train").addEventListener("click", () => void follow(session.training.train()));
  mountGoOn(store, () => void follow(session.training.goOn()));
  store.watch(
    (state) => [state.verdict !== null],
    ({ verdict }) => setText(byId("train"), verdict ? strings.training.again : strings.training.start),
  );
  mountLoss(store);
  mountLooks(store);
}

/** Offered when a training stopped before its end, for as long as notes and model are those it was about. */
function mountGoOn(store: Store, goOn: () => void): void {
  const control = byId<HTMLButtonElement>("go-on");
  control.addEventListener("click", goOn);
  store.watch(
    (state) => [state.checkpoint, canGoOn(state), state.busy === null, state.phase],
    (state) => {
      const { checkpoint, busy, phase } = state;
      control.hidden = busy?.place === "training" || !canGoOn(state);
      control.disabled = busy !== null || phase !== "ready";
      if (checkpoint) setText(control, strings.training.goOn(checkpoint.step));
    },
  );
}

function mountLoss(store: Store): void {
  const chart = byId("loss-chart");
  const draw = onFrames(chart, () => drawLoss(chart, store.state.losses));
  store.watch(
    (state) => [state.losses],
    (state) => {
      byId("loss").hidden = state.losses.length === 0;
      byId("training-details").hidden = state.losses.length === 0;
      showNumbers(state);
      draw();
    },
  );
}

function mountLooks(store: Store): void {
  const chart = byId("dev-chart");
  const draw = onFrames(chart, () => drawLooks(chart, store.state.looks));
  store.watch(
    (state) => [state.looks, state.stoppedAfter],
    ({ looks, stoppedAfter }) => {
      // One look says nothing about the way it goes.
      byId("dev").hidden = looks.length < 2;
      setText(byId("dev-text"), strings.training.dev(looks.at(-1)?.value ?? 0, bestLook(looks)));
      byId("stopped").hidden = stoppedAfter === null;
      setText(byId("stopped"), stoppedAfter === null ? "" : strings.training.stopped(stoppedAfter));
      draw();
    },
  );
}

function showNumbers({ losses }: State): void {
  const last = losses.at(-1);
  if (!last) return;
  setText(byId("loss-text"), strings.training.loss(...lossEnds(losses)));
  setText(byId("rate"), strings.training.rate(last.gradNorm, last.examplesPerSecond));
  setText(byId("similarity"), strings.training.similarity(last.positive, last.negative));
}
