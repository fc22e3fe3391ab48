// Bookmarks: a letter, a second and a note, seen by all who may listen; set with M, reached with Shift and the letter.
export function bookmarks(player) {
  const panel = document.querySelector("[data-marks]");
  if (!panel) return null;
  const form = document.querySelector("[data-mark-form]");
  let flags = [];

  const draw = () => {
    for (const flag of flags) flag?.remove();
    flags = [...panel.querySelectorAll("[data-letter]")].map((each) => player.flag(Number(each.dataset.seek), each.dataset.letter));
  };
  const send = async (url, body) => {
    const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"];
    const answer = await fetch(url, { method: "POST", body, headers: { "X-CSRF-Token": token } });
    const problem = form.querySelector("[data-problem]");
    problem.hidden = answer.ok;
    if (!answer.ok) return false;
    panel.innerHTML = await answer.text();
    draw();
    return true;
  };

  player.on("ready", draw);
  panel.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove]");
    if (remove) send(remove.dataset.remove, new FormData());
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await send(form.action, new FormData(form)))) return;
    form.hidden = true;
    form.reset();
    [...panel.querySelectorAll("[data-letter]")].at(-1)?.focus();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    form.hidden = true;
    player.box.querySelector("[data-toggle]").focus();
  });
  return {
    begin() {
      form.elements.second.value = player.now.toFixed(2);
      form.hidden = false;
      form.elements.note.focus();
    },
    go(letter) {
      panel.querySelector(`[data-letter="${letter}"]`)?.click();
    },
  };
}
