/**
 * Keeps the page for when there is no network. The build puts the lists in: FILES, everything the page is made of but what is large, is
 * kept when the page is first opened, and with it MAPS, one file that holds many; the engine that is used, when it is used. Models are kept
 * by the package itself.
 *
 * Once all that is kept, whatever the page opens later (a reader of files, a lesson, another worker) is answered from here, so that the
 * network sees nothing of it. What this worker itself asked the network for, it tells the pages, which count it with their own requests.
 */
/* global FILES, MAPS, ENGINES, VERSION */

const PREFIX = "nearmiss-page-";
const KEPT = PREFIX + VERSION;

const scope = new URL("./", self.location.href);
const inScope = (file) => new URL(file, scope).href;
const files = new Set(FILES.map(inScope));
const engines = new Map(Object.entries(ENGINES).map(([kind, file]) => [kind, inScope(file)]));
const engineFiles = new Set(engines.values());

/** Never another content under this address: its name changes with what it holds. */
const versioned = (url) => /\/assets\/[^/?]+\.(js|css|wasm)$|\?v=\w+$/.test(url);
const isMap = (url) => url.startsWith(inScope("cmaps/"));

/** Requests of this worker, as the browser keeps book of them (Resource Timing). What HTTP caches answered is none. */
const made = [];
/** Address → the page that it opened last: a request for a page is that page's, and none of those that are open beside it. */
const opened = new Map();
const observer = new PerformanceObserver((list) => void tell(list.getEntries()));
observer.observe({ type: "resource", buffered: true });

function book(entries) {
  const sent = entries.filter(({ transferSize, responseStatus }) => transferSize > 0 || !responseStatus);
  const requests = sent.map(({ name, startTime, transferSize }) => ({ url: name, at: performance.timeOrigin + startTime, bytes: transferSize, page: opened.get(name) }));
  made.push(...requests);
  return requests;
}

async function tell(entries) {
  const requests = book(entries);
  if (requests.length === 0) return;
  for (const client of await pages()) client.postMessage({ requests: requests.filter((request) => concerns(request, client)) });
}

/** @param since milliseconds since 1970, for requests that were no page's own */
const concerns = ({ page, at }, { id }, since = 0) => (page === undefined ? at >= since : page === id);

const pages = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

self.addEventListener("install", (event) => {
  event.waitUntil(keepPage().then(() => self.skipWaiting()));
});

/** All or nothing: half a page is none. */
async function keepPage() {
  const cache = await caches.open(KEPT);
  await Promise.all([...[...files].map((file) => keepFile(cache, file)), keepMaps(cache)]);
}

async function keepFile(cache, file) {
  const known = versioned(file) && (await found(file));
  await cache.put(file, known || (await fetched(file)));
}

/** Asked for again, and cheap where the server says that nothing has changed: what HTTP caches hold may be older than this list. */
async function fetched(file) {
  const response = await fetch(new Request(file, { cache: "no-cache", priority: "low" }));
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response;
}

/** Each under its own address. Asked for one by one, when a file needs it, a name would tell the server in which script that file is written. */
async function keepMaps(cache) {
  const bytes = await (await fetched(inScope(MAPS.file))).arrayBuffer();
  let from = 0;
  for (const [name, length] of MAPS.names) {
    await cache.put(inScope(`cmaps/${name}`), new Response(bytes.slice(from, from + length)));
    from += length;
  }
}

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

/** Pages that were opened before the last change of this page still load parts of it: theirs are kept until none of them is left. */
async function forgetOthers() {
  if ((await pages()).length > 0) return;
  const cache = await caches.open(KEPT);
  for (const file of engineFiles) {
    const known = await found(file);
    if (known) await cache.put(file, known);
  }
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== KEPT).map((name) => caches.delete(name)));
}

/**
 * A page says which engine runs: it may have been fetched before this worker was there to see it. The answer comes once the engine is kept
 * and the page is in the care of this worker (it is not, after a forced reload), with the requests since the page was opened.
 */
self.addEventListener("message", (event) => {
  const { engine, since } = event.data;
  const [port] = event.ports;
  const file = engines.get(engine);
  const work = async () => {
    if (file) await Promise.all([self.clients.claim(), keep(new Request(file)).catch(() => undefined)]);
    book(observer.takeRecords());
    port.postMessage({ requests: made.filter((request) => concerns(request, event.source, since)) });
  };
  event.waitUntil(work());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  url.hash = "";
  if (url.origin !== scope.origin || request.headers.has("range")) return;
  if (request.method === "HEAD" && url.href.startsWith(inScope("assets/"))) event.respondWith(noNews());
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    opened.set(url.href, event.resultingClientId);
    event.respondWith(freshest(request, url));
    event.waitUntil(forgetOthers());
  } else if (engineFiles.has(url.href)) event.respondWith(keep(request));
  else if (versioned(url.href) || isMap(url.href)) event.respondWith(kept(request));
  else if (files.has(url.href)) event.respondWith(freshest(request, url));
});

/** To the package, which asks whether a model that it keeps has changed: not under a name that changes with it. */
async function noNews() {
  return new Response(null, { status: 200 });
}

/** What was changed is shown as it is now; without a network, as it was. */
async function freshest(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    url.search = "";
    const known = await found(url.href === scope.href ? inScope("index.html") : url.href);
    if (known) return known;
    throw error;
  }
}

async function kept(request) {
  return (await found(request.url)) ?? fetch(request);
}

async function keep(request) {
  const known = await found(request.url);
  if (known) return known;
  const response = await fetch(request);
  // A full disk must not keep the engine from running.
  if (response.ok) await (await caches.open(KEPT)).put(request, response.clone()).catch(() => undefined);
  return response;
}

/** Of this version first, else of one before it. */
async function found(url) {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX)).sort((a, b) => Number(b === KEPT) - Number(a === KEPT));
  for (const cacheName of names) {
    const known = await caches.match(url, { cacheName });
    if (known) return known;
  }
  return undefined;
}
