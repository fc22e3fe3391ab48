// Messages and notices at a seat: an urgent one is heard once, softly, and never into a call.
const BUSY = ["ringing", "talking"];
const HEARD = "news:heard";
const news = document.getElementById("news");

const heard = () => new Set(JSON.parse(sessionStorage.getItem(HEARD) ?? "[]"));
const state = () => (document.querySelector("#own [data-state]")?.dataset.state ?? "").split("/")[0];

/** Sound once for all urgent messages that are new; in a call they wait until it is over. */
function listen() {
  const known = heard();
  const fresh = [...news.querySelectorAll("[data-unread][data-urgent]")].filter((item) => !known.has(item.dataset.unread));
  if (!fresh.length || BUSY.includes(state())) return;
  for (const item of fresh) known.add(item.dataset.unread);
  sessionStorage.setItem(HEARD, JSON.stringify([...known]));
  document.documentElement.dataset.heard = String(known.size);
  tone();
}

let audio;
function tone() {
  audio ??= new AudioContext();
  const start = audio.currentTime + 0.02;
  const level = new GainNode(audio, { gain: 0 });
  const pitch = new OscillatorNode(audio, { type: "sine", frequency: 440 });
  level.gain.setTargetAtTime(0.12, start, 0.03);
  level.gain.setTargetAtTime(0, start + 0.25, 0.08);
  pitch.connect(level).connect(audio.destination);
  pitch.start(start);
  pitch.stop(start + 0.8);
}

// What is being typed is not taken away by news; the region looks again once the field is left.
let waiting = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== news || event.detail.requestConfig.verb !== "get") return;
  const field = document.activeElement;
  if (!news.contains(field) || !field.value) return;
  event.detail.shouldSwap = false;
  waiting = true;
});
news.addEventListener("focusout", () => {
  if (!waiting) return;
  waiting = false;
  setTimeout(() => window.htmx.ajax("GET", "/messages/seat", { target: "#news" }), 300);
});

document.addEventListener("htmx:afterSettle", (event) => event.target === news && listen());
setInterval(listen, 1000);
