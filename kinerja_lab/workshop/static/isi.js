"use strict";
/* Saves at each tap. What is not yet acknowledged waits in this browser's own memory, under a key of this workshop and this panellist,
   and is sent again until the server says it is on the disk. One slot a question: the last tap in this browser counts. */
(() => {
  const page = document.body.dataset;
  const round = Number(page.round);
  const box = `kinerja:${page.workshop}:${page.judge}:`;
  const line = document.getElementById("status");
  const notices = document.getElementById("notices");
  const memory = new Map();
  let own = false;  // the browser refuses to remember (private mode, full): then taps wait in this page only
  const keep = {
    get(key) { if (!own) { try { return localStorage.getItem(key); } catch { own = true; } } return memory.get(key) ?? null; },
    set(key, text) { memory.set(key, text); if (!own) { try { localStorage.setItem(key, text); } catch { own = true; } } },
    drop(key) { memory.delete(key); if (!own) { try { localStorage.removeItem(key); } catch { own = true; } } },
    keys() {
      let found = [...memory.keys()];
      if (!own) { try { found = Object.keys(localStorage); } catch { own = true; } }
      return found.filter((key) => key.startsWith(`${box}q:`)).sort();
    },
  };
  const slotOf = (cell) => `${box}q:${cell.round}|${cell.item}|${cell.question}`;
  const seqOf = (cell) => `${box}s:${cell.round}|${cell.item}|${cell.question}`;
  const lastOf = (cell) => `${box}l:${cell.round}|${cell.item}|${cell.question}`;
  const guard = () => (window.isSecureContext && navigator.serviceWorker) || null;
  const read = (key) => { const text = keep.get(key); return text === null ? null : JSON.parse(text); };
  // randomUUID is missing on plain http in a local network
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let stopped = "", sending = false, timer = 0, pause = 1000, refused = "", away = false;

  function say() {
    const slots = keep.keys().map(read).filter(Boolean);
    const now = slots.filter((slot) => slot.round === round);
    const closed = slots.filter((slot) => slot.closed).length;
    let text = "", kind = "care";
    if (stopped) text = line.dataset.signedOut.replace("#", slots.length);
    else if (refused) text = refused;
    else if (closed) text = line.dataset.closed.replace("#", closed);
    else if (now.length && pause > 1000) text = line.dataset.waiting.replace("#", now.length);
    else if (now.length) { text = line.dataset.sending; kind = ""; }
    else if (away) text = line.dataset.away;
    else if (say.once) { text = line.dataset.saved; kind = "good"; }
    if (line.textContent !== text) line.textContent = text;
    line.className = `status ${kind}`;
  }

  async function flush() {
    if (sending || stopped) return;
    sending = true;
    clearTimeout(timer);
    let failed = false;
    for (;;) {
      const key = keep.keys().find((name) => { const slot = read(name); return slot && !slot.closed; });
      if (!key) break;
      say();
      if (!await send(key, read(key))) { failed = true; break; }
    }
    sending = false;
    pause = failed ? Math.min(pause * 2, 15000) : 1000;
    say();
    if (failed && !stopped) timer = setTimeout(flush, pause + Math.random() * 500);
  }

  async function send(key, slot) {
    const known = Number(keep.get(seqOf(slot)) ?? 0);
    const body = { round: slot.round, item: slot.item, question: slot.question, value: slot.value, text: slot.text, key: slot.key,
      base: Math.max(slot.base, known) };
    let reply, sent = {};
    try {
      reply = await fetch("/simpan", { method: "POST", keepalive: true, credentials: "same-origin", signal: AbortSignal.timeout?.(15000),
        headers: { "Content-Type": "application/json", "X-Form-Word": page.word }, body: JSON.stringify(body) });
      sent = await reply.json();
    } catch { away = true; return false; }
    away = false;
    if (reply.ok) {
      keep.set(seqOf(slot), String(sent.seq));
      // a page kept by the guard is older than this answer: the next one loaded from there needs to be told
      if (guard()?.controller) keep.set(lastOf(slot), JSON.stringify({ seq: sent.seq, value: slot.value, text: slot.text }));
      say.once = true;
      refused = "";
      const newer = read(key);
      if (newer && newer.key === slot.key) keep.drop(key);
      return true;
    }
    if (reply.status === 409 && sent.code === "workshop_newer_answer") { keep.drop(key); clash(slot, sent); return true; }
    if (reply.status === 409 && sent.code === "workshop_round_closed") {
      keep.set(key, JSON.stringify({ ...slot, closed: true }));
      look();  // say at once that the round has moved on
      return true;
    }
    if (reply.status === 401 || reply.status === 403) { stopped = "out"; say(); return false; }
    if (reply.status === 422 || reply.status === 409) { keep.drop(key); refused = line.dataset.refused; return true; }
    return false;
  }

  function clash(slot, sent) {
    keep.set(seqOf(slot), String(sent.seq));
    const shown = (value, text) => (value === null ? text : String(value));
    const note = document.createElement("div");
    note.className = "notice";
    note.setAttribute("role", "alert");
    note.append(line.dataset.newer.replace("%there%", () => shown(sent.value, sent.text)).replace("%here%", () => shown(slot.value, slot.text)));
    const mine = document.createElement("button"), theirs = document.createElement("button");
    mine.textContent = line.dataset.useHere;
    theirs.textContent = line.dataset.keep;
    mine.onclick = () => { note.remove(); put({ ...slot, base: sent.seq }); };
    theirs.onclick = () => { note.remove(); fill(find(slot), sent.value, sent.text); count(); };
    note.append(document.createElement("br"), mine, theirs);
    notices.append(note);
  }

  function put(slot) {
    keep.set(slotOf(slot), JSON.stringify({ ...slot, closed: false, key: newKey() }));
    refused = "";
    say();
    flush();
  }

  // ---- the form
  const sections = [...document.querySelectorAll("section.screen")];
  const cellsOf = (section) => [...section.querySelectorAll(".cell")];
  const itemOf = (cell) => cell.closest("section").dataset.item;
  const find = (slot) => document.querySelector(
    `section[data-item="${CSS.escape(slot.item)}"] .cell[data-question="${CSS.escape(slot.question)}"]`);

  function valueOf(cell) {
    if (cell.dataset.kind === "rating") { const on = cell.querySelector("input:checked"); return on ? Number(on.value) : null; }
    if (cell.dataset.kind === "percent") {
      const word = cell.querySelector("input").value.trim();
      return /^\d{1,3}$/.test(word) && Number(word) <= 100 ? Number(word) : null;
    }
    return null;
  }

  function fill(cell, value, text) {
    if (!cell) return;
    if (cell.dataset.kind === "rating") cell.querySelectorAll("input").forEach((input) => { input.checked = Number(input.value) === value; });
    else if (cell.dataset.kind === "percent") cell.querySelector("input").value = value ?? "";
    else cell.querySelector("textarea").value = text;
  }

  function tap(cell) {
    const text = cell.dataset.kind === "text" ? cell.querySelector("textarea").value : "";
    const value = valueOf(cell);
    const typed = cell.querySelector("input[type=text]");
    if (typed) {
      const wrong = value === null && typed.value.trim() !== "";
      typed.setAttribute("aria-invalid", String(wrong));
      refused = wrong ? line.dataset.whole : "";
      say();
    }
    count();
    const state = `${value}|${text}`;
    if (cell.dataset.sent === state || (cell.dataset.kind !== "text" && value === null)) return;
    cell.dataset.sent = state;
    put({ round, item: itemOf(cell), question: cell.dataset.question, value, text, base: Number(cell.dataset.seq) });
  }

  function count() {
    for (const section of sections) {
      const wanted = cellsOf(section).filter((cell) => cell.dataset.kind !== "text");
      const given = wanted.filter((cell) => valueOf(cell) !== null);
      wanted.forEach((cell) => { cell.querySelector(".mark").classList.toggle("given", valueOf(cell) !== null); });
      const state = given.length === wanted.length ? "done" : given.length ? "begun" : "empty";
      const entry = document.querySelector(`li[data-of="${section.dataset.place}"]`);
      entry.className = state;
      entry.querySelector(".state").textContent = entry.querySelector(".state").dataset[state];
    }
  }

  function go(place, { push = true, focus = true } = {}) {
    const target = sections.find((section) => Number(section.dataset.place) === place);
    if (!target) return false;
    sections.forEach((section) => { section.hidden = section !== target; });
    document.querySelectorAll("ol.items a[aria-current]").forEach((link) => link.removeAttribute("aria-current"));
    document.querySelector(`li[data-of="${place}"] a`).setAttribute("aria-current", "step");
    document.title = `${target.dataset.name} – ${page.title}`;
    if (push) history.pushState({ place }, "", `/butir/${place}`);
    window.scrollTo(0, 0);
    if (focus) target.querySelector("h1").focus({ preventScroll: true });
    return true;
  }

  function startForm() {
    for (const section of sections) {
      for (const cell of cellsOf(section)) {
        const place = { round, item: itemOf(cell), question: cell.dataset.question };
        const last = read(lastOf(place)), slot = read(slotOf(place));
        if (last && last.seq > Number(cell.dataset.seq)) { fill(cell, last.value, last.text); cell.dataset.seq = last.seq; }
        else if (last) keep.drop(lastOf(place));
        if (slot) fill(cell, slot.value, slot.text);
        cell.dataset.sent = `${valueOf(cell)}|${cell.dataset.kind === "text" ? cell.querySelector("textarea").value : ""}`;
        cell.addEventListener("change", () => tap(cell));
        let typing = 0;
        if (cell.dataset.kind !== "rating") cell.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => tap(cell), 1200); });
        cell.querySelectorAll("button[data-step]").forEach((button) => {
          button.hidden = false;
          button.addEventListener("click", () => {
            const input = cell.querySelector("input");
            const from = valueOf(cell) ?? 50;
            input.value = Math.max(0, Math.min(100, from + Number(button.dataset.step)));
            tap(cell);
          });
        });
      }
      section.querySelector("form").addEventListener("submit", (event) => {
        event.preventDefault();
        cellsOf(section).forEach(tap);
        const place = Number(section.dataset.place);
        const open = sections.filter((other) => cellsOf(other).some((cell) => cell.dataset.kind !== "text" && valueOf(cell) === null))
          .map((other) => Number(other.dataset.place));
        const next = open.find((other) => other > place) ?? open[0];
        if (next) go(next); else location.assign("/");
      });
    }
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-go]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (go(Number(link.dataset.go))) event.preventDefault();
    });
    window.addEventListener("popstate", () => {
      const found = location.pathname.match(/^\/butir\/(\d+)$/);
      if (found) go(Number(found[1]), { push: false });
    });
    // another tab of the same panellist answered: show it here too
    window.addEventListener("storage", (event) => {
      if (!event.key || !event.key.startsWith(`${box}q:`) || !event.newValue) { say(); return; }
      const slot = JSON.parse(event.newValue), cell = find(slot);
      if (slot.round === round && cell) {
        fill(cell, slot.value, slot.text);
        cell.dataset.sent = `${slot.value}|${slot.text}`;
        count();
      }
    });
    count();
  }

  // ---- the round moves on
  async function look() {
    if (document.hidden) return;
    try {
      const reply = await fetch("/keadaan", { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (away) { away = false; flush(); }
      if (reply.status === 401) { stopped = "out"; say(); return; }
      if (!reply.ok) return;
      const now = await reply.json();
      if ((now.round !== round || now.state !== page.state) && !document.getElementById("berganti")) {
        const note = document.createElement("p"), link = document.createElement("a");
        note.id = "berganti";
        note.className = "notice";
        note.setAttribute("role", "alert");
        link.href = "/";
        link.textContent = line.dataset.go;
        note.append(line.dataset.changed, " ", link);
        notices.append(note);
      }
    } catch { away = true; say(); /* the next look tells when the server is back */ }
  }

  // ---- loaded anew while the server is away
  function startGuard() {
    if (!guard()) return;
    const files = [...document.querySelectorAll("script[src], link[href]")].map((part) => part.src || part.href);
    const came = Boolean(guard().controller);  // asked before registering: the guard may take charge while we wait
    guard().register("/berkas/penjaga.js", { scope: "/" }).then(() => guard().ready).then((found) => {
      if (!came) found.active.postMessage({ page: location.href, files });
    }).catch(() => { /* private mode or an old browser: the warning before leaving stays */ });
    document.querySelector('form[action="/keluar"]')?.addEventListener("submit", () => {
      Object.keys(localStorage).filter((key) => key.startsWith(`${box}l:`)).forEach((key) => localStorage.removeItem(key));
    });
  }

  // a slot that met a closed round is tried again when the page is loaded anew: the round may have been opened again
  for (const key of keep.keys()) {
    const slot = read(key);
    if (slot && slot.closed && slot.round === round && page.state === "open") keep.set(key, JSON.stringify({ ...slot, closed: false }));
  }
  if (sections.length) {
    startForm();
    startGuard();
    const asked = location.pathname.match(/^\/butir\/(\d+)$/);  // the page kept may have been that of another indicator
    if (asked && sections.find((section) => !section.hidden).dataset.place !== asked[1]) go(Number(asked[1]), { push: false, focus: false });
  }
  say();
  flush();
  look();
  // without the guard a page loaded anew while the server is away is lost until it is back: ask first
  window.addEventListener("beforeunload", (event) => { if (away && !guard()?.controller) event.preventDefault(); });
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { flush(); look(); } });
  setInterval(look, 10000);
})();
