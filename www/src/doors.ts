/** The three views of the page: which one the address asks for, and what changes with it. */
import { byId, setText } from "./dom.ts";
import type { State, Store } from "./state.ts";
import { strings } from "./strings.ts";

export const DOORS = ["tune", "learn", "build"] as const;
export type Door = (typeof DOORS)[number];

/** Where the skip link leads in each view. */
const FIRST_STOP = { tune: "search", learn: "stage", build: "playground" } satisfies Record<Door, string>;

/** `#learn`, also with settings behind it; what names no view belongs to the first, as it did when there was one. */
export function readDoor(hash: string): Door {
  const name = /^#?(\w+)(?=&|$)/.exec(hash)?.[1];
  return DOORS.find((door) => door === name) ?? "tune";
}

/** Shows the view that the state names, in the page, its title and its links. */
export function mountDoors(store: Store): void {
  store.watch(
    (state) => [state.door],
    ({ door }) => {
      document.documentElement.dataset.door = door;
      document.title = strings.doors[door].title;
      const skip = document.querySelector<HTMLAnchorElement>(".skip");
      if (skip) {
        // Not `hash`, which would make an address of it that is no longer one within the page.
        skip.setAttribute("href", `#${FIRST_STOP[door]}`);
        setText(skip, strings.doors[door].skip);
      }
      for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-to]")) {
        if (link.dataset.to === door) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    },
  );
}

/** After a link or the back button: at the top, and a screen reader reads the heading of the view. */
export function enter(door: State["door"]): void {
  scrollTo(0, 0);
  byId(door).querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
}
