// Two windows changed one form: what only one of them changed is taken, what both changed is shown side by side.
export function differences(sheet, { base, mine, theirs }, settle) {
  const box = sheet.form.querySelector("[data-conflict]");
  const list = box.querySelector("[data-differences]");
  const settled = { values: {}, marks: {}, original: mine.original || theirs.original };
  const take = (name, side) => {
    settled.values[name] = side.values[name] ?? "";
    if (side.marks[name]) settled.marks[name] = side.marks[name];
    else delete settled.marks[name];
  };
  list.replaceChildren();
  for (const name of sheet.boxes.keys()) {
    const [before, here, there] = [base, mine, theirs].map((side) => side.values[name] ?? "");
    const known = base !== theirs; // after a crash nobody knows what this window had begun with
    if (here === there || (known && there === before)) take(name, mine);
    else if (known && here === before) take(name, theirs);
    else {
      take(name, mine);
      list.append(row(sheet, name, here, there, (side) => take(name, side === "here" ? mine : theirs)));
    }
  }
  const done = () => {
    box.hidden = true;
    settle(settled);
  };
  if (!list.children.length) return done();
  box.hidden = false;
  box.querySelector("[data-settle]").onclick = done;
  box.querySelector("input").focus();
}

function row(sheet, name, here, there, choose) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.textContent = sheet.boxes.get(name).querySelector("label .zh, label")?.textContent.trim() ?? name;
  line.append(head);
  for (const [side, value] of [["here", here], ["there", there]]) {
    const cell = document.createElement("td");
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = `conflict-${name}`;
    radio.checked = side === "here";
    radio.addEventListener("change", () => choose(side));
    const words = document.createElement("span");
    words.textContent = shown(sheet, name, value);
    label.append(radio, words);
    cell.append(label);
    line.append(cell);
  }
  return line;
}

function shown(sheet, name, value) {
  const option = value && sheet.boxes.get(name).querySelector(`option[value="${CSS.escape(value)}"]`);
  return option ? option.textContent : value || "—";
}
