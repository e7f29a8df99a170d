/** Keeps the files of one version, so that the page opens without a network. */

const NAME = "chat {digest}";
const FILES = {files};

self.addEventListener("install", (event) => {
  // All or none: a version is whole.
  const kept = caches.open(NAME).then((cache) => cache.addAll(["/", ...FILES]));
  event.waitUntil(kept.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const removed = caches.keys().then((names) => {
    // Other caches of this origin are not ours. A page that is open may want more of the last version.
    const ours = names.filter((name) => name.startsWith("chat "));
    const old = ours.filter((name) => name !== NAME).slice(0, -1);
    return Promise.all(old.map((name) => caches.delete(name)));
  });
  event.waitUntil(removed.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname === "/") {
    event.respondWith(fetch(request).catch(() => caches.match("/", { cacheName: NAME }).then((found) => found ?? Response.error())));
  } else if (pathname.startsWith("/a/")) {
    event.respondWith(caches.match(request).then((found) => found ?? fetch(request)));
  }
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const shown = self.clients.matchAll({ type: "window" }).then(([page]) => {
    if (!page) return self.clients.openWindow("/");
    page.postMessage({ open: event.notification.tag });
    return page.focus();
  });
  event.waitUntil(shown);
});
