// Which row of the work list was chosen, for whoever comes back to it: kept in this tab with the rows around it.
const STORE = "hotline:desk-place";

export function keepPlace(refs, chosen) {
  sessionStorage.setItem(STORE, JSON.stringify({ query: location.search, chosen, refs }));
}

/** The row that was chosen here last, or the one that stood behind it (before it, at the end); null where there is none. */
export function keptPlace(present) {
  const { chosen, refs = [] } = JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
  const at = refs.indexOf(chosen);
  if (at < 0) return null;
  const there = new Set(present);
  return [...refs.slice(at), ...refs.slice(0, at).reverse()].find((ref) => there.has(ref)) ?? null;
}

/** The way back to the list leads to the filters that were set there. */
export function backToList() {
  const { query } = JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
  const back = document.querySelector('.entry-title a.button[href="/drafts"]');
  if (query && back) back.href = `/drafts?${filters(query)}`;
}

/** Without what was said above the list once: an order that was made, somebody who was quicker. */
function filters(query) {
  const asked = new URLSearchParams(query);
  for (const said of ["made", "discarded", "taken", "none"]) asked.delete(said);
  return asked;
}
