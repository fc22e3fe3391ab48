// The agent's page: news of the seat for every script on it, the registration form, limits one key away.
// A script listens with document.addEventListener("seat:call", …); fragments use hx-trigger="sse:call".
import { registration } from "./register.js";
import { limits } from "./limits.js";

document.addEventListener("htmx:sseMessage", (event) => {
  if (event.target.matches("[sse-swap]")) document.dispatchEvent(new CustomEvent(`seat:${event.detail.type}`, { detail: event.detail.data }));
});
document.addEventListener("htmx:sseClose", (event) => {
  if (event.detail.type === "message") location.assign("/login?next=/seat"); // the session has ended
});

if (document.querySelector(".seat-page")) {
  limits();
  registration();
}
