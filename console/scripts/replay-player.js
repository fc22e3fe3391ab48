// One recording that can be heard: waveform, seeking, speed, silence left out. Others drive it by `play` and `pause`.
import WaveSurfer from "wavesurfer.js";
import RegionsPlugin from "wavesurfer.js/plugins/regions";
import { clock } from "./clocks.js";

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const WORTH_SKIPPING = 0.6;
const HIGHLIGHT = "rgba(214, 154, 30, 0.28)";
const COVERED = "rgba(110, 116, 128, 0.42)";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** light-dark() does not reach a canvas: resolve it through an element's computed colour. */
function resolved(name) {
  const probe = document.createElement("i");
  probe.style.color = colour(name);
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** What is not played yet is paler. Opaque, because the played part is painted with the same transparency. */
function mixed(colour, paper) {
  const [one, other] = [colour, paper].map((value) => value.match(/\d+/g).map(Number));
  return `rgb(${one.map((part, index) => Math.round(part * 0.42 + other[index] * 0.58)).slice(0, 3).join(", ")})`;
}

/**
 * Events, dispatched on the player's box and bubbling: `player:ready`, `player:play`, `player:pause`, `player:end`,
 * `player:time` and `player:seek`, each with `detail.now` in seconds.
 */
export class Player {
  constructor(box) {
    this.box = box;
    this.seconds = Number(box.dataset.seconds);
    this.until = null;
    this.wanted = null;
    this.ready = false;
    this.skipping = sessionStorage.getItem("hotline:skip") === "1";
    this.quiet = [];
    this.media = new Audio();
    this.media.preload = "none";
    this.time = box.querySelector("output");
    this.turns = [...document.querySelectorAll(".turn[data-start]")];
    box.hotlinePlayer = this;
  }

  tell(name) {
    this.box.dispatchEvent(new CustomEvent(`player:${name}`, { bubbles: true, detail: { now: this.now } }));
  }

  on(name, listener) {
    this.box.addEventListener(`player:${name}`, (event) => listener(event.detail.now));
  }

  async start() {
    const answer = await fetch(this.box.dataset.peaks, { headers: { Accept: "application/json" } });
    if (!answer.ok) return this.fail();
    const told = await answer.json();
    this.seconds = told.seconds;
    this.quiet = told.quiet;
    if (told.wait !== null) return this.wait(told);
    this.draw(told);
    this.wave.on("timeupdate", (now) => this.show(now));
    this.wave.on("interaction", () => (this.until = null));
    this.wave.on("seeking", () => this.tell("seek"));
    this.wave.on("play", () => { this.box.setAttribute("data-playing", ""); this.tell("play"); });
    this.wave.on("pause", () => { this.box.removeAttribute("data-playing"); this.tell("pause"); });
    this.wave.on("finish", () => { this.chip(null); this.tell("end"); });
    this.media.addEventListener("error", () => this.fail());
    this.wave.once("ready", () => {
      this.ready = true;
      this.box.setAttribute("data-ready", "");
      for (const [start, end] of told.masked) this.cover(start, end);
      this.show(this.now);
      this.tell("ready");
      // Whoever asked to hear something before the wave was drawn hears it now.
      if (this.wanted) this.play(...this.wanted);
    });
  }

  draw({ peaks, seconds }) {
    const caller = resolved("--caller");
    const seat = resolved("--seat");
    const paper = resolved("--sunk");
    this.regions = RegionsPlugin.create();
    this.wave = WaveSurfer.create({
      container: this.box.querySelector(".wave"),
      media: this.media,
      url: this.box.dataset.audio,
      peaks,
      duration: seconds,
      cspNonce: document.querySelector("meta[name=csp-nonce]").content,
      splitChannels: peaks.length > 1
        ? [{ waveColor: mixed(caller, paper), progressColor: caller, height: 56 }, { waveColor: mixed(seat, paper), progressColor: seat, height: 56 }]
        : [{ waveColor: mixed(caller, paper), progressColor: caller, height: 112 }],
      cursorColor: resolved("--bad"),
      cursorWidth: 2,
      normalize: false,
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      dragToSeek: true,
      plugins: [this.regions],
    });
  }

  /** Seconds that are silenced in what this reader hears. */
  cover(start, end) {
    this.regions.addRegion({ start, end, drag: false, resize: false, color: COVERED, content: "＊＊＊" });
  }

  /** A letter above one second of the waveform. */
  flag(second, letter) {
    return this.regions?.addRegion({ start: second, drag: false, color: resolved("--bad"), content: letter });
  }

  fail() {
    this.box.querySelector("[data-trouble]").hidden = false;
  }

  wait({ wait, unlock }) {
    const notice = this.box.querySelector("[data-unchecked]");
    notice.querySelector("[data-minutes]").textContent = String(Math.max(1, Math.ceil(wait / 60)));
    notice.querySelector("[data-unlock]").hidden = !unlock;
    notice.hidden = false;
    this.box.setAttribute("data-waiting", "");
  }

  get now() {
    return this.wave ? this.wave.getCurrentTime() : 0;
  }

  get playing() {
    return this.wave?.isPlaying() ?? false;
  }

  toggle() {
    if (!this.ready) return this.play(0);
    this.until = null;
    this.wave.playPause();
  }

  pause() {
    this.wanted = null;
    if (this.playing) this.wave.pause();
  }

  move(seconds) {
    this.until = null;
    this.wave?.setTime(Math.min(this.seconds, Math.max(0, this.now + seconds)));
  }

  seek(second) {
    this.move(second - this.now);
  }

  /** `steps` faster or slower; the speed that is now. */
  speed(steps) {
    const select = this.box.querySelector("select");
    const index = Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(Number(select.value)) + steps));
    select.value = String(SPEEDS[index]);
    this.setSpeed(SPEEDS[index]);
    return SPEEDS[index];
  }

  setSpeed(rate) {
    this.wave?.setPlaybackRate(rate, true); // the pitch stays
    sessionStorage.setItem("hotline:speed", String(rate));
  }

  setSkipping(on) {
    this.skipping = on;
    sessionStorage.setItem("hotline:skip", on ? "1" : "0");
  }

  /** Play from `start`; stop at `until` where one is given (an evidence chip), and show that stretch. */
  play(start, until = null) {
    if (!this.ready) {
      this.wanted = [start, until];
      return;
    }
    this.until = until;
    this.lit?.remove();
    this.lit = until === null ? null : this.regions.addRegion({ start, end: until, drag: false, resize: false, color: HIGHLIGHT });
    this.wave.setTime(start);
    this.wave.play().catch(() => this.fail());
  }

  chip(button) {
    for (const other of document.querySelectorAll(".chip.playing")) other.classList.remove("playing");
    button?.classList.add("playing");
  }

  show(now) {
    this.time.value = `${clock(now)} / ${clock(this.seconds)}`;
    if (this.until !== null && now >= this.until) {
      this.until = null;
      this.wave.pause();
      this.chip(null);
    }
    if (this.skipping && this.until === null && this.playing) {
      const silence = this.quiet.find(([start, end]) => start <= now && now < end - WORTH_SKIPPING);
      if (silence) this.wave.setTime(silence[1]);
    }
    this.follow(now);
    this.tell("time");
  }

  follow(now) {
    let current = null;
    for (const turn of this.turns) {
      if (Number(turn.dataset.start) <= now && now < Number(turn.dataset.end)) current = turn;
    }
    if (current === this.current) return;
    this.current?.removeAttribute("aria-current");
    current?.setAttribute("aria-current", "true");
    this.current = current;
    if (current && this.playing) current.scrollIntoView({ block: "nearest" });
  }
}
