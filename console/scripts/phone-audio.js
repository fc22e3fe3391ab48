// Devices, the ring, the level meter and the other side's voice.
const KEPT = "hotline-phone-devices";
const RING_EVERY = 3; // seconds
const RINGS = 40;

export const devices = { input: "", output: "", ringer: "", ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };

export function choose(kind, id) {
  devices[kind] = id;
  localStorage.setItem(KEPT, JSON.stringify(devices));
}

/** The chosen microphone, or any where it is unplugged. Throws where none may be used. */
export async function microphone() {
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: devices.input ? { ...wanted, deviceId: { exact: devices.input } } : wanted });
  } catch (error) {
    if (!devices.input || error.name === "NotAllowedError") throw error;
    return navigator.mediaDevices.getUserMedia({ audio: wanted });
  }
}

export const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** Let `audio` be heard on device `id`, or on the usual one where that is unplugged or cannot be chosen. */
export async function sound(audio, id) {
  try {
    await audio.setSinkId?.(id);
  } catch {
    await audio.setSinkId("");
  }
}

let context;
const running = () => (context ??= new AudioContext());

/** Whether the browser lets the page sound; false until a person has clicked or typed on it. */
export const mayRing = () => running().state === "running";
export const wake = () => running().resume();

/** Two soft notes every three seconds on the headset and, where one is chosen, on the loudspeaker as well. */
export class Ringer {
  start() {
    this.stop();
    const audio = running();
    audio.resume();
    const out = audio.createMediaStreamDestination();
    const gain = new GainNode(audio, { gain: 0 });
    const notes = [660, 880].map((frequency) => new OscillatorNode(audio, { frequency, type: "sine" }));
    notes.forEach((note) => note.connect(gain).connect(out));
    const from = audio.currentTime;
    for (let ring = 0; ring < RINGS; ring += 1)
      for (const at of [0, 0.35]) {
        const start = from + ring * RING_EVERY + at;
        gain.gain.setValueAtTime(0, start);
        gain.gain.linearRampToValueAtTime(0.22, start + 0.03);
        gain.gain.linearRampToValueAtTime(0, start + 0.28);
      }
    notes.forEach((note) => note.start());
    const places = new Set([devices.output, devices.ringer || devices.output]);
    this.playing = [...places].map((id) => {
      const element = new Audio();
      element.srcObject = out.stream;
      sound(element, id).then(() => element.play().catch(() => {})); // until a click the browser may keep it silent; the page says so
      return element;
    });
    this.notes = notes;
  }

  stop() {
    this.notes?.forEach((note) => note.stop());
    this.playing?.forEach((element) => ((element.srcObject = null), element.pause()));
    this.notes = this.playing = null;
  }

  /** A short tone in the headset before a call is picked up by itself. */
  beep() {
    const audio = running();
    const gain = new GainNode(audio, { gain: 0.15 });
    const note = new OscillatorNode(audio, { frequency: 1000 });
    note.connect(gain).connect(audio.destination);
    note.start();
    note.stop(audio.currentTime + 0.2);
  }
}

/** Calls `show(level)` with 0 to 1 about twenty times a second until the returned function is called. */
export function meter(stream, show) {
  const audio = running();
  audio.resume();
  const analyser = new AnalyserNode(audio, { fftSize: 1024 });
  const source = audio.createMediaStreamSource(stream);
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    show(Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 60))); // -60 dB to 0 dB
  }, 50);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}
