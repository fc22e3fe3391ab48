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

// Without the stream the page asks by itself, and says so.
const ASK_MS = 3000;
let asking = 0;
function lost(is) {
  const notice = document.querySelector("[data-lost]");
  if (!notice || notice.hidden === !is) return;
  notice.hidden = !is;
  clearInterval(asking);
  if (is) asking = setInterval(() => ["#caller", "#own"].forEach((region) => window.htmx.trigger(region, "look")), ASK_MS);
}
document.addEventListener("htmx:sseOpen", () => lost(false));
document.addEventListener("htmx:sseError", () => lost(true));

// The own controls are drawn anew with each piece of news, but not under the hand of who chooses a reason.
document.addEventListener("htmx:beforeRequest", (event) => {
  const chosen = document.activeElement;
  if (event.target.id !== "own" || !chosen?.matches("#own select")) return;
  event.preventDefault();
  chosen.addEventListener("blur", () => window.htmx.trigger("#own", "look"), { once: true });
});

if (document.querySelector(".seat-page")) {
  limits();
  registration();
}
