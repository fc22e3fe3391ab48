// The board over server-sent events; where the stream cannot be held, the same board by polling.
const ERRORS_BEFORE_POLLING = 3;
const POLL_MS = 3000;
const STALE_MS = 15_000; // a board comes every 5 seconds even when nothing happens

export function watchFloor(htmx) {
  const state = document.querySelector("[data-live]");
  if (!state) return;
  let errors = 0;
  let polling = 0;

  const poll = async () => {
    try {
      const answer = await fetch("/floor/board", { headers: { "HX-Request": "true" } });
      if (answer.status === 401 || answer.redirected) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      htmx.swap("#board", await answer.text(), { swapStyle: "innerHTML" });
      state.dataset.live = "polling";
    } catch {
      state.dataset.live = "lost";
    }
  };

  // The board is one for all; an agent's own buttons follow when the own tile shows another state.
  const followOwn = () => {
    const own = document.getElementById("own");
    const tile = own && document.querySelector(`[data-seat="${CSS.escape(own.dataset.own)}"]`);
    const shown = own?.querySelector("[data-state]");
    if (!tile || shown?.dataset.state === tile.dataset.ownState) return;
    if (own.contains(document.activeElement) && document.activeElement.matches("select")) return;
    htmx.ajax("GET", "/floor/own", { target: "#own", swap: "innerHTML" });
  };
  document.body.addEventListener("htmx:afterSettle", (event) => event.target.id === "board" && followOwn());
  document.body.addEventListener("htmx:sseMessage", () => setTimeout(followOwn, 0));

  document.body.addEventListener("htmx:sseOpen", () => {
    errors = 0;
    clearInterval(polling);
    polling = 0;
    state.dataset.live = "live";
  });
  document.body.addEventListener("htmx:sseError", () => {
    errors += 1;
    if (errors >= ERRORS_BEFORE_POLLING && !polling) polling = setInterval(poll, POLL_MS);
    if (!polling) state.dataset.live = "lost";
  });
  document.body.addEventListener("htmx:sseClose", (event) => {
    if (event.detail.type === "message") location.reload(); // the session has ended
  });
  let heard = Date.now();
  document.body.addEventListener("htmx:sseMessage", () => {
    heard = Date.now();
    if (!polling) state.dataset.live = "live";
  });
  setInterval(() => {
    if (!polling && Date.now() - heard > STALE_MS) state.dataset.live = "lost";
  }, 1000);
}
