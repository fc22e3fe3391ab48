// A row of a list opens by click, and by J / K / Enter; N opens the next draft.
export function rows() {
  const list = [...document.querySelectorAll("tr.open")];
  let at = -1;
  for (const row of list) {
    row.addEventListener("click", (event) => {
      if (!event.target.closest("a, button, input")) row.querySelector("a").click();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (list.length && (event.key === "j" || event.key === "k")) {
      at = Math.min(list.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)));
      list[at].querySelector("a").focus();
    }
    if (event.key === "n") document.querySelector("a[data-next]")?.click();
  });
  // A choice in the filters applies at once, without a second click.
  for (const form of document.querySelectorAll("form[data-filters]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
}
