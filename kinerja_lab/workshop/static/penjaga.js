"use strict";
/* Where the browser allows it (TLS, or this computer itself) the panellist's last page opens again while the server is away.
   One page is kept, only after the server sent it in this session; signing out or opening a link forgets it. Answers are never kept here:
   they wait in the page's own memory until the server has them. */
const BOX = "kinerja-halaman";
const KEPT = /^\/butir\/\d+$/, FORGET = /^\/(?:t\/.*|masuk|keluar)$/;

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && FORGET.test(address.pathname)) event.waitUntil(caches.delete(BOX));
  else if (event.request.mode === "navigate" && event.request.method === "GET" && (KEPT.test(address.pathname) || address.pathname === "/")) {
    event.respondWith(page(event.request));
  } else if (event.request.method === "GET" && address.pathname.startsWith("/berkas/")) event.respondWith(file(event.request));
});

async function page(request) {
  let reply;
  try { reply = await fetch(request); } catch (error) {
    const held = await (await caches.open(BOX)).match("/butir");
    if (held) return held;
    throw error;
  }
  if (reply.status === 401 || reply.status === 403) await caches.delete(BOX);
  else if (reply.ok && !reply.redirected && KEPT.test(new URL(reply.url).pathname)) await (await caches.open(BOX)).put("/butir", reply.clone());
  return reply;
}

async function file(request) {
  try {
    const reply = await fetch(request);
    if (reply.ok) await (await caches.open(BOX)).put(request, reply.clone());
    return reply;
  } catch (error) {
    const held = await caches.match(request);
    if (held) return held;
    throw error;
  }
}

/* the page that brought this guard came before it: it is asked for once more, with what it needs */
self.addEventListener("message", (event) => event.waitUntil((async () => {
  await page(new Request(event.data.page, { credentials: "same-origin" }));
  await Promise.all(event.data.files.map((name) => file(new Request(name))));
})()));
