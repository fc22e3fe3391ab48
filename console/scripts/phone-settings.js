// The panel of devices: which headset and loudspeaker, a level meter, the echo test, notifications.
import { choose, devices, meter, microphone, stop } from "./phone-audio.js";

const KINDS = { input: "audioinput", output: "audiooutput", ringer: "audiooutput" };

export class Settings {
  /** `changed(kind)` is called when a device was chosen. */
  constructor(dialog, changed) {
    this.dialog = dialog;
    this.level = dialog.querySelector("[data-level]");
    for (const list of dialog.querySelectorAll("select[data-device]"))
      list.addEventListener("change", () => {
        choose(list.dataset.device, list.value);
        changed(list.dataset.device);
        if (list.dataset.device === "input") this.listen();
      });
    dialog.addEventListener("close", () => this.quiet());
    navigator.mediaDevices.addEventListener("devicechange", () => this.dialog.open && this.list());
  }

  async open() {
    this.dialog.showModal();
    this.showNotifications();
    await this.listen(); // names of devices are told only to a page that may use one
    await this.list();
  }

  async list() {
    const known = await navigator.mediaDevices.enumerateDevices();
    for (const list of this.dialog.querySelectorAll("select[data-device]")) {
      const usual = new Option(list.dataset.usual, "");
      const found = known.filter(({ kind, deviceId }) => kind === KINDS[list.dataset.device] && deviceId && deviceId !== "default");
      list.replaceChildren(usual, ...found.map(({ label, deviceId }) => new Option(label, deviceId)));
      list.value = devices[list.dataset.device];
      if (list.selectedIndex < 0) list.value = ""; // unplugged
    }
  }

  async listen() {
    this.quiet();
    this.dialog.querySelector("[data-no-microphone]").hidden = true;
    try {
      this.stream = await microphone();
    } catch {
      this.dialog.querySelector("[data-no-microphone]").hidden = false;
      return;
    }
    if (!this.dialog.open) return this.quiet();
    this.unmeter = meter(this.stream, (level) => (this.level.value = level));
  }

  quiet() {
    this.unmeter?.();
    stop(this.stream);
    this.unmeter = this.stream = null;
  }

  showNotifications() {
    const asked = "Notification" in window ? Notification.permission : "denied";
    for (const part of this.dialog.querySelectorAll("[data-notification]")) part.hidden = part.dataset.notification !== asked;
  }

  async allowNotifications() {
    await Notification.requestPermission();
    this.showNotifications();
  }
}
