// The WebSocket to the console in the shape that JsSIP asks for. Before each connection the console is asked whether
// this page may have the telephone, because a browser does not tell why a handshake was refused.
import { tab } from "./phone-tab.js";

/** Why the console ended the socket: the numbers of console/phone/proxy.py. */
const FINAL = { 4401: "over", 4409: "elsewhere", 4410: "taken", 4412: "telephone" };

export class PhoneSocket {
  constructor({ ask, refused }) {
    const secure = location.protocol === "https:";
    this.via_transport = secure ? "WSS" : "WS";
    this.url = `${secure ? "wss" : "ws"}://${location.host}/phone/ws`;
    this.sip_uri = "sip:hotline.invalid;transport=ws";
    this.take = false;
    this.known = true; // asked already: who makes the socket has just been told
    Object.assign(this, { ask, refused });
  }

  connect() {
    this.reach(); // JsSIP takes no async function for a function
  }

  async reach() {
    const mine = (this.turn = {});
    try {
      if (!this.known) await this.ask(this.take);
    } catch (error) {
      if (this.turn !== mine) return;
      if (error.reason) return this.refused(error.reason);
      return this.ondisconnect(true, 0, "");
    }
    if (this.turn !== mine) return;
    this.known = false;
    const socket = (this.socket = new WebSocket(`${this.url}?tab=${tab}${this.take ? "&take=true" : ""}`, "sip"));
    this.take = false;
    socket.onopen = () => this.onconnect();
    socket.onmessage = ({ data }) => this.ondata(data);
    socket.onclose = ({ wasClean, code, reason }) => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.ondisconnect(!wasClean, code, reason);
      if (FINAL[code]) this.refused(FINAL[code]);
    };
  }

  disconnect() {
    this.turn = null;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(message);
    return true;
  }
}
