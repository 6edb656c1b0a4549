/** Long work on the thread that also draws the page: let others in now and then. */

import { aborted } from "../errors.js";
import { breathe } from "../platform.js";

/** Milliseconds of work at a stretch: less than the time between two frames at 60 Hz. */
const STRETCH = 12;

export interface Pace {
  /** To be awaited between two small pieces of work. @throws {NearmissError} `ABORTED` */
  (): Promise<void> | undefined;
}

export function pace(signal?: AbortSignal): Pace {
  let since = performance.now();
  return () => {
    if (signal?.aborted) throw aborted(signal);
    if (performance.now() - since < STRETCH) return undefined;
    return breathe().then(() => {
      since = performance.now();
      if (signal?.aborted) throw aborted(signal);
    });
  };
}
