/** The guided lesson: each step sets what is shown, and says what to look at. Everything may be changed in between. */
import { byId, setText } from "../../dom.ts";
import { GUIDED } from "../../learn/settings.ts";
import type { LessonSession } from "../../session/lesson.ts";
import type { Store } from "../../state.ts";
import { guide } from "../../strings/guide.ts";

export function mountGuide(store: Store, session: LessonSession): void {
  const [back, next, end] = [byId<HTMLButtonElement>("guide-back"), byId<HTMLButtonElement>("guide-next"), byId<HTMLButtonElement>("guide-end")];
  const title = byId("guide-title");
  const text = byId("guide-text");
  const narrow = matchMedia("(max-width: 43.99rem)");
  const before = text.textContent ?? "";
  const go = (step: number) => {
    // Whoever leaves finds the usual training, and not what went wrong last.
    const show = guide.steps[step - 1]?.show ?? guide.left;
    session.pause();
    session.change({ guide: step, ...show });
    // The heading is read first, then what follows it; on a phone the pictures come into sight with it.
    title.focus({ preventScroll: true });
    if (narrow.matches) byId("guide").scrollIntoView();
  };
  next.addEventListener("click", () => go(store.state.lesson.guide >= GUIDED ? 0 : store.state.lesson.guide + 1));
  back.addEventListener("click", () => go(store.state.lesson.guide - 1));
  end.addEventListener("click", () => go(0));
  next.disabled = false;
  store.watch(
    (state) => [state.lesson.guide],
    ({ lesson: { guide: step } }) => {
      const shown = guide.steps[step - 1];
      setText(title, shown ? guide.place(step, shown.title) : guide.title);
      setText(text, shown?.text ?? before);
      setText(next, step === 0 ? guide.start : step === GUIDED ? guide.done : guide.next);
      back.hidden = step <= 1;
      end.hidden = step === 0;
    },
  );
}
