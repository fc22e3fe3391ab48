// Seconds that go on between two messages of the server, by the server's clock.
const SOON = 0.53; // of the promise: 8 of 15 seconds

function offset() {
  const board = document.querySelector("[data-now]");
  if (!board) return 0;
  if (board.dataset.seen === undefined) board.dataset.seen = String(Date.now());
  return Number(board.dataset.now) - Number(board.dataset.seen);
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Update every element that shows time since or time until. */
export function tick() {
  const now = Date.now() + offset();
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, (now - Number(element.dataset.since)) / 1000);
    const limit = Number(element.dataset.limit || 0);
    element.textContent = limit ? String(Math.floor(seconds)) : clock(seconds);
    if (!limit) continue;
    const holder = element.closest(".wait");
    holder.dataset.level = seconds > limit ? "late" : seconds >= limit * SOON ? "soon" : "calm";
    const meter = holder.querySelector("meter");
    if (meter) meter.value = Math.min(seconds, limit);
  }
  for (const element of document.querySelectorAll("[data-due]")) {
    const left = (Number(element.dataset.due) - now) / 1000;
    element.dataset.level = left < 0 ? "late" : left < Number(element.dataset.soon) ? "soon" : "calm";
    element.textContent = (left < 0 ? element.dataset.late : element.dataset.left) + " " + clock(Math.abs(left));
  }
}
