// What is typed into a form survives a reload and a log-in in between: kept in this tab until it is saved.
// The server says by data-done (the key of a form just saved) that the copy may go.
const key = (name) => `hotline:${name}`;

export function keepForms() {
  for (const done of document.querySelectorAll("[data-done]")) sessionStorage.removeItem(key(done.dataset.done));
  for (const form of document.querySelectorAll("form[data-keep]")) keep(form);
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && !["hidden", "submit", "button"].includes(field.type) || field.dataset.mark !== undefined);
}

function keep(form) {
  const store = key(form.dataset.keep);
  const saved = sessionStorage.getItem(store);
  if (saved && !form.hasAttribute("data-answered")) restore(form, JSON.parse(saved));
  form.addEventListener("input", () => {
    const values = {};
    for (const field of fields(form)) {
      if (field.type === "radio" && !field.checked) continue;
      values[field.name] = field.type === "checkbox" ? field.checked : field.value;
    }
    sessionStorage.setItem(store, JSON.stringify(values));
  });
}

function restore(form, values) {
  let changed = false;
  for (const field of fields(form)) {
    if (!(field.name in values)) continue;
    const value = values[field.name];
    if (field.type === "checkbox") {
      changed ||= field.checked !== value;
      field.checked = value;
    } else if (field.type === "radio") {
      changed ||= field.checked !== (field.value === value);
      field.checked = field.value === value;
    } else {
      changed ||= field.value !== value;
      field.value = value;
    }
  }
  const notice = form.querySelector("[data-restored]");
  if (changed && notice) notice.hidden = false;
  if (changed) form.dispatchEvent(new Event("input", { bubbles: true }));
}
