/** Step 4: the few options, the button, and the loss as it falls. */
import { byId, radios, setText } from "../dom.ts";
import { readEpochs } from "../link.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";
import { drawLoss } from "./chart.ts";

export function mountTraining(store: Store, session: Session): void {
  const epochs = byId<HTMLInputElement>("epochs");
  for (const radio of radios("trainable")) {
    radio.addEventListener("change", () => store.update({ trainable: radio.value === "full" ? "full" : "head" }));
  }
  epochs.addEventListener("change", () => store.update({ epochs: readEpochs(epochs.value) }));
  const note = byId("training-note");
  byId("train").addEventListener("click", () => {
    setText(note, "");
    void session.train().then((outcome) => setText(note, outcome === "cancelled" ? strings.training.cancelled : ""));
  });

  store.watch(
    (state) => [state.trainable, state.epochs, state.busy?.place === "training"],
    ({ trainable, epochs: chosen, busy }) => {
      const training = busy?.place === "training";
      for (const radio of radios("trainable")) Object.assign(radio, { checked: radio.value === trainable, disabled: training });
      Object.assign(epochs, { value: chosen === null ? "" : String(chosen), disabled: training });
    },
  );
  store.watch(
    (state) => [state.verdict !== null],
    ({ verdict }) => setText(byId("train"), verdict ? strings.training.again : strings.training.start),
  );
  mountLoss(store);
}

/** Drawn at most once a frame, however fast the steps come. */
function mountLoss(store: Store): void {
  const chart = byId("loss-chart");
  let frame = 0;
  const draw = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => drawLoss(chart, store.state.losses));
  };
  store.watch(
    (state) => [state.losses],
    (state) => {
      byId("loss").hidden = state.losses.length === 0;
      showNumbers(state);
      draw();
    },
  );
  new ResizeObserver(draw).observe(chart);
}

function showNumbers({ losses }: State): void {
  const [first, last] = [losses.at(0), losses.at(-1)];
  if (!first || !last) return;
  setText(byId("loss-text"), strings.training.loss(first.loss, last.loss));
  setText(byId("similarity"), strings.training.similarity(last.positive, last.negative));
}
