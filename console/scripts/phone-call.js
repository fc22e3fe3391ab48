// One call: answered, muted, held, keyed, ended. Media go over `RTCPeerConnection`, everything else over SIP.
const GATHER_MS = 80; // after the first host candidate: waiting for the rest of them can take 40 seconds

const MEDIA = { pcConfig: { iceServers: [], bundlePolicy: "max-bundle" }, rtcOfferConstraints: { offerToReceiveAudio: true } };

export class Call {
  /** `heard(stream)` gets the other side's sound, `changed()` tells of every change, `over()` comes once. */
  constructor(session, { kind, heard, changed, over }) {
    Object.assign(this, { session, kind, changed, state: kind === "echo" ? "connecting" : "ringing", muted: false });
    this.caller = session.remote_identity?.uri?.user ?? "";
    const to = (state) => () => {
      this.state = state;
      this.since = Date.now();
      changed(this);
    };
    let ready = 0;
    session.on("icecandidate", ({ candidate, ready: go }) => {
      if (candidate.type === "host" && !ready) ready = setTimeout(go, GATHER_MS);
    });
    session.on("peerconnection", () => this.watch(heard));
    if (session.connection) this.watch(heard);
    session.on("confirmed", to("talking"));
    session.on("hold", ({ originator }) => originator === "local" && to("held")());
    session.on("unhold", ({ originator }) => originator === "local" && to("talking")());
    for (const name of ["ended", "failed"])
      session.on(name, () => {
        this.state = "over";
        over(this);
      });
  }

  watch(heard) {
    const connection = (this.connection = this.session.connection);
    connection.addEventListener("track", ({ track, streams }) => heard(streams[0] ?? new MediaStream([track])));
    connection.addEventListener("connectionstatechange", () => {
      // Asterisk is gone, or hung up while our signalling was down: nobody will tell us
      if (connection.connectionState === "failed" && this.state !== "over") this.end();
    });
  }

  answer(stream) {
    if (this.state !== "ringing") return;
    this.state = "connecting";
    this.changed(this);
    this.session.answer({ mediaStream: stream, ...MEDIA });
  }

  get live() {
    return this.state === "talking" || this.state === "held";
  }

  toggleMute() {
    this.muted = !this.muted;
    this.session[this.muted ? "mute" : "unmute"]({ audio: true });
    this.changed(this);
  }

  toggleHold() {
    if (this.state === "talking") this.session.hold();
    else if (this.state === "held") this.session.unhold();
  }

  press(key) {
    this.session.sendDTMF(key, { transportType: "RFC2833", duration: 160, interToneGap: 80 });
  }

  /** Change the microphone in mid-call. */
  async speakInto(stream) {
    const [track] = stream.getAudioTracks();
    const sender = this.connection?.getSenders().find((one) => one.track?.kind === "audio");
    track.enabled = !this.muted && this.state !== "held";
    await sender?.replaceTrack(track);
  }

  end() {
    if (this.state !== "over" && !this.session.isEnded()) this.session.terminate();
  }
}

export const dialOptions = (stream) => ({ mediaStream: stream, ...MEDIA });
