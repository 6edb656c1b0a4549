/** What is kept on this device, and taking it along or deleting it. */
import { announce, byId, hush, setText } from "../dom.ts";
import type { Session } from "../session.ts";
import { anyTrained, type State, type Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountKeeping(store: Store, session: Session): void {
  const { keeping } = session;
  const file = byId<HTMLInputElement>("import-all");
  // Questions and results that were told of aloud are gone as well.
  const say = (sentence: string) => (hush(), setText(byId("keeping-note"), sentence), announce(sentence));
  byId("export-all").addEventListener("click", () => void keeping.exportAll());

  const replace = (chosen: File) => void keeping.importAll(chosen).then((outcome) => outcome === "done" && say(strings.keeping.imported));
  let chosen: File | null = null;
  const askToReplace = twoPresses("import", file, () => chosen && replace(chosen));
  file.addEventListener("change", () => {
    chosen = file.files?.[0] ?? null;
    file.value = "";
    if (chosen && anythingHere(store.state)) askToReplace();
    else if (chosen) replace(chosen);
  });

  const askToDelete = twoPresses("delete", byId("delete-all"), () => {
    void keeping.deleteAll().then((outcome) => outcome === "done" && say(strings.keeping.deleted));
  });
  byId("delete-all").addEventListener("click", askToDelete);
  store.watch((state) => [state.storage, state.keptBytes, state.stored], show);
  store.watch(
    (state) => [state.busy === null, state.storage, state.keptBytes],
    ({ busy, storage, keptBytes }) => {
      byId<HTMLButtonElement>("export-all").disabled = busy !== null || storage === null;
      byId<HTMLButtonElement>("delete-all").disabled = busy !== null || (storage === null && keptBytes === 0);
      file.disabled = busy !== null;
    },
  );
}

/** What is deleted or replaced is gone: a second press says that it is meant. @returns what asks for it */
function twoPresses(name: "import" | "delete", first: HTMLElement, act: () => void): () => void {
  const ask = byId(`${name}-sure`);
  const close = () => {
    ask.hidden = true;
    first.focus();
  };
  byId(`${name}-no`).addEventListener("click", close);
  byId(`${name}-yes`).addEventListener("click", () => {
    close();
    act();
  });
  return () => {
    ask.hidden = false;
    byId(`${name}-no`).focus();
  };
}

function anythingHere(state: State): boolean {
  return state.documents.length > 0 || state.judgments.length > 0 || anyTrained(state) || (state.phase !== "ready" && state.keptBytes > 0);
}

function show({ storage, keptBytes, stored }: State): void {
  const { keeping } = strings;
  const closed = stored ? keeping.closed : keeping.earlier;
  setText(byId("kept"), storage ? keeping.kept(storage) : keptBytes > 0 ? closed(keptBytes) : keeping.nothing);
  const notices = [
    storage?.role === "reader" ? keeping.reader : "",
    storage?.unsaved ? keeping.unsaved(storage.unsaved.message) : "",
    storage?.leftOut ? keeping.leftOut(storage.leftOut) : "",
  ].filter((sentence) => sentence !== "");
  byId("keeping-notice").hidden = notices.length === 0;
  setText(byId("keeping-notice"), notices.join(" "));
}
