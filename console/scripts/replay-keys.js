// Everything the player can do, by key. Letters are bound on the recording's own page only: other pages have theirs.
const STEP = 3;
const LEAP = 15;

export function keys(player, marks) {
  const full = player.box.hasAttribute("data-full");
  const say = player.box.querySelector("[data-said]");
  const skip = player.box.querySelector("[data-skip]");
  const tell = (text) => say && (say.textContent = text);
  const sentence = (step) => {
    const list = player.turns;
    const at = list.findIndex((turn) => turn.contains(document.activeElement));
    const from = at >= 0 ? at : list.findLastIndex((turn) => Number(turn.dataset.start) <= player.now);
    const turn = list[Math.min(list.length - 1, Math.max(0, from + step))];
    turn?.querySelector(".when").focus();
    turn?.scrollIntoView({ block: "nearest" });
  };
  const word = (step) => {
    const words = [...document.querySelectorAll("[data-word]")];
    const at = words.findLastIndex((each) => Number(each.dataset.word) <= player.now + 0.01);
    const next = words[Math.min(words.length - 1, Math.max(0, at + step))];
    if (next) player.play(Number(next.dataset.word));
  };
  const letters = {
    j: () => sentence(1),
    k: () => sentence(-1),
    ",": () => word(-1),
    ".": () => word(1),
    s: () => { skip.checked = !skip.checked; skip.dispatchEvent(new Event("change")); tell(skip.checked ? skip.dataset.on : skip.dataset.off); },
    m: () => marks?.begin(),
    Home: () => player.seek(0),
    End: () => player.seek(player.seconds - LEAP),
    "?": () => player.box.querySelector("[data-help]")?.toggleAttribute("open"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog[open]");
    const step = event.shiftKey ? LEAP : STEP;
    const act =
      event.key === "F8" ? () => player.toggle()
      : event.key === "F7" ? () => player.move(-step)
      : event.key === "F9" ? () => player.move(step)
      : typing ? null
      : event.key === " " && !event.target.closest("button:not(.when), a, input, summary") ? () => player.toggle()
      : event.key === "ArrowLeft" ? () => player.move(-step)
      : event.key === "ArrowRight" ? () => player.move(step)
      : event.key === "]" ? () => tell(`${player.speed(1)}×`)
      : event.key === "[" ? () => tell(`${player.speed(-1)}×`)
      : !full ? null
      : /^[A-Z]$/.test(event.key) && event.shiftKey ? () => marks?.go(event.key)
      : letters[event.key] ?? null;
    if (!act) return;
    event.preventDefault();
    act();
  });
}
