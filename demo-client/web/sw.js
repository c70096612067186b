// Keeps the page's own files, so that a reload works while the server cannot be reached.
// Data does not pass through here: the client keeps it in IndexedDB.
// Each page has a cache of its own, for each knows only which files it uses itself.
const CACHE = 'rejoin-demo:';
const NOT_PAGE = ['/v1/', '/sync', '/metrics', '/healthz', '/readyz'];

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

// The first load happens before this worker is in charge: the page tells which files it has used.
self.addEventListener('message', (event) => {
  if (Array.isArray(event.data?.keep)) event.waitUntil(keep(pageOf(event.source.url), event.data.keep, event.ports[0]));
});

async function keep(page, urls, port) {
  const cache = await caches.open(CACHE + page);
  const wanted = [page, ...urls.filter((url) => isPageFile(new URL(url)))];
  await Promise.all(wanted.map(async (url) => (await cache.match(url)) ?? cache.add(url)));
  // Files of an earlier version of the page.
  const kept = await cache.keys();
  await Promise.all(kept.filter(({ url }) => !wanted.includes(url)).map((request) => cache.delete(request)));
  port?.postMessage('kept');
}

self.addEventListener('fetch', (event) => {
  if (event.request.method === 'GET' && isPageFile(new URL(event.request.url))) {
    event.respondWith(answer(event));
  }
});

function isPageFile(url) {
  return url.origin === self.location.origin && !NOT_PAGE.some((prefix) => url.pathname.startsWith(prefix));
}

/** The address of a page whatever document it shows. */
function pageOf(url) {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

// The network's answer if there is one, else the kept one: a new version of the page never waits for a cache to expire.
async function answer({ request, clientId }) {
  const isPage = request.mode === 'navigate';
  const key = isPage ? pageOf(request.url) : request;
  try {
    const response = await fetch(request);
    const page = isPage ? request.url : (await self.clients.get(clientId))?.url;
    if (response.ok && page) await (await caches.open(CACHE + pageOf(page))).put(key, response.clone());
    return response;
  } catch (unreachable) {
    const kept = await caches.match(key);
    if (kept) return kept;
    throw unreachable;
  }
}
