/** The view "Learn". */
import type { LessonSession } from "../../session/lesson.ts";
import type { Store } from "../../state.ts";
import { mountChoices, mountLive, mountTransport } from "./controls.ts";
import { mountCurves } from "./curves.ts";
import { mountDial, mountQuestions } from "./dial.ts";
import { mountGuide } from "./guide.ts";
import { mountMap } from "./map.ts";
import { mountTold } from "./told.ts";

export function mountLearn(store: Store, session: LessonSession): void {
  mountGuide(store, session);
  mountQuestions(store, session);
  mountDial(store, session);
  mountMap(store);
  mountTransport(store, session);
  mountTold(store);
  mountCurves(store);
  mountChoices(store, session);
  mountLive(store, session);
}
