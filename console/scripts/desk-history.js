// Undo and redo over the whole form: values, and how each came there.
const MOST = 200;
const TOGETHER_MS = 900; // keys of one burst in one field are one step

export class History {
  constructor(state) {
    this.steps = [{ state, field: "" }];
    this.at = 0;
    this.last = { together: "", when: 0 };
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
  }

  undo() {
    if (this.at === 0) return null;
    const { field } = this.steps[this.at];
    this.at -= 1;
    this.last.together = "";
    return { state: this.steps[this.at].state, field };
  }

  redo() {
    if (this.at === this.steps.length - 1) return null;
    this.at += 1;
    this.last.together = "";
    return this.steps[this.at];
  }
}
