// The seat's registration: comes back by itself when the network, the console or Asterisk was gone.
import JsSIP from "jssip";
import { PhoneSocket } from "./phone-socket.js";

const REGISTER_SECONDS = 300; // a hidden tab's timers run once a minute
const SOON_MS = 400; // a new log-in opens the door within about a second
const LATER_MS = 4000;
const SOON_TRIES = 20;

export class Line {
  /**
   * `ask(take)` gets the log-in or throws an error with a `reason`; `changed(state)`; `rings(session, request)`;
   * `busy()` says whether there is a call.
   */
  constructor({ ask, changed, rings, busy }) {
    Object.assign(this, { ask, changed, rings, busy, state: "starting" });
  }

  async open(take = false) {
    this.close();
    this.show("starting");
    let login;
    try {
      login = await this.ask(take);
    } catch (error) {
      if (error.reason) return this.show(error.reason);
      this.show("lost");
      this.again = setTimeout(() => this.open(take), LATER_MS);
      return;
    }
    const socket = new PhoneSocket({ ask: (again) => this.renew(again), refused: (reason) => this.refused(reason) });
    socket.take = take;
    const ua = (this.ua = new JsSIP.UA({
      sockets: [socket],
      uri: `sip:${login.extension}@hotline.invalid`,
      authorization_user: login.username,
      password: login.secret,
      register_expires: REGISTER_SECONDS,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 15,
      user_agent: "hotline browser",
    }));
    let failures = 0;
    ua.on("registered", () => {
      failures = 0;
      this.show("ready");
    });
    ua.on("registrationFailed", () => {
      if (this.ua !== ua || !ua.isConnected()) return;
      failures += 1;
      const stale = failures > SOON_TRIES; // the log-in may have been revoked meanwhile: ask for another, but not in mid-call
      if (stale) this.show("lost");
      clearTimeout(this.again);
      this.again = setTimeout(() => (stale && !this.busy() ? this.open() : ua.register()), stale ? LATER_MS : SOON_MS);
    });
    ua.on("disconnected", () => this.ua === ua && this.show("lost"));
    ua.on("newRTCSession", ({ originator, session, request }) => originator === "remote" && this.rings(session, request));
    ua.start();
  }

  /** The log-in again before a connection that follows a lost one: it may have been replaced meanwhile. */
  async renew(take) {
    const login = await this.ask(take);
    this.ua.set("authorization_user", login.username);
    this.ua.set("password", login.secret);
  }

  refused(reason) {
    this.close();
    this.show(reason);
  }

  /** Leave without a word to those we talk to: no BYE, so that a call can be found again by another page. */
  close() {
    clearTimeout(this.again);
    const ua = this.ua;
    this.ua = null;
    if (!ua) return;
    ua.transport.disconnect();
    ua.stop();
  }

  show(state) {
    if (state !== this.state) this.changed((this.state = state));
  }

  dial(target, options) {
    return this.ua.call(`sip:${target}@hotline.invalid`, options);
  }
}
