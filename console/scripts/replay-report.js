// Which seconds were played, told to the server: every 15 seconds, at a pause, and when the page is left.
const EVERY = 15_000;
const LEAP = 3; // seconds that two looks at a playing file can lie apart, at double speed

export function report(player) {
  const url = player.box.dataset.heard;
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"];
  let spans = [];
  let current = null;
  let last = 0;

  const cut = () => {
    if (current && current[1] > current[0]) spans.push(current);
    current = null;
  };
  const send = (left = false) => {
    if (current) {
      const on = current[1];
      cut();
      current = [on, on];
    }
    if (!spans.length && !(left && last)) return;
    const form = new FormData();
    form.set("csrf", token);
    form.set("spans", spans.map(([start, end]) => `${start.toFixed(2)}-${end.toFixed(2)}`).join(","));
    if (left) form.set("left", "true");
    if (navigator.sendBeacon(url, form)) {
      spans = [];
      last = Date.now();
    }
  };

  player.on("play", (now) => { current = [now, now]; last ||= Date.now(); });
  player.on("seek", cut);
  player.on("time", (now) => {
    if (!player.playing) return;
    if (!current || now < current[1] || now - current[1] > LEAP) {
      cut();
      current = [now, now];
    } else current[1] = now;
    if (Date.now() - last > EVERY) send();
  });
  for (const name of ["pause", "end"]) player.on(name, () => { cut(); send(); });
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  addEventListener("pagehide", () => send(true));
}
