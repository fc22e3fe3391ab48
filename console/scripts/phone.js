// The agent's telephone in the browser: one line, one call at a time, and what becomes of both on the screen.
import { Ringer, devices, mayRing, microphone, sound, stop, wake } from "./phone-audio.js";
import { Call, dialOptions } from "./phone-call.js";
import { command, watchCalls } from "./phone-calls.js";
import { Line } from "./phone-line.js";
import { Settings } from "./phone-settings.js";
import { grade, measure } from "./phone-stats.js";
import { holdLock, tab } from "./phone-tab.js";
import { Bar } from "./phone-ui.js";

const ANSWER_KEY = "F4";
const AUTO_ANSWER_MS = 500;
const MEASURE_MS = 2000;
const ASK_MS = 3000;
const FIND_MS = 10_000;
const REATTACH = "X-Hotline-Reattach";
const TELEPHONE = "hotline-phone-telephone"; // this computer leaves the seat to its desk telephone

class Phone {
  constructor(root) {
    const { csrf, extension } = root.dataset;
    Object.assign(this, { root, csrf, extension, call: null, login: null });
    this.remote = root.querySelector("audio");
    this.keypad = root.querySelector("[data-keypad]");
    this.keypad.addEventListener("keydown", (event) => this.typed(event));
    this.ringer = new Ringer();
    this.bar = new Bar(root, (name, button) => this.act(name, button));
    this.settings = new Settings(root.querySelector("[data-settings]"), (kind) => this.deviceChosen(kind));
    this.line = new Line({
      ask: (take) => this.ask(take),
      changed: (state) => this.lineChanged(state),
      rings: (session, request) => this.rings(session, request),
      busy: () => Boolean(this.call),
    });
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", () => wake().then(() => this.show()), { once: true });
    document.addEventListener("seat:call", () => this.compare());
    setInterval(() => this.measure(), MEASURE_MS);
  }

  // ---- the line

  async start({ take = false } = {}) {
    if (!navigator.mediaDevices || !navigator.locks || !window.RTCPeerConnection) return this.lineChanged("insecure");
    if (!take && localStorage.getItem(TELEPHONE) === this.extension) return this.lineChanged("telephone");
    localStorage.removeItem(TELEPHONE);
    const held = this.locked || (await holdLock(this.extension, { take, lost: () => this.lost() }));
    if (!held) return this.lineChanged("tab");
    this.locked = true;
    try {
      stop(await microphone());
    } catch {
      return this.lineChanged("microphone");
    }
    await this.line.open(take);
  }

  lost() {
    this.locked = false;
    this.line.refused("taken");
  }

  async ask(take) {
    const body = new URLSearchParams({ tab, take });
    const answer = await fetch("/phone/credentials", { method: "POST", headers: { "X-CSRF-Token": this.csrf }, body });
    if (answer.ok) return (this.login = await answer.json());
    const reasons = { 401: "over", 403: "over", 409: (await answer.json()).error };
    throw Object.assign(new Error(String(answer.status)), { reason: reasons[answer.status] });
  }

  lineChanged(state) {
    this.lineState = state;
    if (["over", "elsewhere", "taken"].includes(state)) this.call?.end(); // its sound would go on here unseen
    this.show();
    if (state === "ready") this.call ? this.compare() : this.findCall();
  }

  /** Register found: is this seat's call going on without us, because the page was reloaded? Then ring here again. */
  async findCall() {
    if (this.call || (await this.atTheCentre()) !== "talking" || this.call) return;
    this.finding = true;
    this.show();
    const { problem } = await command("reattach", {}, this.csrf).catch(() => ({}));
    if (problem) this.bar.problem(problem);
    setTimeout(() => {
      this.finding = false; // it rang long ago, or it never will
      this.show();
    }, problem ? 0 : FIND_MS);
  }

  /** The seat's state as the floor knows it; null where nobody answers. */
  async atTheCentre() {
    const answer = await fetch("/phone/call").catch(() => null);
    return answer?.ok ? (await answer.json()).state : null;
  }

  /** End a call that the centre knows to be over: its BYE was lost while our signalling was down. */
  async compare() {
    const call = this.call;
    if (!call?.live || call.kind === "echo" || this.lineState === "lost") return;
    const told = await this.atTheCentre();
    if (told && !["talking", "ringing"].includes(told)) setTimeout(() => this.call === call && call.end(), ASK_MS);
  }

  // ---- calls

