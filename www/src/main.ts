/** The page: one state, one session that acts on it, and a view for each section of index.html. */
import { mountDoors } from "./doors.ts";
import { linkState, readDevice, readModelName } from "./link.ts";
import { mountOffline } from "./offline.ts";
import { Session } from "./session.ts";
import { initial, Store } from "./state.ts";
import { mountAnswer } from "./views/answer.ts";
import { mountPlayground } from "./views/build/playground.ts";
import { mountWatching } from "./views/build/watching.ts";
import { mountCompare } from "./views/compare.ts";
import { mountConflicts } from "./views/conflicts.ts";
import { mountDocuments } from "./views/documents.ts";
import { mountJudgments } from "./views/judgments.ts";
import { mountKeeping } from "./views/keeping.ts";
import { mountLearn } from "./views/learn/index.ts";
import { mountMarksTools } from "./views/marks-tools.ts";
import { mountMining } from "./views/mining.ts";
import { mountModel } from "./views/model.ts";
import { mountNearMisses } from "./views/near-misses.ts";
import { mountNetwork } from "./views/network.ts";
import { mountNotesList } from "./views/notes-list.ts";
import { mountNotices } from "./views/notices.ts";
import { mountResults } from "./views/results.ts";
import { mountSearch } from "./views/search.ts";
import { mountSuspects } from "./views/suspects.ts";
import { mountTraining } from "./views/training.ts";

const named = readModelName(location.search);
const store = new Store({ ...initial, ...(named && { served: named, source: "served" }) });
const session = new Session(store, readDevice(location.search));

linkState(store);
mountDoors(store);
// First, so that it knows where the focus was before another view disables a control.
mountNotices(store, session);
mountNetwork(store);
mountModel(store, session);
mountDocuments(store, session);
mountNotesList(store, session);
mountKeeping(store, session);
mountSearch(store, session);
mountAnswer(store, session);
mountCompare(store, session);
mountJudgments(store, session);
mountMarksTools(store, session);
mountConflicts(store, session);
mountMining(store, session);
mountNearMisses(store, session);
mountSuspects(store, session);
mountTraining(store, session);
mountResults(store, session);
mountLearn(store, session.lesson);
mountPlayground(store, session);
mountWatching(store, session);
mountOffline(store);

// Links within a view must not replace the settings that stand in the address.
for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href^="#"]:not([data-to])')) {
  link.addEventListener("click", (event) => {
    const target = document.querySelector<HTMLElement>(link.hash);
    event.preventDefault();
    target?.scrollIntoView();
    target?.focus({ preventScroll: true });
  });
}
