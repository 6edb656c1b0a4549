/** The options of step 6. All have a default that needs no touching. */
import { byId, radios } from "../dom.ts";
import {
  among, AVERAGES, CURRICULA, DEFAULTS, LOSSES, MOST_DEV_SHARE, MOST_DROPOUT, MOST_EPOCHS, MOST_RUNS, percentage, RUNGS, wholeNumber,
  type Settings,
} from "../settings.ts";
import type { State, Store } from "../state.ts";

/** A control of the page, what its text means as a setting, and whether it stands open. */
interface Control {
  id: string;
  setting: keyof Settings;
  read: (element: HTMLInputElement) => Partial<Settings>;
  disabled?: (state: State) => boolean;
}

const CONTROLS: Control[] = [
  { id: "epochs", setting: "epochs", read: ({ value }) => ({ epochs: wholeNumber(value, MOST_EPOCHS) }) },
  { id: "curriculum", setting: "curriculum", read: ({ value }) => ({ curriculum: among(CURRICULA, value) ?? DEFAULTS.curriculum }) },
  { id: "warmup", setting: "warmup", read: ({ checked }) => ({ warmup: checked }) },
  { id: "loss-name", setting: "loss", read: ({ value }) => ({ loss: among(LOSSES, value) ?? DEFAULTS.loss }) },
  { id: "average", setting: "average", read: ({ value }) => ({ average: among(AVERAGES, value) ?? DEFAULTS.average }) },
  { id: "runs", setting: "runs", read: ({ value }) => ({ runs: wholeNumber(value, MOST_RUNS) }), disabled: ({ trainable }) => trainable === "lora" },
  { id: "dev-share", setting: "devShare", read: ({ value }) => ({ devShare: percentage(value, MOST_DEV_SHARE) }) },
  { id: "dropout", setting: "dropout", read: ({ value }) => ({ dropout: percentage(value, MOST_DROPOUT) }) },
  { id: "vary", setting: "vary", read: ({ checked }) => ({ vary: checked }) },
];

/** Not during training, which goes by what it began with. */
export function mountTrainingOptions(store: Store): void {
  mountRungs(store);
  for (const { id, setting, read, disabled } of CONTROLS) {
    const element = byId<HTMLInputElement>(id);
    element.addEventListener("change", () => store.update(read(element)));
    const isLocked = (state: State) => state.busy?.place === "training" || (disabled?.(state) ?? false);
    store.watch(
      (state) => [state[setting], isLocked(state)],
      (state) => {
        const now = state[setting];
        Object.assign(element, typeof now === "boolean" ? { checked: now } : { value: now ?? "" }, { disabled: isLocked(state) });
      },
    );
  }
}

function mountRungs(store: Store): void {
  for (const radio of radios("trainable")) {
    radio.addEventListener("change", () => store.update({ trainable: among(RUNGS, radio.value) ?? DEFAULTS.trainable }));
  }
  store.watch(
    (state) => [state.trainable, state.busy?.place === "training"],
    ({ trainable, busy }) => {
      const disabled = busy?.place === "training";
      for (const radio of radios("trainable")) Object.assign(radio, { checked: radio.value === trainable, disabled });
    },
  );
}
