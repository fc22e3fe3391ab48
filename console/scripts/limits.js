// Limits and standards beside the form: F2 or ? opens them, Escape goes back to where one was typing.
const typing = (element) => element?.matches?.("input:not([type=checkbox], [type=radio]), textarea, select");

export function limits() {
  const panel = document.getElementById("standards");
  const search = panel.querySelector("input[type=search]");
  let before = null;

  const show = (open) => {
    if (panel.hidden !== open) return;
    panel.hidden = !open;
    if (open) {
      before = document.activeElement;
      look();
      search.focus();
      search.select();
    } else if (before?.isConnected) before.focus();
  };
  const look = () => {
    const business = document.querySelector("#form [name=business]")?.value ?? "";
    search.setAttribute("hx-vals", JSON.stringify({ business }));
    window.htmx.trigger(search, "look");
  };

  document.addEventListener("keydown", (event) => {
    const asked = event.key === "F2" || (event.key === "?" && !typing(event.target) && !event.ctrlKey && !event.altKey);
    if (asked) {
      event.preventDefault();
      show(panel.hidden);
    } else if (event.key === "Escape" && !panel.hidden && (panel.contains(event.target) || !typing(event.target))) {
      event.preventDefault();
      show(false);
    }
  });
  document.addEventListener("click", (event) => event.target.closest("[data-standards]") && show(panel.hidden));
  document.addEventListener("change", (event) => event.target.name === "business" && !panel.hidden && look());
}
