// The registration form: every key is kept in this tab at once and on the server within a second, never over
// what another window has saved.
const QUIET_MS = 400; // after the last key
const LONGEST_MS = 1500; // nothing typed is unsaved for longer, however fast somebody types
const RETRY_MS = 3000;
const store = (call) => `hotline:registration:${call}`;
const SKIPPED = new Set(["csrf", "seat", "version", "reason"]);

export function registration() {
  const region = document.getElementById("form");
  let open = null;

  const take = (html) => {
    window.htmx.swap(region, html, { swapStyle: "innerHTML" });
    begin();
  };
  const begin = () => {
    open?.leave();
    const form = region.querySelector("form.register");
    open = form ? new Registration(form, take) : null;
  };
  const load = async (call) => {
    await open?.flush();
    const answer = await fetch(`/seat/form${call ? `?call=${encodeURIComponent(call)}` : ""}`).catch(() => null);
    if (answer?.ok) take(await answer.text());
  };

  begin();
  // The card is drawn anew with each piece of news; the form only when another call is to be registered.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "caller") return;
    const card = event.target.querySelector("[data-call]");
    const here = region.querySelector("[data-registration]")?.dataset.registration ?? "";
    const begun = region.querySelector("form.register");
    if (card && card.dataset.call !== here && (card.dataset.registers || (here && !begun))) load("");
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-register], [data-take], [data-original]");
    if (!button) return;
    if (button.dataset.register) load(button.dataset.register);
    else if (button.dataset.original) open?.fill({ original: button.dataset.original }, true);
    else open?.fill(JSON.parse(button.closest("[data-note]").dataset.note), false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && open) {
      event.preventDefault();
      open.close("submit");
    }
  });
}

class Registration {
  constructor(form, take) {
    this.form = form;
    this.take = take;
    this.call = form.dataset.registration;
    this.version = Number(form.dataset.version);
    this.saved = JSON.parse(form.dataset.fields); // what stands on the server
    this.timer = 0;
    this.since = 0; // when the oldest unsaved key was pressed
    this.saving = null;
    this.stopped = false;
    this.closing = false;
    form.addEventListener("input", (event) => event.target.name !== "reason" && this.typed());
    form.addEventListener("submit", (event) => (event.preventDefault(), this.close("submit")));
    form.querySelector("[data-discard]").addEventListener("click", () => this.close("discard"));
    form.querySelector("[data-keep-mine]").addEventListener("click", () => this.settle(this.values()));
    form.querySelector("[data-take-theirs]").addEventListener("click", () => this.settle(this.theirs));
    this.onLeave = () => this.dirty() && this.send(true);
    this.onBack = () => this.dirty() && this.save();
    addEventListener("pagehide", this.onLeave);
    addEventListener("online", this.onBack);
    this.fit();
    this.restore();
    form.querySelector("[aria-invalid] input, input[aria-invalid], select[aria-invalid], textarea[aria-invalid]")?.focus();
    if (document.activeElement === document.body) form.querySelector("[name=kind]").focus({ preventScroll: true });
  }

  leave() {
    clearTimeout(this.timer);
    this.stopped = true;
    removeEventListener("pagehide", this.onLeave);
    removeEventListener("online", this.onBack);
  }

  values() {
    const values = {};
    for (const [name, value] of new FormData(this.form)) if (!SKIPPED.has(name) && value !== "") values[name] = value;
    return values;
  }

  dirty() {
    return !same(this.values(), this.saved);
  }

  /** Put values into the form; only into empty fields unless `over`. */
  fill(values, over) {
    for (const [name, value] of Object.entries(values)) {
      const fields = this.form.elements[name];
      if (!fields || SKIPPED.has(name)) continue;
      for (const field of fields instanceof RadioNodeList ? fields : [fields]) {
        if (field.type === "radio") field.checked = over || !this.values()[name] ? field.value === value : field.checked;
        else if (field.type === "checkbox") field.checked = true;
        else if (over || !field.value) field.value = value;
      }
    }
    this.typed();
  }

  replace(values) {
    for (const field of this.form.elements) {
      if (!field.name || SKIPPED.has(field.name) || field.type === "hidden") continue;
      const value = values[field.name] ?? "";
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
      else field.value = value;
    }
  }

