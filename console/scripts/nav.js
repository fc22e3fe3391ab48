// Groups of pages in the bar: one open at a time, closed by a click elsewhere or by Escape.
export function groups() {
  const open = () => document.querySelectorAll(".bar nav details[open]");
  document.addEventListener("click", (event) => {
    for (const group of open()) if (!group.contains(event.target)) group.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const group of open()) {
      group.open = false;
      group.querySelector("summary").focus();
    }
  });
}
