// One draft's form: Tab goes from field to field and plays what each was read from; keys accept, change and clear.
import { ask, leaveTo, post } from "./desk-ask.js";
import { History } from "./desk-history.js";
import { Keeper } from "./desk-keep.js";
import { taken } from "./desk-numbers.js";
import { Turns } from "./desk-turns.js";

const PLAY_AFTER_MS = 120; // who tabs on at once hears nothing
const AUTOPLAY = "hotline:desk-autoplay";
const JOINED = new Set(["dates", "promised"]);

export class Sheet {
  constructor(form) {
    this.form = form;
    this.words = JSON.parse(form.dataset.markWords);
    this.boxes = new Map([...form.querySelectorAll("[data-field]")].map((box) => [box.dataset.field, box]));
    this.marks = { ...(JSON.parse(form.dataset.typed).marks ?? {}) };
    this.turns = new Turns((place) => this.pick(place));
    this.current = null;
    this.warned = false;
    this.closing = false;
    this.canWrite = !form.hasAttribute("data-read-only");
    this.autoplay = localStorage.getItem(AUTOPLAY) !== "off";
  }

  begin() {
    this.form.addEventListener("focusin", (event) => this.enter(event.target.closest("[data-field]")));
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.confirm()));
    document.addEventListener("keydown", (event) => this.key(event), true);
    document.querySelector("[data-reopen]")?.addEventListener("click", () => location.reload());
    this.form.addEventListener("click", (event) => this.clicked(event));
    for (const [name, mark] of Object.entries(this.marks)) if (["clerk", "cleared"].includes(mark.by)) this.showMark(name);
    if (!this.canWrite) return;
    this.history = new History(this.state(), this.form.dataset.sheet, this.form.dataset.reading);
    this.keeper = new Keeper(this);
    this.form.addEventListener("input", (event) => this.typed(event.target.closest("[data-field]")));
    document.addEventListener("change", (event) => event.target.closest(".repeats") && this.changed(""));
    const box = document.querySelector("[data-autoplay]");
    box.checked = this.autoplay;
    box.addEventListener("change", () => this.setAutoplay(box.checked));
    this.fit();
    this.keeper.begin();
    this.history.resume(this.state());
    this.focus([...this.boxes.values()].find((each) => !each.hidden));
    document.documentElement.dataset.deskReady = "true";
  }

  // ---- values -------------------------------------------------------------------------------------------------
  control(box) {
    return box.querySelector("select, textarea, input:not([type=hidden]), [data-tick]");
  }

  value(box) {
    const ticks = box.querySelector("input[type=hidden]");
    if (ticks) return ticks.value;
    const control = this.control(box);
    return control.type === "checkbox" ? (control.checked ? "1" : "") : control.value;
  }

  setValue(box, value) {
    const ticks = box.querySelector("input[type=hidden]");
    const control = this.control(box);
    if (ticks) {
      ticks.value = value;
      const ticked = value.split(",");
      for (const each of box.querySelectorAll("[data-tick]")) each.setAttribute("aria-checked", String(ticked.includes(each.dataset.tick)));
    } else if (control.type === "checkbox") control.checked = value === "1";
    else control.value = value;
  }

  state() {
    const values = {};
    for (const [name, box] of this.boxes) values[name] = this.value(box).replaceAll("\r\n", "\n");
    const original = document.querySelector(".repeats [name=original]:checked, .repeats input[name=original]:not([type=radio])")?.value ?? "";
    return { values, marks: structuredClone(this.marks), original };
  }

  /** What the draft says, with what the desk holds over it. */
  whole(typed) {
    const values = {};
    for (const [name, box] of this.boxes) values[name] = typed.values?.[name] ?? box.dataset.drafted;
    return { values, marks: typed.marks ?? {}, original: typed.original ?? "" };
  }

  show(state) {
    this.marks = structuredClone(state.marks);
    for (const [name, box] of this.boxes) {
      this.setValue(box, state.values[name] ?? "");
      this.showMark(name);
    }
    this.fit();
  }

  mark(name, by, places = []) {
    if (by) this.marks[name] = { by, places };
    else delete this.marks[name];
    this.showMark(name);
  }

  showMark(name) {
    const box = this.boxes.get(name);
    const mark = this.marks[name];
    box.dataset.mark = mark?.by ?? "";
    box.querySelector(".mark.done").textContent = mark ? this.words[mark.by] : "";
    this.showEvidence(name, mark);
  }

  /** The dock shows the draft's evidence, or that of the words which the clerk took, or that a person typed it. */
  showEvidence(name, mark) {
    const about = this.about(name);
    const chips = about.querySelector("[data-evidence]");
    about.drafted ??= [...chips.children].filter((chip) => !chip.hasAttribute("data-own"));
    const own = mark && ["picked", "alternative"].includes(mark.by) && mark.places.length ? mark.places.map((place) => this.turns.chip(place)).filter(Boolean) : null;
    const left = mark && ["clerk", "cleared"].includes(mark.by) ? [] : about.drafted;
    chips.replaceChildren(...(own ?? left));
    const none = about.querySelector("[data-no-evidence]");
    none.hidden = chips.children.length > 0;
    none.textContent = mark?.by === "clerk" ? this.words.clerk : none.dataset.noEvidence;
  }

  about(name) {
    return document.querySelector(`[data-about="${CSS.escape(name)}"]`);
  }

  fit() {
    const kind = this.value(this.boxes.get("kind"));
    for (const box of this.boxes.values()) {
      if (box.dataset.kinds) box.hidden = kind !== "" && !box.dataset.kinds.split(" ").includes(kind);
    }
    for (const group of this.form.querySelectorAll(".group")) group.hidden = !group.querySelector(".field:not([hidden])");
  }

  // ---- going through the fields -------------------------------------------------------------------------------
  enter(box) {
    if (!box || box === this.current) return;
    this.current?.classList.remove("current");
    this.current = box;
    box.classList.add("current");
    const name = box.dataset.field;
    for (const each of document.querySelectorAll("[data-about]")) each.hidden = each.dataset.about !== name;
    document.querySelector("[data-dock-empty]").hidden = true;
    this.turns.show(this.places(name));
    clearTimeout(this.playing);
    if (this.autoplay && this.canWrite && this.started) this.playing = setTimeout(() => this.hear(), PLAY_AFTER_MS);
    this.started = true; // the first focus is the page's own and plays nothing
  }

  places(name) {
    return [...this.about(name).querySelectorAll("[data-evidence] [data-place]")].map((chip) => JSON.parse(chip.dataset.place));
  }

  hear() {
    if (!this.current) return;
    this.about(this.current.dataset.field).querySelector("[data-evidence] [data-seek]")?.click();
  }

  focus(box) {
    const control = box && this.control(box);
    if (!control) return;
    control.focus();
    if (control.select && control.type !== "checkbox") control.select();
  }

  visible() {
    return [...this.boxes.values()].filter((box) => !box.hidden);
  }

  next() {
    const boxes = this.visible();
    const following = boxes[boxes.indexOf(this.current) + 1];
    if (following) this.focus(following);
    else this.form.querySelector(".sheet-foot .primary")?.focus();
  }

  // ---- what the clerk does ------------------------------------------------------------------------------------
  changed(name, together = "") {
    this.warned = false;
    this.problem("", "");
    this.fit();
    this.history.add(this.state(), name, together);
    this.keeper.changed();
  }

  typed(box) {
    if (!box) return;
    const name = box.dataset.field;
    const value = this.value(box);
    const before = this.marks[name]?.by;
    if (value === box.dataset.drafted) this.mark(name, "");
    else if (value === "") this.mark(name, "cleared");
    else if (before !== "picked") this.mark(name, "clerk");
    this.wrong(box, "");
    this.changed(name, name);
  }

  accept() {
    const box = this.current;
    const name = box.dataset.field;
    if (this.value(box) !== "" && !this.marks[name]) {
      this.mark(name, "accepted");
      this.changed(name);
    }
    this.next();
  }

  clear() {
    const name = this.current.dataset.field;
    this.setValue(this.current, "");
    this.mark(name, this.current.dataset.drafted === "" ? "" : "cleared");
    this.wrong(this.current, "");
    this.changed(name);
  }

  choose(number) {
    const choice = this.about(this.current.dataset.field).querySelectorAll("[data-choice]")[number - 1];
    if (choice) this.take(choice);
  }

  take(choice) {
    const name = this.current.dataset.field;
    this.setValue(this.current, choice.dataset.choice);
    this.mark(name, "alternative", JSON.parse(choice.dataset.places));
    this.wrong(this.current, "");
    this.changed(name);
    this.turns.show(this.places(name));
    if (this.autoplay) this.hear();
  }

  /** Words of the turns into the field: a choice keeps its value and has them as evidence. */
  pick(place) {
    const box = this.current;
    if (!box || !this.canWrite) return;
    const name = box.dataset.field;
    const words = this.turns.words(place);
    const before = this.marks[name];
    const more = before?.by === "picked" && (JOINED.has(name) || this.control(box).tagName === "TEXTAREA");
    if (["INPUT", "TEXTAREA"].includes(this.control(box).tagName) && this.control(box).type !== "checkbox") {
      const value = taken(name, words);
      this.setValue(box, more ? `${this.value(box)}；${value}` : value);
    }
    this.mark(name, "picked", more ? [...before.places, place] : [place]);
    this.wrong(box, "");
    this.changed(name);
    this.turns.show(this.places(name));
    this.focus(box);
  }

  /** The summary once more, out of what stands in the other fields now. */
  async rewrite() {
    const answer = await post("/desk/summary", this.state()).catch(() => null);
    const box = this.boxes.get("summary");
    if (!answer?.ok || !answer.said.summary) return this.focus(box);
    this.setValue(box, answer.said.summary);
    this.mark("summary", this.value(box) === box.dataset.drafted ? "" : "clerk");
    this.wrong(box, "");
    this.changed("summary");
    this.focus(box);
  }

  undo(step) {
    const found = step < 0 ? this.history.undo() : this.history.redo();
    if (!found) return;
    this.show(found.state);
    this.keeper.changed();
    const box = this.boxes.get(found.field);
    if (box && !box.hidden) this.focus(box);
    if (this.current) this.turns.show(this.places(this.current.dataset.field));
  }

  setAutoplay(on) {
    this.autoplay = on;
    document.querySelector("[data-autoplay]").checked = on;
    localStorage.setItem(AUTOPLAY, on ? "on" : "off");
  }

  clicked(event) {
    const tick = event.target.closest("[data-tick]");
    const choice = event.target.closest("[data-choice]");
    if (event.target.closest("[data-look-again]") && this.canWrite) return this.keeper.lookAgain();
    if (event.target.closest("[data-rewrite]") && this.canWrite) return this.rewrite();
    if (choice && this.canWrite) return this.take(choice);
    if (!tick || !this.canWrite) return;
    const box = tick.closest("[data-field]");
    const now = new Set(this.value(box).split(",").filter(Boolean));
    if (!now.delete(tick.dataset.tick)) now.add(tick.dataset.tick);
    const all = [...box.querySelectorAll("[data-tick]")].map((each) => each.dataset.tick);
    this.setValue(box, all.filter((each) => now.has(each)).join(","));
    this.typed(box);
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
    if (this.turns.picking) return this.turns.key(event);
    const act = this.action(event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  action(event) {
    const { code, key, altKey, shiftKey } = event;
    const ctrl = event.ctrlKey || event.metaKey;
    const field = event.target.closest("[data-field]");
    if (key === "F2") return () => this.hear();
    if (!this.canWrite) return null;
    if (this.keeper.state === "lost" && ctrl && key === "Enter") return () => document.querySelector("[data-reopen]").focus();
    if (this.keeper.stopped) return null;
    if (ctrl && !altKey) {
      if (key === "Enter") return () => this.confirm();
      if (code === "KeyZ") return () => this.undo(shiftKey ? 1 : -1);
      if (code === "KeyY") return () => this.undo(1);
      return null;
    }
    if (altKey && !ctrl) {
      const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code);
      if (digit && this.current) return () => this.choose(Number(digit[1]));
      const named = {
        KeyC: () => this.current && this.clear(),
        KeyH: () => ask("hold"),
        KeyS: () => ask("hand"),
        KeyX: () => ask("discard"),
        KeyN: () => this.putBack(),
        KeyG: () => this.rewrite(),
        KeyR: () => this.keeper.reread() && this.keeper.lookAgain(),
        KeyA: () => this.setAutoplay(!this.autoplay),
        KeyT: () => this.current && this.turns.begin(this.places(this.current.dataset.field)[0], () => this.focus(this.current)),
        KeyP: () => this.turns.selected() && this.pick(this.turns.selected()),
      };
      return named[code] ?? null;
    }
    if (key === "Enter" && !shiftKey && field) return () => this.accept();
    const tick = event.target.closest("[data-tick]");
    if (tick && ["ArrowRight", "ArrowLeft"].includes(key)) {
      return () => (key === "ArrowRight" ? tick.nextElementSibling : tick.previousElementSibling)?.focus();
    }
    return null;
  }

  // ---- the end ------------------------------------------------------------------------------------------------
  /** Where something unsure was not looked at, the first press leads there and the second confirms. */
  async confirm() {
    if (!this.canWrite || this.closing || this.keeper.stopped) return;
    if (this.keeper.reread()) return this.form.querySelector("[data-look-again]").focus();
    const unsure = this.visible().find((box) => box.dataset.sure === "low" && !box.dataset.mark);
    if (unsure && !this.warned) {
      this.warned = true;
      this.problem(this.form.dataset.unsure, unsure.dataset.field);
      return this.focus(unsure);
    }
    await this.close(async () => {
      await this.keeper.flush();
      if (this.keeper.stopped) return null;
      return post(this.form.dataset.confirm, { ...this.state(), version: this.keeper.version, reading: this.keeper.reading });
    });
  }

  async putBack() {
    await this.close(async () => {
      await this.keeper.flush();
      return this.keeper.stopped ? null : post(`/desk/${encodeURIComponent(this.form.dataset.sheet)}/back`, {});
    });
  }

  async close(send) {
    if (this.closing) return;
    this.closing = true;
    document.documentElement.dataset.closing = "true";
    try {
      const answer = await send();
      if (answer?.ok) return leaveTo(answer.said.to);
      if (answer?.status === 422) this.problems(answer.said.problems);
      else if (answer) this.keeper.refused(answer);
    } catch {
      this.keeper.later();
    }
    this.closing = false;
    delete document.documentElement.dataset.closing;
  }

  problems(found) {
    for (const [name, words] of Object.entries(found)) {
      const box = this.boxes.get(name);
      if (box) this.wrong(box, words);
      else this.problem(words, name);
    }
    this.focus(this.visible().find((box) => found[box.dataset.field]));
  }

  wrong(box, words) {
    const line = box.querySelector(".field-problem");
    line.textContent = words;
    line.hidden = !words;
    if (words) this.control(box).setAttribute("aria-invalid", "true");
    else this.control(box).removeAttribute("aria-invalid");
  }

  problem(words) {
    const line = this.form.querySelector(".foot-problem");
    line.textContent = words;
    line.hidden = !words;
  }
}
