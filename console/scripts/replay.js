// The player of a two-channel recording with its turns, evidence chips and score card.
import WaveSurfer from "wavesurfer.js";
import RegionsPlugin from "wavesurfer.js/plugins/regions";
import { clock } from "./clocks.js";
import { scoreCard } from "./score.js";

const STEP = 3;
const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];

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

class Player {
  constructor(box) {
    this.box = box;
    this.seconds = Number(box.dataset.seconds);
    this.until = null;
    this.wanted = null;
    this.ready = false;
    this.media = new Audio();
    this.media.preload = "none";
    this.time = box.querySelector("output");
    this.toggleButton = box.querySelector(".toggle");
    this.turns = [...document.querySelectorAll(".turn[data-start]")];
  }

  async start() {
    const answer = await fetch(this.box.dataset.peaks, { headers: { Accept: "application/json" } });
    if (!answer.ok) return this.fail();
    const { peaks, seconds } = await answer.json();
    this.seconds = seconds;
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
    this.wave.on("timeupdate", (now) => this.show(now));
    this.wave.on("interaction", () => (this.until = null));
    this.wave.on("play", () => this.box.setAttribute("data-playing", ""));
    this.wave.on("pause", () => this.box.removeAttribute("data-playing"));
    this.wave.on("finish", () => this.chip(null));
    this.media.addEventListener("error", () => this.fail());
    this.wave.once("ready", () => {
      this.ready = true;
      this.box.setAttribute("data-ready", "");
      this.show(this.now);
      // Whoever asked to hear something before the wave was drawn hears it now.
      if (this.wanted) this.play(...this.wanted);
    });
  }

  fail() {
    this.box.querySelector("[data-trouble]").hidden = false;
  }

  get now() {
    return this.wave ? this.wave.getCurrentTime() : 0;
  }

  toggle() {
    if (!this.ready) return this.play(0);
    this.until = null;
    this.wave.playPause();
  }

  move(seconds) {
    this.until = null;
    this.wave?.setTime(Math.min(this.seconds, Math.max(0, this.now + seconds)));
  }

  speed(steps) {
    const select = this.box.querySelector("select");
    const index = SPEEDS.indexOf(Number(select.value)) + steps;
    if (index < 0 || index >= SPEEDS.length) return;
    select.value = String(SPEEDS[index]);
    this.setSpeed(SPEEDS[index]);
  }

  setSpeed(rate) {
    this.wave?.setPlaybackRate(rate, true);
    sessionStorage.setItem("hotline:speed", String(rate));
  }

  /** Play from `start`; stop at `until` where one is given (an evidence chip), and show that stretch. */
  play(start, until = null) {
    if (!this.ready) {
      this.wanted = [start, until];
      return;
    }
    this.until = until;
    this.regions.clearRegions();
    if (until !== null) {
      this.regions.addRegion({ start, end: until, drag: false, resize: false, color: "rgba(214, 154, 30, 0.28)" });
    }
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
    let current = null;
    for (const turn of this.turns) {
      if (Number(turn.dataset.start) <= now && now < Number(turn.dataset.end)) current = turn;
    }
    if (current === this.current) return;
    this.current?.removeAttribute("aria-current");
    current?.setAttribute("aria-current", "true");
    this.current = current;
    if (current && this.wave?.isPlaying()) current.scrollIntoView({ block: "nearest" });
  }
}

function keys(player) {
  const moves = { ArrowLeft: -STEP, ArrowRight: STEP };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    const act =
      event.key === "F8" ? () => player.toggle()
      : event.key === "F7" ? () => player.move(-STEP)
      : event.key === "F9" ? () => player.move(STEP)
      : typing ? null
      : event.key === " " && !event.target.closest("button, a, input") ? () => player.toggle()
      : event.key in moves ? () => player.move(moves[event.key])
      : event.key === "]" ? () => player.speed(1)
      : event.key === "[" ? () => player.speed(-1)
      : null;
    if (!act) return;
    event.preventDefault();
    act();
  });
}

const box = document.querySelector("[data-player]");
const player = box ? new Player(box) : null;
if (player) {
  player.start();
  keys(player);
  player.toggleButton.addEventListener("click", () => player.toggle());
  for (const button of box.querySelectorAll("[data-move]")) {
    button.addEventListener("click", () => player.move(Number(button.dataset.move)));
  }
  const select = box.querySelector("select");
  select.value = sessionStorage.getItem("hotline:speed") ?? "1";
  if (!select.value) select.value = "1";
  select.addEventListener("change", () => player.setSpeed(Number(select.value)));
  player.media.addEventListener("play", () => player.setSpeed(Number(select.value)), { once: true });
  for (const turn of player.turns) {
    turn.addEventListener("click", () => {
      if (!String(getSelection())) player.play(Number(turn.dataset.start));
    });
  }
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-seek]");
    if (!chip) return;
    player.play(Number(chip.dataset.seek), chip.dataset.until ? Number(chip.dataset.until) : null);
    player.chip(chip);
  });
}
scoreCard(() => player?.now ?? 0);
