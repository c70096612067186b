// Keeps the page's own files, so that a reload works while the server cannot be reached.
// Data does not pass through here: the client keeps it in IndexedDB.
const CACHE = 'rejoin-demo';
const NOT_PAGE = ['/v1/', '/sync', '/metrics', '/healthz', '/readyz'];

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

// The first load happens before this worker is in charge: the page tells which files it has used.
self.addEventListener('message', (event) => {
  if (Array.isArray(event.data?.keep)) event.waitUntil(keep(event.data.keep, event.ports[0]));
});

async function keep(urls, port) {
  const cache = await caches.open(CACHE);
  const wanted = [new URL('./', self.location).href, ...urls.filter((url) => isPageFile(new URL(url)))];
  await Promise.all(wanted.map(async (url) => (await cache.match(url)) ?? cache.add(url)));
  // Files of an earlier version of the page.
  const kept = await cache.keys();
  await Promise.all(kept.filter(({ url }) => !wanted.includes(url)).map((request) => cache.delete(request)));
  port?.postMessage('kept');
}

self.addEventListener('fetch', (event) => {
  if (event.request.method === 'GET' && isPageFile(new URL(event.request.url))) {
    event.respondWith(answer(event.request));
  }
});

function isPageFile(url) {
  return url.origin === self.location.origin && !NOT_PAGE.some((prefix) => url.pathname.startsWith(prefix));
}

// The network's answer if there is one, else the kept one: a new version of the page never waits for a cache to expire.
async function answer(request) {
  const cache = await caches.open(CACHE);
  const key = request.mode === 'navigate' ? './' : request;
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(key, response.clone());
    return response;
  } catch (unreachable) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw unreachable;
  }
}
