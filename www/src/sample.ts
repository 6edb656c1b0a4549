/** The sample notes, fetched at most once, and together with the model, so that no request is made after the model has loaded. */
import { beside } from "./assets.ts";
import { FILES, readSample, SampleError, type Sample } from "./sample-files.ts";
import { strings } from "./strings.ts";

let pending: Promise<Sample> | null = null;

/** @throws {SampleError} when a file is missing or not in its layout; the next call tries again */
export function loadSample(): Promise<Sample> {
  pending ??= fetchSample().catch((error: unknown) => {
    pending = null;
    throw error;
  });
  return pending;
}

/** Starts the fetch early; a failure is reported when the sample is asked for. */
export async function prefetchSample(): Promise<void> {
  await loadSample().catch(() => undefined);
}

async function fetchSample(): Promise<Sample> {
  const [corpus = "", queries = "", train = "", test = ""] = await Promise.all(FILES.map(fetchText));
  return readSample({ corpus, queries, train, test });
}

async function fetchText(name: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(beside(`sample/${name}`));
  } catch (cause) {
    throw new SampleError(strings.sample.unfetched(name, ""), { cause });
  }
  if (!response.ok) throw new SampleError(strings.sample.unfetched(name, String(response.status)));
  return response.text();
}
