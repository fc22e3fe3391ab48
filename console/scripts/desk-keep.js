// What is typed at the desk: in this tab at once, on the server within a second, never over what another has saved.
import { post } from "./desk-ask.js";
import { differences } from "./desk-conflict.js";

const QUIET_MS = 400; // after the last key
const LONGEST_MS = 1500; // nothing is unsaved for longer, however fast somebody types
const RETRY_MS = 3000;
const ERASED = "desk_erased";

export class Keeper {
  constructor(sheet) {
    this.sheet = sheet;
    this.form = sheet.form;
    this.ref = this.form.dataset.sheet;
    this.store = `hotline:desk:${this.ref}`;
    this.path = `/desk/${encodeURIComponent(this.ref)}`;
    this.version = Number(this.form.dataset.version);
    this.reading = this.form.dataset.reading;
    this.saved = sheet.state();
    this.stopped = false; // in conflict, or no longer this person's
    this.worked = false;
    this.since = 0;
  }

  begin() {
    this.restore();
    addEventListener("pagehide", () => this.dirty() && !this.stopped && this.send(true));
    addEventListener("online", () => this.dirty() && this.save());
    document.addEventListener("desk:done", () => {
      this.stopped = true;
      sessionStorage.removeItem(this.store);
    });
    for (const sign of ["keydown", "pointerdown", "wheel"]) document.addEventListener(sign, () => (this.worked = true), { capture: true, passive: true });
    setInterval(() => this.beat(), Number(this.form.dataset.beat) * 1000);
  }

  dirty() {
    return !same(this.sheet.state(), this.saved);
  }

  changed() {
    if (!this.erased) this.note();
    if (this.stopped) return;
    this.show("typing");
    this.since ||= Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.max(0, Math.min(QUIET_MS, this.since + LONGEST_MS - Date.now())));
  }

  /** In this tab, for a crash: what it has and the server has not. */
  note() {
    const kept = { version: this.version, reading: this.reading, state: this.sheet.state() };
    sessionStorage.setItem(this.store, JSON.stringify(kept));
  }

  /** What this tab has and the server has not: put back, and saved unless somebody else has saved meanwhile. */
  restore() {
    const kept = JSON.parse(sessionStorage.getItem(this.store) ?? "null");
    if (!kept || same(kept.state, this.saved)) return sessionStorage.removeItem(this.store);
    if (kept.reading !== this.reading) return this.hand(kept);
    const theirs = this.saved;
    this.sheet.show(kept.state);
    this.sheet.history.add(this.sheet.state(), "");
    if (kept.version !== this.version) return this.conflict(this.version, theirs);
    this.form.querySelector("[data-restored]").hidden = false;
    this.changed();
  }

  /** What was typed over an earlier recognition goes to the server as that; it puts it over the words that count now. */
  async hand({ version, reading, state }) {
    this.stopped = true;
    const answer = await post(`${this.path}/save`, { ...state, version, reading }).catch(() => null);
    if (!answer || answer.status === 401 || answer.status >= 500) return this.show("offline"); // the next reload tries again
    this.stopped = false;
    if (answer.said.error === ERASED) return sessionStorage.removeItem(this.store);
    if (answer.ok) {
      sessionStorage.removeItem(this.store);
      return location.reload();
    }
    this.sheet.show(state);
    this.sheet.history.add(this.sheet.state(), "");
    this.refused(answer);
  }

  async save() {
    clearTimeout(this.timer);
    if (this.stopped) return;
    if (this.saving) return this.saving.then(() => this.dirty() && this.save());
    this.saving = this.send(false).finally(() => (this.saving = null));
    await this.saving;
    if (!this.stopped && this.state === "saved" && this.dirty()) this.changed();
  }

  async flush() {
    if (this.saving) await this.saving;
    if (this.dirty()) await this.save();
  }

  async send(keepalive) {
    const sent = this.sheet.state();
    try {
      const answer = await post(`${this.path}/save`, { ...sent, version: this.version, reading: this.reading }, { keepalive });
      if (!answer.ok) return this.refused(answer);
      this.heard(answer.said);
      this.version = answer.said.version;
      this.saved = sent;
      this.since = 0;
      if (this.dirty()) this.note();
      else sessionStorage.removeItem(this.store);
      this.form.ownerDocument.querySelector("[data-saved-at]").textContent = answer.said.saved;
      this.show("saved");
    } catch {
      this.later();
    }
  }

  async beat() {
    const playing = document.querySelector("[data-player][data-playing]") !== null;
    const worked = this.worked || playing;
    this.worked = false;
    if (this.stopped) return;
    const answer = await post(`${this.path}/beat`, { worked }).catch(() => null);
    if (answer?.ok) this.heard(answer.said);
    if (answer && !answer.ok && answer.status !== 401 && answer.status < 500) this.refused(answer);
  }

  /** The recording was recognised again, or the text's words were changed: said, and shown when the clerk asks for it. */
  heard({ reading }) {
    if (reading !== this.reading && !this.reread()) this.form.querySelector("[data-reread]").hidden = false;
  }

  reread() {
    return !this.form.querySelector("[data-reread]").hidden;
  }

  async lookAgain() {
    await this.flush();
    if (!this.stopped && !this.dirty()) location.reload();
  }

  refused({ status, said }) {
    if (status === 401 || status === 403) return this.show("login"); // 403: the form belongs to a log-in that is over
    if (status >= 500) return this.later();
    if (said.error === "desk_reread") {
      this.heard({});
      return this.form.querySelector("[data-look-again]").focus();
    }
    if (said.error === "desk_stale") return this.conflict(said.version, this.sheet.whole(said.typed));
    this.stopped = true;
    if (said.error === ERASED) this.forget();
    document.querySelector("[data-lost]").textContent = said.message ?? "";
    this.show("lost");
  }

  /** Words whose recording was deleted stay in no tab. */
  forget() {
    this.erased = true;
    this.sheet.history.forget();
    sessionStorage.removeItem(this.store);
  }

  later() {
    this.show("offline");
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.save(), RETRY_MS);
  }

  conflict(version, theirs) {
    const mine = this.sheet.state();
    if (same(mine, theirs)) {
      [this.version, this.saved] = [version, theirs];
      return this.show("saved");
    }
    this.stopped = true;
    this.show("conflict");
    differences(this.sheet, { base: this.saved, mine, theirs }, (settled) => {
      [this.version, this.saved, this.stopped] = [version, theirs, false];
      this.sheet.show(settled);
      this.sheet.history.add(this.sheet.state(), "");
      this.changed();
      this.save();
    });
  }

  show(state) {
    this.state = state;
    document.querySelector("[data-save]").dataset.save = state;
  }
}

export function same(one, other) {
  const plain = (state) => JSON.stringify([
    Object.entries(state.values).filter(([, value]) => value !== "").sort(),
    Object.entries(state.marks).map(([name, mark]) => [name, mark.by, mark.places]).sort(),
    state.original,
  ]);
  return plain(one) === plain(other);
}
