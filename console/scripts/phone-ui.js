// The bar as it looks: which words, buttons and figures show. The words themselves are in phone/bar.html.
const FIGURES = { loss: "%", roundTrip: " ms", jitter: " ms" };

export class Bar {
  /** `act(name, button)` is called for every button with `data-do`. */
  constructor(root, act) {
    this.root = root;
    this.clock = root.querySelector("[data-clock]");
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) act(button.dataset.do, button);
    });
    setInterval(() => this.tick(), 1000);
  }

  /** Show the parts whose `data-when` names `state`; `flags` become attributes of the bar. */
  show(state, { call = null, silent = false, adrift = false } = {}) {
    this.root.dataset.state = state;
    this.root.dataset.muted = String(Boolean(call?.muted));
    for (const part of this.root.querySelectorAll("[data-when]")) {
      const hide = !part.dataset.when.split(" ").includes(state);
      if (hide && part.contains(document.activeElement)) this.root.focus();
      part.hidden = hide;
    }
    for (const part of this.root.querySelectorAll("[data-muted-is]")) part.hidden ||= part.dataset.mutedIs !== this.root.dataset.muted;
    this.root.querySelector("[data-silent]").hidden = !silent;
    this.root.querySelector("[data-adrift]").hidden = !adrift;
    this.root.querySelector("[data-caller]").textContent = call?.kind === "call" ? call.caller : "";
    this.since = call?.live ? call.began : null;
    if (!call?.live) this.quality(null);
    this.tick();
  }

  tick() {
    const seconds = this.since ? Math.floor((Date.now() - this.since) / 1000) : 0;
    this.clock.hidden = !this.since;
    this.clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  quality(found, grade) {
    const chip = this.root.querySelector("[data-quality]");
    chip.hidden = !found;
    if (!found) return;
    chip.dataset.quality = grade;
    for (const word of chip.querySelectorAll("[data-grade]")) word.hidden = word.dataset.grade !== grade;
    for (const [name, unit] of Object.entries(FIGURES)) {
      const value = found[name];
      chip.querySelector(`[data-figure=${name}]`).textContent =
        value === null ? "–" : `${name === "loss" ? value.toFixed(1) : Math.round(value)}${unit}`;
    }
  }

  problem(text) {
    const line = this.root.querySelector("[data-problem]");
    line.hidden = !text;
    line.textContent = text ?? "";
  }
}
