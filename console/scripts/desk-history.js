// Undo and redo over the whole form: values, and how each came there. A reload of the tab keeps the steps.
import { same } from "./desk-keep.js";

const MOST = 100;
const TOGETHER_MS = 900; // keys of one burst in one field are one step

export class History {
  constructor(state, ref, reading) {
    this.reading = reading; // steps point into the words of one recognition
    this.store = `hotline:desk-steps:${ref}`;
    this.before = JSON.parse(sessionStorage.getItem(this.store) ?? "null");
    this.steps = [{ state, field: "" }];
    this.at = 0;
    this.last = { together: "", when: 0 };
    document.addEventListener("desk:done", () => this.forget());
  }

  forget() {
    this.forgotten = true;
    sessionStorage.removeItem(this.store);
  }

  /** The steps of before the reload, if they led to what stands in the form now. */
  resume(state) {
    const { steps, at, reading } = this.before ?? {};
    if (steps && reading === this.reading && same(steps[at].state, state)) Object.assign(this, { steps, at });
    else this.keep();
  }

  keep() {
    if (!this.forgotten) sessionStorage.setItem(this.store, JSON.stringify({ steps: this.steps, at: this.at, reading: this.reading }));
  }

  /** A new state; `together` names what may be one step with the one before. */
  add(state, field, together = "") {
    if (JSON.stringify(state) === JSON.stringify(this.steps[this.at].state)) return;
    const now = Date.now();
    const joins = together && together === this.last.together && now - this.last.when < TOGETHER_MS && this.at > 0;
    this.steps.length = this.at + 1;
    if (joins) this.steps[this.at] = { state, field };
    else this.steps.push({ state, field });
    if (this.steps.length > MOST) this.steps.splice(1, this.steps.length - MOST);
    this.at = this.steps.length - 1;
    this.last = { together, when: now };
    this.keep();
  }

  undo() {
    if (this.at === 0) return null;
    const { field } = this.steps[this.at];
    this.at -= 1;
    this.last.together = "";
    this.keep();
    return { state: this.steps[this.at].state, field };
  }

  redo() {
    if (this.at === this.steps.length - 1) return null;
    this.at += 1;
    this.last.together = "";
    this.keep();
    return this.steps[this.at];
  }
}
