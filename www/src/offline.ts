/** The page works without a network once it was opened with one: sw.js keeps what it is made of, and tells what it fetched for that. */
import type { DeviceInfo } from "nearmiss";
import { noteTold, type Told } from "./network.ts";
import type { Store } from "./state.ts";

/** Milliseconds for which a model that is there waits for the rest of the page; a slow network must not keep it from anybody longer. */
const PATIENCE = 30_000;

/** Null where there is no service worker: an address without TLS, a private window. */
let registered: Promise<ServiceWorkerRegistration | null> = Promise.resolve(null);

interface Answer {
  requests: Told[];
}

/** Where there is no service worker the page works as before, with a network. */
export function mountOffline(store: Store): void {
  if (!("serviceWorker" in navigator)) return;
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener("message", ({ data }: MessageEvent<Answer>) => noteTold(store, data.requests));
  serviceWorker.startMessages();
  registered = register(serviceWorker).catch(() => null);
  // It may have brought this very page.
  if (serviceWorker.controller) void ask(serviceWorker.controller, {}, store);
}

async function register(container: ServiceWorkerContainer): Promise<ServiceWorkerRegistration | null> {
  // What is fetched for later must not hold up what is looked at now.
  if (document.readyState !== "complete") await new Promise((loaded) => addEventListener("load", loaded, { once: true }));
  // Some browsers, told to allow none, resolve with nothing.
  const registration = (await container.register(new URL("sw.js", document.baseURI))) as ServiceWorkerRegistration | undefined;
  return registration ?? null;
}

/** Resolves when all of the page is kept on this device, or it is clear that it will not be. @returns whether it is */
export async function pageKept(signal: AbortSignal): Promise<boolean> {
  await within(signal, async () => {
    const registration = await registered;
    if (!registration) return;
    // Now rather than when the browser thinks of it: what has changed is then fetched before the model is ready, not after.
    if (registration.active) await registration.update().catch(() => undefined);
    const newest = registration.installing ?? registration.waiting;
    if (newest) await settled(newest);
  });
  return "serviceWorker" in navigator && navigator.serviceWorker.controller !== null;
}

/** Resolves when the service worker keeps this engine too, has told of its requests, and answers those of this page. */
export async function engineKept(engine: DeviceInfo["kind"], store: Store, signal: AbortSignal): Promise<void> {
  await within(signal, async () => {
    const active = (await registered)?.active;
    if (active) await ask(active, { engine }, store);
  });
}

function settled(worker: ServiceWorker): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (worker.state === "activated" || worker.state === "redundant") resolve();
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

async function ask(worker: ServiceWorker, question: { engine?: DeviceInfo["kind"] }, store: Store): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<Answer>((resolve) => (port1.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data)));
  worker.postMessage({ ...question, since: performance.timeOrigin }, [port2]);
  noteTold(store, (await answer).requests);
  port1.close();
}

/** Gives up quietly: keeping the page is a convenience. */
async function within(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const over = new Promise<void>((resolve) => limit.addEventListener("abort", () => resolve(), { once: true }));
  await Promise.race([work().catch(() => undefined), ...(limit.aborted ? [] : [over])]);
}
