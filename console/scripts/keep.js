// What is typed into a form survives a reload and a log-in in between: kept in this tab until it is saved.
const key = (name) => `hotline:${name}`;
const SENT = "hotline:sent";

export function keepForms() {
  forgetSaved();
  // who logs out leaves nothing of a caller behind in this tab
  document.querySelector('form[action="/logout"]')?.addEventListener("submit", () => sessionStorage.clear());
  for (const form of document.querySelectorAll("form[data-keep]")) keep(form);
}

/** A form that was sent is saved once another page follows that is neither itself, the log-in nor an error. */
function forgetSaved() {
  const sent = sessionStorage.getItem(SENT);
  if (!sent || location.pathname === "/login" || document.querySelector("[data-error]")) return;
  const again = document.querySelector(`form[data-keep="${CSS.escape(sent)}"]`);
  if (again && !again.hasAttribute("data-answered")) return;
  if (!again) sessionStorage.removeItem(key(sent)); // what was refused is not saved, wherever somebody goes from here
  sessionStorage.removeItem(SENT);
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && !["hidden", "submit", "button", "file"].includes(field.type) || field.dataset.mark !== undefined);
}

function keep(form) {
  const store = key(form.dataset.keep);
  const saved = sessionStorage.getItem(store);
  if (saved && !form.hasAttribute("data-answered")) restore(form, JSON.parse(saved));
  form.addEventListener("submit", () => sessionStorage.setItem(SENT, form.dataset.keep));
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
