/** Steps of the training, and what may be changed about it. */
import { byId, radios, setText } from "../../dom.ts";
import { LESSON, MARGINS, NEGATIVES, STEPS, TROUBLES, type Lesson, type LessonNegatives } from "../../learn/settings.ts";
import { nameOf } from "../../learn/names.ts";
import type { LessonSession } from "../../session/lesson.ts";
import { among } from "../../settings.ts";
import type { State, Store } from "../../state.ts";
import { strings } from "../../strings.ts";
import { momentOf } from "./moment.ts";

export function mountTransport(store: Store, session: LessonSession): void {
  const [play, first] = [byId<HTMLButtonElement>("play"), byId<HTMLButtonElement>("first-step")];
  const [back, on] = [byId<HTMLButtonElement>("step-back"), byId<HTMLButtonElement>("step-on")];
  const range = byId<HTMLInputElement>("lesson-step");
  const slow = byId<HTMLInputElement>("slow");
  const shown = () => momentOf(store.state)?.step ?? 0;
  play.addEventListener("click", () => (store.state.playing ? session.pause() : session.play()));
  // Kept in reach with aria-disabled: a control that is disabled while it has the focus loses it.
  const unless = (control: HTMLElement, act: () => void) => control.addEventListener("click", () => control.ariaDisabled !== "true" && act());
  unless(first, () => session.goTo(0));
  unless(back, () => session.goTo(shown() - 1));
  unless(on, () => {
    session.pause();
    void session.forward();
  });
  range.addEventListener("input", () => session.goTo(range.valueAsNumber));
  slow.addEventListener("change", () => session.change({ slow: slow.checked }));
  store.watch(
    (state) => [state.run, state.lesson, state.playing],
    (state) => {
      const { playing, run, lesson } = state;
      const step = shown();
      for (const control of [play, first, back, on, range]) control.disabled = run === null;
      setText(play, playing ? strings.learn.pause : step >= STEPS ? strings.learn.again : strings.learn.play);
      for (const control of [first, back]) control.ariaDisabled = String(step === 0);
      on.ariaDisabled = String(step >= STEPS);
      range.value = String(step);
      range.setAttribute("aria-valuetext", strings.learn.step(step));
      setText(byId("step-label"), strings.learn.step(step));
      slow.checked = lesson.slow;
    },
  );
}

export function mountChoices(store: Store, session: LessonSession): void {
  const on = (name: string, chosen: (value: string) => Partial<Lesson>) => {
    for (const input of radios(name)) input.addEventListener("change", () => session.change(chosen(input.value)));
  };
  on("lesson-negatives", (value) => ({ negatives: among(NEGATIVES, value) ?? LESSON.negatives }));
  on("lesson-trouble", (value) => ({ trouble: among(TROUBLES, value) ?? LESSON.trouble }));
  on("lesson-margin", (value) => ({ margin: MARGINS.find((margin) => String(margin) === value) ?? LESSON.margin }));
  store.watch(
    (state) => [state.lesson, state.ends],
    (state) => {
      const { negatives, margin, trouble } = state.lesson;
      for (const [name, value] of [["lesson-negatives", negatives], ["lesson-margin", String(margin)], ["lesson-trouble", trouble]] as const) {
        for (const input of radios(name)) input.checked = input.value === value;
      }
      const fixed = trouble !== "none";
      for (const id of ["lesson-negatives", "lesson-margins"]) byId<HTMLFieldSetElement>(id).disabled = fixed;
      setText(byId("ends"), fixed ? strings.learn.fixed : endsOf(state));
    },
  );
}

/** How the recordings with this margin ended. */
function endsOf({ ends, lesson: { margin } }: State): string {
  if (!ends) return "";
  const endOf = (negatives: LessonNegatives) => ends[nameOf({ negatives, margin, trouble: "none" })] ?? [0, 0];
  const all = NEGATIVES.map((negatives): [string, number] => [strings.learn.names[negatives], endOf(negatives)[1]]);
  return strings.learn.ends(margin, all, endOf(LESSON.negatives)[0]);
}

export function mountLive(store: Store, session: LessonSession): void {
  const [go, end] = [byId<HTMLButtonElement>("go-live"), byId<HTMLButtonElement>("end-live")];
  const note = byId("live-note");
  go.addEventListener("click", () => void session.goLive());
  end.addEventListener("click", () => void session.endLive().then(() => go.focus()));
  store.watch(
    (state) => [state.live, state.liveNote, state.busy === null, state.run === null],
    ({ live, liveNote, busy, run }) => {
      go.disabled = busy !== null || run === null;
      setText(go, live === "on" ? strings.learn.live.again : strings.learn.live.go);
      end.hidden = live !== "on";
      setText(note, liveNote ?? strings.learn.live[live]);
      document.documentElement.toggleAttribute("data-live", live === "on");
    },
  );
}
