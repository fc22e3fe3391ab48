// The wallboard: boards over server-sent events, seconds that tick by the server's clock, alarms with a sound.
import { clock } from "./clocks.js";

const QUIET_MS = 12_000; // a board comes every 5 seconds even when nothing happens
const GONE_MS = 30_000; // an alarm that comes back within this is the same one: it does not sound again
const TONES = { bad: [880, 660, 880], warn: [520] };

const wall = document.getElementById("wall");
const lost = document.getElementById("lost");
const sound = document.getElementById("sound");
let offset = 0;
let heard = Date.now();

function show(html) {
  if (html !== undefined) wall.innerHTML = html;
  offset = Number(wall.firstElementChild.dataset.now) - Date.now();
  heard = Date.now();
  tick();
  follow();
}

// ---- seconds ---------------------------------------------------------------------------------------------------

function tick() {
  const now = Date.now() + offset;
  const board = wall.firstElementChild.dataset;
  for (const element of wall.querySelectorAll("[data-since]")) {
    const seconds = (now - Number(element.dataset.since)) / 1000;
    element.textContent = seconds < 600 ? clock(seconds) : `${Math.floor(seconds / 60)}′`;
  }
  for (const element of wall.querySelectorAll("[data-wait]")) {
    const seconds = Math.max(0, (now - Number(element.dataset.wait)) / 1000);
    element.textContent = seconds < 600 ? String(Math.floor(seconds)) : clock(seconds);
    const holder = element.closest(".wait");
    holder.dataset.level = seconds > Number(board.promise) ? "late" : seconds >= Number(board.soon) ? "soon" : "calm";
    const meter = holder.querySelector("meter");
    if (meter) meter.value = Math.min(seconds, Number(board.promise));
  }
  const time = document.getElementById("clock");
  time.textContent = new Date(now).toLocaleTimeString("zh-CN", { hour12: false, timeZone: time.dataset.zone });
  lost.hidden = Date.now() - heard < QUIET_MS;
}

// ---- alarms ----------------------------------------------------------------------------------------------------

const known = new Map(); // key of the alarm → { seen, there }: when it was last on the wall, whether acknowledged

function follow() {
  const now = Date.now();
  let worst = "";
  for (const item of wall.querySelectorAll("[data-alarm]")) {
    const { alarm, weight } = item.dataset;
    if (!known.has(alarm)) {
      known.set(alarm, { seen: false });
      if (worst !== "bad") worst = weight;
    }
    known.get(alarm).there = now;
    item.toggleAttribute("data-seen", known.get(alarm).seen);
  }
  for (const [key, state] of known) if (now - state.there > GONE_MS) known.delete(key);
  if (worst) play(worst);
}

wall.addEventListener("click", (event) => {
  const key = event.target.closest("[data-acknowledge]")?.dataset.acknowledge;
  if (!key) return;
  known.get(key).seen = true;
  event.target.closest("li").toggleAttribute("data-seen", true);
});

const audio = new AudioContext();
const blocked = () => sound.toggleAttribute("data-blocked", audio.state !== "running");
audio.addEventListener("statechange", blocked);
blocked();
sound.setAttribute("aria-pressed", localStorage.getItem("wall:sound") !== "off");

function play(weight) {
  if (sound.getAttribute("aria-pressed") !== "true" || audio.state !== "running") return;
  document.documentElement.dataset.sounded = String(Number(document.documentElement.dataset.sounded ?? 0) + 1);
  TONES[weight].forEach((pitch, index) => {
    const start = audio.currentTime + index * 0.28;
    const tone = new OscillatorNode(audio, { type: "sine", frequency: pitch });
    const level = new GainNode(audio, { gain: 0 });
    level.gain.setTargetAtTime(0.3, start, 0.015);
    level.gain.setTargetAtTime(0, start + 0.2, 0.03);
    tone.connect(level).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.4);
  });
}

sound.addEventListener("click", async () => {
  const wasBlocked = audio.state !== "running";
  await audio.resume();
  const on = wasBlocked || sound.getAttribute("aria-pressed") !== "true";
  sound.setAttribute("aria-pressed", String(on));
  localStorage.setItem("wall:sound", on ? "on" : "off");
  if (on) play("warn");
});

// ---- looks -----------------------------------------------------------------------------------------------------

const root = document.documentElement;
root.dataset.theme = localStorage.getItem("wall:theme") ?? "dark";
document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("wall:theme", root.dataset.theme);
});
document.getElementById("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else root.requestFullscreen();
});

// ---- the stream ------------------------------------------------------------------------------------------------

function connect() {
  const stream = new EventSource("/wallboard/stream");
  stream.addEventListener("wall", (event) => show(event.data));
  stream.addEventListener("over", () => location.reload()); // the session has ended: to the log-in
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    setTimeout(connect, 3000);
  });
}

show();
setInterval(tick, 250);
connect();
