// The agent's page: news of the seat for every script on it.
// A script listens with document.addEventListener("seat:call", …); fragments use hx-trigger="sse:call".
document.addEventListener("htmx:sseMessage", (event) => {
  if (event.target.matches("[sse-swap]")) document.dispatchEvent(new CustomEvent(`seat:${event.detail.type}`, { detail: event.detail.data }));
});
document.addEventListener("htmx:sseClose", (event) => {
  if (event.detail.type === "message") location.assign("/login?next=/seat"); // the session has ended
});
