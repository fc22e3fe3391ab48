// A page with a recording: player, turns, evidence chips, score card. Other scripts take the player from its box:
// `document.querySelector("[data-player]").hotlinePlayer.play(start, until)`, and listen to its `player:…` events.
import { Player, SPEEDS } from "./replay-player.js";
import { bookmarks } from "./replay-marks.js";
import { keys } from "./replay-keys.js";
import { report } from "./replay-report.js";
import { scoreCard } from "./score.js";

const box = document.querySelector("[data-player]");
export const player = box ? new Player(box) : null;
if (player) {
  const marks = bookmarks(player);
  player.start();
  keys(player, marks);
  report(player);
  box.querySelector("[data-toggle]").addEventListener("click", () => player.toggle());
  for (const button of box.querySelectorAll("[data-move]")) {
    button.addEventListener("click", () => player.move(Number(button.dataset.move)));
  }
  box.querySelector("[data-mark]")?.addEventListener("click", () => marks?.begin());
  const skip = box.querySelector("[data-skip]");
  skip.checked = player.skipping;
  skip.addEventListener("change", () => player.setSkipping(skip.checked));
  const select = box.querySelector("select");
  const kept = Number(sessionStorage.getItem("hotline:speed") ?? 1);
  select.value = String(SPEEDS.includes(kept) ? kept : 1);
  select.addEventListener("change", () => player.setSpeed(Number(select.value)));
  player.media.addEventListener("play", () => player.setSpeed(Number(select.value)), { once: true });
  for (const turn of player.turns) {
    turn.addEventListener("click", (event) => {
      if (event.target.closest(".turn-note")) return;
      const word = event.target.closest("[data-word]");
      if (!String(getSelection())) player.play(Number(word ? word.dataset.word : turn.dataset.start));
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
