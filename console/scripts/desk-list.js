// The work list: J and K or the arrows choose, Enter takes, O only looks, N gets the next one, / goes to the filters.
import { keepPlace, keptPlace } from "./desk-place.js";

const work = () => document.getElementById("work");
const rowsNow = () => [...work().querySelectorAll("tr.work-row")];
let chosen = null;

function choose(row) {
  for (const other of work().querySelectorAll("tr[aria-selected]")) other.removeAttribute("aria-selected");
  chosen = row?.dataset.ref ?? null;
  if (!row) return;
  row.setAttribute("aria-selected", "true");
  keepPlace(rowsNow().map((each) => each.dataset.ref), chosen);
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const rows = rowsNow();
  const at = rows.findIndex((row) => row.dataset.ref === chosen);
  const to = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  choose(rows[to]);
}

function open(row, look) {
  const link = row.querySelector("a");
  if (look || !row.hasAttribute("data-take")) return location.assign(link.href);
  const form = document.getElementById("take");
  form.action = `/desk/${encodeURIComponent(row.dataset.ref)}/take`;
  form.submit();
}

export function workList() {
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr.work-row");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(row, false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest("input, select, textarea");
    if (field) return void (event.key === "Escape" && field.blur());
    const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -1e6, End: 1e6 };
    const row = chosen && rowsNow().find((each) => each.dataset.ref === chosen);
    if (event.key in steps) step(steps[event.key]);
    else if (event.key === "Enter" && row && !event.target.closest("button")) open(row, false);
    else if (event.key === "o" && row) open(row, true);
    else if (event.key === "n") document.querySelector("[data-next-for-me]")?.requestSubmit();
    else if (event.key === "/") document.querySelector("form.work-filters select")?.focus();
    else return;
    event.preventDefault();
  });
  // Who comes back from a piece of work goes on where it was, or at the row behind it.
  const rows = rowsNow();
  const before = keptPlace(rows.map((each) => each.dataset.ref));
  if (before) choose(rows.find((each) => each.dataset.ref === before));
  // What was chosen stays so when the list is drawn anew; the row that is gone gives way to its neighbour.
  let place = 0;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "work") place = rowsNow().findIndex((row) => row.dataset.ref === chosen);
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (chosen === null || work().querySelector("tr[aria-selected]")) return;
    const rows = rowsNow();
    const row = rows.find((each) => each.dataset.ref === chosen) ?? rows[Math.min(place, rows.length - 1)];
    const typing = document.activeElement?.closest("input, select, textarea");
    if (row && !typing) choose(row);
  });
}
