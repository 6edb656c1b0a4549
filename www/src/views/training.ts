/** Step 6: the few options, the button, and the loss as it falls. */
import { byId, radios, setText } from "../dom.ts";
import { among, CURRICULA, DEFAULTS, MOST_EPOCHS, wholeNumber } from "../settings.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";
import { drawLoss, lossEnds } from "./chart.ts";
import { onFrames } from "./plots.ts";

export function mountTraining(store: Store, session: Session): void {
  mountOptions(store);
  const note = byId("training-note");
  byId("train").addEventListener("click", () => {
    setText(note, "");
    void session.training.train().then((outcome) => setText(note, outcome === "cancelled" ? strings.training.cancelled : ""));
  });
  store.watch(
    (state) => [state.verdict !== null],
    ({ verdict }) => setText(byId("train"), verdict ? strings.training.again : strings.training.start),
  );
  mountLoss(store);
}

/** Not during training, which goes by what it began with. */
function mountOptions(store: Store): void {
  const epochs = byId<HTMLInputElement>("epochs");
  const curriculum = byId<HTMLSelectElement>("curriculum");
  const warmup = byId<HTMLInputElement>("warmup");
  for (const radio of radios("trainable")) {
    radio.addEventListener("change", () => store.update({ trainable: radio.value === "full" ? "full" : "head" }));
  }
  epochs.addEventListener("change", () => store.update({ epochs: wholeNumber(epochs.value, MOST_EPOCHS) }));
  curriculum.addEventListener("change", () => store.update({ curriculum: among(CURRICULA, curriculum.value) ?? DEFAULTS.curriculum }));
  warmup.addEventListener("change", () => store.update({ warmup: warmup.checked }));
  store.watch(
    (state) => [state.trainable, state.epochs, state.curriculum, state.warmup, state.busy?.place === "training"],
    (state) => {
      const disabled = state.busy?.place === "training";
      for (const radio of radios("trainable")) Object.assign(radio, { checked: radio.value === state.trainable, disabled });
      Object.assign(epochs, { value: state.epochs ?? "", disabled });
      Object.assign(curriculum, { value: state.curriculum, disabled });
      Object.assign(warmup, { checked: state.warmup, disabled });
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
      showNumbers(state);
      draw();
    },
  );
}

function showNumbers({ losses }: State): void {
  const last = losses.at(-1);
  if (!last) return;
  setText(byId("loss-text"), strings.training.loss(...lossEnds(losses)));
  setText(byId("similarity"), strings.training.similarity(last.positive, last.negative));
}
