// The inspector's score card: the total while filling it in, and the second of the call an item speaks of.
import { clock } from "./clocks.js";

const FULL_MARKS = 100;

export function scoreCard(now) {
  const card = document.querySelector("form[data-score]");
  if (!card || !card.querySelector("[data-mark-now]")) return; // a written card is only read
  const total = card.querySelector("[data-total]");
  const note = card.querySelector("[data-fatal-note]");

  const update = () => {
    let taken = 0;
    let fatal = false;
    for (const item of card.querySelectorAll("[data-item]")) {
      const points = item.querySelector("[data-points]");
      if (points) taken += Number(points.value || 0);
      if (item.querySelector("[data-fatal]")?.checked) fatal = true;
      const mark = item.querySelector("[data-mark]");
      const shown = item.querySelector("[data-marked]");
      if (mark && shown) {
        shown.hidden = mark.value === "";
        if (mark.value !== "") {
          shown.dataset.seek = String(Math.max(0, Number(mark.value) - 2));
          shown.querySelector("span").textContent = clock(Number(mark.value));
        }
      }
    }
    for (const item of card.querySelectorAll("[data-item]")) {
      const [points, box, mark, remark] = ["[data-points]", "[data-fatal]", "[data-mark]", ".remark"].map((one) => item.querySelector(one));
      item.classList.toggle("found", Number(points?.value || 0) > 0 || box?.checked || mark.value !== "" || remark.value !== "");
    }
    total.textContent = String(fatal ? 0 : Math.max(0, FULL_MARKS - taken));
    total.parentElement.classList.toggle("fatal", fatal);
    note.hidden = !fatal;
  };

  card.querySelector(".score").classList.add("folded");
  card.addEventListener("input", update);
  card.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark-now]");
    if (!button) return;
    const mark = button.closest("[data-item]").querySelector("[data-mark]");
    mark.value = now().toFixed(1);
    mark.dispatchEvent(new Event("input", { bubbles: true }));
  });
  update();
}
