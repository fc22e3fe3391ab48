// One telephone per browser: this tab's name, which it keeps over a reload, and a lock that only one tab can hold.
const WAIT_MS = 1500; // the tab's own former page may not have let go yet

export const tab = sessionStorage.getItem("hotline-tab") ?? crypto.randomUUID();
sessionStorage.setItem("hotline-tab", tab);

/** Resolves to whether this tab holds the lock now; `lost` is called when another tab takes it away. */
export function holdLock(seat, { take = false, lost }) {
  return new Promise((resolve) => {
    const options = take ? { steal: true } : { signal: AbortSignal.timeout(WAIT_MS) };
    let held = false;
    navigator.locks
      .request(`hotline-phone-${seat}`, options, () => {
        held = true;
        resolve(true);
        return new Promise(() => {});
      })
      .catch(() => (held ? lost() : resolve(false)));
  });
}
