/** Keeps the files of the page: the first request of each goes to the server, all others to the cache. */

/** Another name after a change of the page or of the package: then all files are fetched again. */
const CACHE = 'stories-1'
const PAGE = ['./', './main.js', './style.css']

addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PAGE)))
  skipWaiting()
})

addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      // The store of models has a cache of its own where the browser has no private file system.
      const old = (await caches.keys()).filter((name) => name.startsWith('stories-') && name !== CACHE)
      await Promise.all(old.map((name) => caches.delete(name)))
      // So that the page which registers this worker need not be loaded again.
      await clients.claim()
    })(),
  )
})

addEventListener('fetch', (event) => {
  const { method, url, headers } = event.request
  const isFile = method === 'GET' && new URL(url).origin === location.origin && !headers.has('range')
  if (isFile) event.respondWith(fromCache(event.request))
})

async function fromCache(request) {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(request)
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok) await cache.put(request, response.clone())
  return response
}
