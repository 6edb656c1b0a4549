/** What is kept on this device, and taking it along or deleting it. */
import { announce, byId, setText } from "../dom.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountKeeping(store: Store, session: Session): void {
  const { keeping } = session;
  const file = byId<HTMLInputElement>("import-all");
  const ask = byId("delete-sure");
  const say = (sentence: string) => (setText(byId("keeping-note"), sentence), announce(sentence));
  byId("export-all").addEventListener("click", () => void keeping.exportAll());
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    file.value = "";
    if (chosen) void keeping.importAll(chosen).then((outcome) => outcome === "done" && say(strings.keeping.imported));
  });
  // Two presses: what is deleted is gone.
  byId("delete-all").addEventListener("click", () => {
    ask.hidden = false;
    byId("delete-no").focus();
  });
  const close = () => {
    ask.hidden = true;
    byId("delete-all").focus();
  };
  byId("delete-no").addEventListener("click", close);
  byId("delete-yes").addEventListener("click", () => {
    close();
    void keeping.deleteAll().then((outcome) => outcome === "done" && say(strings.keeping.deleted));
  });
  store.watch((state) => [state.storage, state.keptBytes, state.phase], show);
  store.watch(
    (state) => [state.busy === null, state.storage, state.keptBytes],
    ({ busy, storage, keptBytes }) => {
      byId<HTMLButtonElement>("export-all").disabled = busy !== null || storage === null;
      byId<HTMLButtonElement>("delete-all").disabled = busy !== null || (storage === null && keptBytes === 0);
      file.disabled = busy !== null;
    },
  );
}

function show({ storage, keptBytes }: State): void {
  const { keeping } = strings;
  setText(byId("kept"), storage ? keeping.kept(storage) : keptBytes > 0 ? keeping.earlier(keptBytes) : keeping.nothing);
  const notices = [
    storage?.role === "reader" ? keeping.reader : "",
    storage?.unsaved ? keeping.unsaved(storage.unsaved.message) : "",
    storage?.leftOut ? keeping.leftOut(storage.leftOut) : "",
  ].filter((sentence) => sentence !== "");
  byId("keeping-notice").hidden = notices.length === 0;
  setText(byId("keeping-notice"), notices.join(" "));
}
