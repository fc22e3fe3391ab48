// Small questions with a reason: put aside, hand on, discard, give to somebody. Sent as JSON, answered with a page to go to.
export const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"];

/** POST JSON; gives `{ok, status, said}`. A lost connection throws, as fetch does. */
export async function post(path, body, options = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf(), Accept: "application/json" },
    body: JSON.stringify(body),
    ...options,
  });
  return { ok: answer.ok, status: answer.status, said: await answer.json().catch(() => ({})) };
}

async function send(form) {
  const problem = form.querySelector("[data-problem]");
  const buttons = form.querySelectorAll("button");
  const body = Object.fromEntries(new FormData(form));
  for (const button of buttons) button.disabled = true;
  try {
    const { ok, said } = await post(form.dataset.post, body);
    if (ok) return leaveTo(said.to);
    problem.textContent = said.problems?.reason ?? said.message ?? "";
  } catch {
    problem.textContent = form.dataset.offline;
  }
  problem.hidden = false;
  for (const button of buttons) button.disabled = false;
  form.elements.reason.focus();
}

/** Go to another piece of work; what this window kept for a crash is kept no longer. */
export function leaveTo(page) {
  document.dispatchEvent(new CustomEvent("desk:done"));
  location.assign(page);
}

export function ask(name) {
  const dialog = document.querySelector(`dialog[data-dialog="${name}"]`);
  if (!dialog || document.querySelector("dialog[open]")) return false;
  dialog.showModal();
  dialog.querySelector("select, input").focus();
  return true;
}

export function asks() {
  for (const form of document.querySelectorAll("form[data-post]")) {
    form.addEventListener("submit", (event) => (event.preventDefault(), send(form)));
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) ask(opener.dataset.open);
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  });
}
