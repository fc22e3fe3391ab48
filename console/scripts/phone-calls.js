// Buttons on the call that the centre carries out: hand on, consult, end. They work for desk telephones too.

/** Ask for `kind` at the seat's call; the answer's `{state, problem}`. */
export async function command(kind, argument, token) {
  const answer = await fetch(`/seat/calls/${kind}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(argument ?? {}),
  });
  if (answer.status === 401) location.reload();
  return answer.json();
}

export function watchCalls(root, token) {
  let wish = "transfer";
  const say = (name) => {
    for (const line of root.querySelectorAll("[data-said]")) line.hidden = line.dataset.said !== name;
  };
  const send = async (kind, argument) => {
    root.setAttribute("aria-busy", "true");
    say(null);
    try {
      const { state, problem } = await command(kind, argument, token);
      const line = root.querySelector("[data-problem]");
      if (line) {
        line.textContent = problem ?? "";
        line.hidden = !problem;
      }
      if (state === "asked") say("slow");
    } catch {
      say("failed");
    } finally {
      root.removeAttribute("aria-busy");
    }
  };
  const open = async (kind) => {
    wish = kind;
    const dialog = root.querySelector("dialog");
    const answer = await fetch(`/phone/targets?kind=${kind}`);
    if (!answer.ok) return say("failed");
    dialog.innerHTML = await answer.text();
    dialog.showModal();
  };
  root.addEventListener("click", (event) => {
    const { ask, command: kind, to, close } = event.target.closest("button")?.dataset ?? {};
    if (ask) open(ask);
    else if (kind) send(kind);
    else if (to !== undefined) {
      root.querySelector("dialog").close();
      send(wish, { to: JSON.parse(to) });
    } else if (close !== undefined) root.querySelector("dialog").close();
  });
  root.addEventListener("submit", (event) => {
    const number = event.target.elements.number?.value.replace(/\D/g, "");
    if (!number) return;
    event.preventDefault();
    root.querySelector("dialog").close();
    send(wish, { to: { number } });
  });
}
