// The turns beside the form: what the field was read from is highlighted, and words are picked for it with the keys.
//   ↑ ↓ another turn, ← → the beginning, Shift+← → the end, Space hears it, Enter takes, Esc goes back
const MARKED = "evidence";
const PICKING = "picking";

export class Turns {
  constructor(take) {
    this.take = take;
    this.list = document.querySelector(".turns");
    this.picking = null;
  }

  items() {
    return this.list ? [...this.list.querySelectorAll(".turn")] : [];
  }

  text(turn) {
    const item = this.items()[turn];
    return item?.querySelector("[data-verbatim]") ?? item?.querySelector("p") ?? null;
  }

  words([turn, first, last]) {
    return this.text(turn)?.textContent.slice(first, last) ?? "";
  }

  range([turn, first, last]) {
    const holder = this.text(turn);
    if (!holder) return null;
    const range = document.createRange();
    const from = spot(holder, first);
    const to = spot(holder, last);
    if (!from || !to) return null;
    range.setStart(...from);
    range.setEnd(...to);
    return range;
  }

  paint(name, places) {
    const ranges = places.map((place) => this.range(place)).filter(Boolean);
    globalThis.CSS?.highlights?.set(name, new globalThis.Highlight(...ranges));
  }

  /** Highlight what a field was read from, and bring it into sight. */
  show(places) {
    this.paint(MARKED, places);
    for (const item of this.items()) item.classList.remove("evident");
    for (const [turn] of places) this.items()[turn]?.classList.add("evident");
    this.items()[places[0]?.[0]]?.scrollIntoView({ block: "nearest" });
  }

  /** A button that plays a place in the turns, like those that the page came with. */
  chip(place) {
    const item = this.items()[place[0]];
    const words = this.words(place);
    if (!words) return null;
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.tabIndex = -1;
    chip.dataset.own = "";
    chip.dataset.place = JSON.stringify(place);
    const length = this.text(place[0]).textContent.length || 1;
    const [start, end] = [Number(item.dataset.start), Number(item.dataset.end)];
    if (end > start) {
      chip.dataset.seek = (start + ((end - start) * place[1]) / length).toFixed(2);
      chip.dataset.until = (start + ((end - start) * place[2]) / length).toFixed(2);
    }
    const said = document.createElement("span");
    said.textContent = words;
    chip.append(said);
    return chip;
  }

  /** What is selected with the mouse, as a place; null where it is nothing, or more than one turn. */
  selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const turn = this.items().findIndex((item) => item.contains(range.startContainer) && item.contains(range.endContainer));
    const holder = this.text(turn);
    if (!holder?.contains(range.startContainer) || !holder.contains(range.endContainer)) return null;
    const place = [turn, offset(holder, range.startContainer, range.startOffset), offset(holder, range.endContainer, range.endOffset)];
    return place[1] < place[2] ? place : null;
  }

  // ---- picking by key -----------------------------------------------------------------------------------------
  begin(place, back) {
    const turn = place?.[0] ?? this.items().findIndex((item) => item.classList.contains("caller"));
    if (turn < 0) return;
    this.picking = place ? [...place] : [turn, 0, this.text(turn).textContent.length];
    this.back = back;
    document.documentElement.dataset.picking = "true";
    this.look();
  }

  end() {
    this.picking = null;
    delete document.documentElement.dataset.picking;
    this.paint(PICKING, []);
    this.back?.();
  }

  look() {
    this.paint(PICKING, [this.picking]);
    for (const item of this.items()) item.classList.remove("picked-in");
    const item = this.items()[this.picking[0]];
    item.classList.add("picked-in");
    item.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const [turn, first, last] = this.picking;
    const length = this.text(turn).textContent.length;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const up = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by && event.shiftKey) this.picking[2] = Math.max(first + 1, Math.min(length, last + by));
    else if (by) this.picking[1] = Math.max(0, Math.min(last - 1, first + by));
    else if (up) this.another(turn + up);
    else if (event.key === "Home") [this.picking[1], this.picking[2]] = [0, length];
    else if (event.key === " ") this.hear();
    else if (event.key === "Enter") this.done();
    else if (event.key === "Escape" || event.key === "Tab") this.end();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (this.picking) this.look();
  }

  another(turn) {
    const holder = this.text(turn);
    if (holder?.textContent) this.picking = [turn, 0, holder.textContent.length];
  }

  hear() {
    const chip = this.chip(this.picking);
    if (!chip?.dataset.seek) return;
    chip.hidden = true;
    this.list.append(chip); // the player listens to clicks in the page
    chip.click();
    chip.remove();
  }

  done() {
    const place = this.picking;
    this.end();
    for (const item of this.items()) item.classList.remove("picked-in");
    this.take(place);
  }
}

function texts(holder) {
  const walker = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  return found;
}

function spot(holder, offset) {
  let left = offset;
  for (const node of texts(holder)) {
    if (left <= node.length) return [node, left];
    left -= node.length;
  }
  return null;
}

function offset(holder, container, within) {
  const range = document.createRange();
  range.selectNodeContents(holder);
  range.setEnd(container, within);
  return range.toString().length;
}
