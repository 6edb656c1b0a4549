/**
 * Keeps the page for when there is no network. The build puts the lists in: FILES, everything the page is made of but what is large, is
 * kept when the page is first opened; the engine that is used, when it is used. Models are kept by the package itself.
 */
/* global FILES, ENGINES, VERSION */

const PREFIX = "nearmiss-page-";
const KEPT = PREFIX + VERSION;

const scope = new URL("./", self.location.href);
const files = new Set(FILES.map((file) => new URL(file, scope).href));
const engines = new Map(Object.entries(ENGINES).map(([kind, file]) => [kind, new URL(file, scope).href]));
const engineFiles = new Set(engines.values());

self.addEventListener("install", (event) => {
  // Asked for again, and cheap where the server says that nothing has changed: what HTTP caches hold may be older than this list.
  const requests = [...files].map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(requests)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== KEPT).map((name) => caches.delete(name)));
}

/** The page says which engine runs: it may have been fetched before this worker was there to see it. */
self.addEventListener("message", (event) => {
  const file = engines.get(event.data?.engine);
  if (file) event.waitUntil(keep(new Request(file)));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  url.search = "";
  url.hash = "";
  if (request.method !== "GET" || url.origin !== scope.origin || request.headers.has("range")) return;
  if (request.mode === "navigate") event.respondWith(freshest(request, url));
  else if (files.has(url.href)) event.respondWith(kept(request));
  else if (engineFiles.has(url.href)) event.respondWith(keep(request));
});

/** A page that was changed is shown as it is now; without a network, as it was. */
async function freshest(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    const page = url.href === scope.href ? new URL("index.html", scope).href : url.href;
    const found = await caches.match(page, { cacheName: KEPT });
    if (found) return found;
    throw error;
  }
}

/** Their names change with their contents, or the version does. */
async function kept(request) {
  return (await caches.match(request, { cacheName: KEPT, ignoreSearch: true })) ?? fetch(request);
}

async function keep(request) {
  const cache = await caches.open(KEPT);
  const found = await cache.match(request);
  if (found) return found;
  const response = await fetch(request);
  // A full disk must not keep the engine from running.
  if (response.ok) await cache.put(request, response.clone()).catch(() => undefined);
  return response;
}