  typed() {
    this.fit();
    sessionStorage.setItem(store(this.call), JSON.stringify({ version: this.version, values: this.values() }));
    if (this.state === "conflict") return;
    this.show("typing");
    this.since ||= Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.max(0, Math.min(QUIET_MS, this.since + LONGEST_MS - Date.now())));
  }

  /** What this tab has and the server has not: put back, and saved unless somebody else has saved meanwhile. */
  restore() {
    const kept = JSON.parse(sessionStorage.getItem(store(this.call)) ?? "null");
    if (!kept || same(kept.values, this.saved)) return this.dirty() ? this.typed() : this.show("saved");
    const theirs = this.saved;
    this.replace(kept.values);
    this.fit();
    if (kept.version !== this.version) return this.conflict(this.version, theirs);
    this.form.querySelector("[data-restored]").hidden = false;
    this.typed();
  }

  async save() {
    clearTimeout(this.timer);
    if (this.stopped || this.state === "conflict") return;
    if (this.saving) return this.saving.then(() => this.dirty() && this.save());
    this.saving = this.send(false).finally(() => (this.saving = null));
    await this.saving;
    if (!this.stopped && this.state === "saved" && this.dirty()) this.typed();
  }

  async flush() {
    await this.saving;
    if (this.dirty()) await this.save();
  }

  body() {
    const body = new FormData(this.form);
    body.set("version", String(this.version));
    return new URLSearchParams(body);
  }

  async send(keepalive) {
    const sent = this.values();
    this.show("saving");
    try {
      const answer = await fetch(`/seat/registrations/${encodeURIComponent(this.call)}/save`, { method: "POST", body: this.body(), keepalive });
      if (answer.ok) return this.kept(sent, await answer.json());
      await this.refused(answer);
    } catch {
      this.later();
    }
  }

  kept(sent, said) {
    this.version = said.version;
    this.saved = sent;
    this.since = 0;
    if (same(this.values(), sent)) sessionStorage.removeItem(store(this.call));
    else sessionStorage.setItem(store(this.call), JSON.stringify({ version: this.version, values: this.values() }));
    this.form.querySelector("[data-saved-at]").textContent = said.saved;
    const reminder = this.form.querySelector("[data-promise]");
    reminder.hidden = said.promised.length === 0;
    this.form.querySelector("[data-promised]").textContent = said.promised.join("；");
    this.show("saved");
  }

  async refused(answer) {
    if (answer.status === 401 || answer.status === 403) return this.show("login"); // 403: the form belongs to a log-in that is over
    if (answer.status >= 500) return this.later();
    const said = await answer.json().catch(() => ({}));
    if (said.error === "registration_stale") return this.conflict(said.version, said.fields);
    this.form.querySelector("[data-refused]").textContent = said.message ?? "";
    this.show("refused");
  }

  later() {
    this.show("offline");
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => this.save(), RETRY_MS);
  }

  conflict(version, theirs) {
    if (same(this.values(), theirs)) return this.kept(theirs, { version, saved: "", promised: [] });
    this.theirs = theirs;
    this.theirVersion = version;
    const list = this.form.querySelector("[data-differences]");
    list.replaceChildren();
    const mine = this.values();
    for (const name of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
      if (mine[name] === theirs[name]) continue;
      const label = this.form.querySelector(`[data-field="${CSS.escape(name)}"] label .zh`)?.textContent ?? this.form.querySelector(`[name="${CSS.escape(name)}"]`)?.closest("label, [role=radiogroup]")?.textContent?.trim().split("\n")[0] ?? name;
      const title = document.createElement("dt");
      title.textContent = label;
      const words = document.createElement("dd");
      words.textContent = this.named(name, theirs[name]);
      list.append(title, words);
    }
    this.form.querySelector("[data-conflict]").hidden = false;
    this.show("conflict");
  }

  named(name, value) {
    const option = value && this.form.querySelector(`select[name="${CSS.escape(name)}"] option[value="${CSS.escape(value)}"]`);
    return option ? option.textContent : (value ?? "—");
  }

  async settle(values) {
    this.form.querySelector("[data-conflict]").hidden = true;
    this.version = this.theirVersion;
    this.saved = this.theirs;
    this.state = "typing";
    this.replace(values);
    this.typed();
    await this.save();
  }

  /** Hand in, or end without an order: saves first, once however often it is pressed. */
  async close(how) {
    if (this.closing || this.state === "conflict") return;
    this.closing = true;
    const buttons = this.form.querySelectorAll(".register-foot button");
    for (const button of buttons) button.disabled = true;
    try {
      await this.flush();
      if (this.state === "conflict" || this.stopped) return;
      const answer = await fetch(`/seat/registrations/${encodeURIComponent(this.call)}/${how}`, { method: "POST", body: this.body() });
      if (answer.headers.get("content-type")?.startsWith("text/html") && (answer.ok || answer.status === 422)) {
        sessionStorage.removeItem(store(this.call));
        const html = await answer.text();
        this.leave();
        this.take(html);
        window.htmx.trigger("#begun", "look");
        return;
      }
      await this.refused(answer);
    } catch {
      this.later();
    } finally {
      this.closing = false;
      for (const button of buttons) button.disabled = false;
    }
  }

  /** Fields that belong to one kind only. */
  fit() {
    const kind = this.values().kind ?? "";
    this.form.dataset.kind = kind;
  }

  show(state) {
    this.state = state;
    this.form.querySelector("[data-save]").dataset.save = state;
  }
}

function same(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => normal(one[name]) === normal(other[name]));
}

function normal(text) {
  return (text ?? "").replaceAll("\r\n", "\n");
}