  async rings(session, request) {
    const again = request.hasHeader(REATTACH);
    if (this.call?.kind === "echo") this.call.end();
    else if (this.call) return session.terminate({ status_code: 486 });
    const call = this.take(session, again ? "again" : "call");
    if (again) return this.answer();
    this.ringer.start();
    this.notify(call);
    call.microphone = microphone(); // so that the answer need not wait for it
    call.microphone.catch(() => this.bar.problem(this.root.dataset.noMicrophone));
    if (this.login.auto_answer) {
      this.ringer.stop();
      this.ringer.beep();
      setTimeout(() => this.call === call && this.answer(), AUTO_ANSWER_MS);
    }
  }

  hangUp() {
    if (this.lineState === "lost" && this.call?.live) command("hang_up", {}, this.csrf).catch(() => this.bar.problem(this.root.dataset.away));
    this.call?.end();
  }

  take(session, kind) {
    const heard = (stream) => {
      this.remote.srcObject = stream;
      sound(this.remote, devices.output);
    };
    this.call = new Call(session, { kind, heard, changed: () => this.show(), over: (call) => this.over(call) });
    this.show();
    return this.call;
  }

  async answer() {
    const call = this.call;
    if (call?.state !== "ringing") return;
    this.ringer.stop();
    this.notice?.close();
    try {
      call.stream = await (call.microphone ?? microphone());
    } catch {
      return this.bar.problem(this.root.dataset.noMicrophone); // it rings on, for another seat in a moment
    }
    call.answer(call.stream);
  }

  async echo() {
    if (this.call || this.lineState !== "ready") return;
    const stream = await microphone().catch(() => null);
    if (!stream || this.call) return stop(stream);
    this.settings.dialog.close();
    this.take(this.line.dial("echo", dialOptions(stream)), "echo").stream = stream;
  }

  async over(call) {
    this.ringer.stop();
    this.notice?.close();
    stop(call.stream ?? (await call.microphone?.catch(() => null)));
    if (this.call !== call) return;
    this.call = null;
    this.remote.srcObject = null;
    this.keypad.close();
    this.show();
  }

  notify(call) {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const body = this.login.show_caller ? call.caller : "";
    this.notice = new Notification(this.root.dataset.title, { body, tag: "hotline-call", requireInteraction: true });
    this.notice.onclick = () => window.focus();
  }

  async measure() {
    const call = this.call;
    if (!call?.live) return;
    call.measured = await measure(call.connection, call.measured);
    if (this.call === call) this.bar.quality(call.measured, grade(call.measured));
  }

  async deviceChosen(kind) {
    if (kind === "output") sound(this.remote, devices.output);
    if (kind !== "input" || !this.call?.stream) return;
    const stream = await microphone();
    await this.call.speakInto(stream);
    stop(this.call.stream);
    this.call.stream = stream;
  }

  // ---- the person

  key(event) {
    if (event.key !== ANSWER_KEY || event.ctrlKey || event.altKey || event.metaKey || this.call?.state !== "ringing") return;
    event.preventDefault();
    this.answer();
  }

  /** Digits can also be typed on the open keypad. */
  typed({ key }) {
    if (key === "Escape") this.keypad.close();
    else if (/^[0-9*#]$/.test(key)) this.call?.press(key);
  }

  act(name, button) {
    const call = this.call;
    const actions = {
      answer: () => this.answer(),
      decline: () => call?.end(),
      "hang-up": () => this.hangUp(),
      mute: () => call?.toggleMute(),
      hold: () => call?.toggleHold(),
      keypad: () => this.keypad.show(),
      press: () => call?.press(button.value),
      close: () => button.closest("dialog").close(),
      settings: () => this.settings.open(),
      echo: () => this.echo(),
      notifications: () => this.settings.allowNotifications(),
      retry: () => this.start(),
      "use-here": () => this.start({ take: true }),
      "use-telephone": () => this.useTelephone(),
      "log-in": () => location.assign("/login?next=/seat"),
    };
    this.bar.problem(null);
    actions[name]();
  }

  async useTelephone() {
    if (this.call) return;
    localStorage.setItem(TELEPHONE, this.extension);
    this.settings.dialog.close();
    this.line.refused("telephone");
    await fetch("/phone/release", { method: "POST", headers: { "X-CSRF-Token": this.csrf } });
  }

  show() {
    const call = this.call;
    const state = call ? (call.kind === "echo" ? "echo" : call.state) : this.finding ? "finding" : this.lineState;
    if (call?.live) call.began ??= Date.now();
    this.bar.show(state, { call, silent: ["ready", "ringing"].includes(state) && !mayRing(), adrift: call && this.lineState === "lost" });
  }
}

const root = document.querySelector("[data-phone]");
if (root) new Phone(root).start();
const calls = document.querySelector("[data-calls]");
if (calls) watchCalls(calls, calls.dataset.csrf);
