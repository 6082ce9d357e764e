"use strict";
/* Keeps the facilitator's board fresh; a form in it works without this script too. */
(() => {
  const board = document.getElementById("papan"), line = document.getElementById("hidup");
  const chosen = document.body.dataset.chosen;
  // the browser writes HTML in its own way, so both are compared as it writes them: nothing is replaced without need
  const written = (text) => { const box = document.createElement("template"); box.innerHTML = text; return box.innerHTML; };
  let last = board.innerHTML;
  async function refresh() {
    if (document.hidden || board.querySelector(":active")) return;
    try {
      const reply = await fetch(`/fasilitator/papan${chosen ? `?ronde=${encodeURIComponent(chosen)}` : ""}`, { credentials: "same-origin" });
      if (!reply.ok) throw new Error(String(reply.status));
      const text = written(await reply.text());
      if (text !== last) {
        const focused = document.activeElement?.id, shut = [...board.querySelectorAll("details:not([open])")].map((part) => part.id);
        const across = new Map([...board.querySelectorAll(".scroll")].map((part, place) => [place, part.scrollLeft]));
        board.innerHTML = text;
        shut.forEach((id) => document.getElementById(id)?.removeAttribute("open"));
        board.querySelectorAll(".scroll").forEach((part, place) => { part.scrollLeft = across.get(place) ?? 0; });
        if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
        last = text;
      }
      if (line.textContent !== line.dataset.live) line.textContent = line.dataset.live;
      line.className = "status good";
    } catch {
      line.textContent = line.dataset.lost;
      line.className = "status care";
    }
  }
  setInterval(refresh, 3000);
  refresh();
})();
