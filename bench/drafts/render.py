"""Render the calls of this set as sound: `audio/<id>.ogg`, caller left and seat right, and `timeline.json`.

    .venv/bin/pip install -e '.[voices]'
    .venv/bin/python bench/drafts/render.py [ID ...]

Voices and phonemes are those of `scripts/render_prompts.py`. What is unchanged is left alone; a sentence that was
rendered once is kept in `data/voices/sentences`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr
from corpus import AUDIO, TIMES, Call, Said, load
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from render_prompts import RATE, Speaker  # noqa: E402

Samples = NDArray[np.float32]
TELEPHONE = 8000
SENTENCES = ROOT / "data" / "voices" / "sentences"
CUT_IN = 0.7
"""Seconds by which who cuts in is early."""
SQUEEZED = 0.93
"""libsndfile's measure: about 40 kbit/s for both channels of Opus, far more than telephone speech needs."""
HISS = 0.0006
"""Amplitude of the line's own noise: no telephone line is digitally silent."""


def main() -> None:
    AUDIO.mkdir(exist_ok=True)
    SENTENCES.mkdir(parents=True, exist_ok=True)
    times = json.loads(TIMES.read_text("utf-8")) if TIMES.exists() else {}
    speaker: Speaker | None = None
    calls = load()
    for call in calls:
        if sys.argv[1:] and call.id not in sys.argv[1:]:
            continue
        if call.sound.exists() and times.get(call.id, {}).get("mark") == call.mark:
            continue
        speaker = speaker or Speaker()
        sound, spans = dialogue(call, [sentence(speaker, call, turn) for turn in call.turns])
        soundfile.write(call.sound, sound, TELEPHONE, format="OGG", subtype="OPUS", compression_level=SQUEEZED)
        times[call.id] = {"mark": call.mark, "seconds": round(len(sound) / TELEPHONE, 2), "turns": spans}
        known = {each.id for each in calls}
        kept = {name: times[name] for name in sorted(times) if name in known}
        TIMES.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        print(f"{call.id}: {len(sound) / TELEPHONE:.1f} s", flush=True)


def sentence(speaker: Speaker, call: Call, turn: Said) -> Samples:
    """One turn as a telephone carries it: 8 kHz, 200 to 3500 Hz, even loudness."""
    side = 0 if turn.speaker == "caller" else 1
    voice, speed = call.voices[side], call.speeds[side]
    kept = SENTENCES / (hashlib.sha256(f"{voice}|{speed}|{turn.text}".encode()).hexdigest()[:20] + ".npy")
    if kept.exists():
        return np.asarray(np.load(kept), np.float32)
    samples = speaker.say(turn.text, voice, speed)
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(frequency < 200) | (frequency > 3500)] = 0
    samples = np.fft.irfft(spectrum, len(samples)).astype(np.float32)
    samples *= 0.5 / max(float(np.abs(samples).max()), 1e-6)
    narrow = np.asarray(soxr.resample(samples, RATE, TELEPHONE), np.float32)
    np.save(kept, narrow)
    return narrow


def dialogue(call: Call, parts: list[Samples]) -> tuple[Samples, list[list[float]]]:
    """Both channels, and start and end of each turn in seconds. Gaps follow from the call's name."""
    chance = np.random.default_rng(int.from_bytes(hashlib.sha256(call.id.encode()).digest()[:4], "big"))
    spans: list[list[float]] = []
    floor = 0.3
    for turn, part in zip(call.turns, parts, strict=True):
        length = len(part) / TELEPHONE
        start = floor + float(chance.uniform(0.3, 0.9))
        if spans and turn.manner == "!":
            start = max(spans[-1][0] + 0.2, spans[-1][1] - CUT_IN)
        elif spans and turn.manner == "&":
            start = (spans[-1][0] + spans[-1][1] - length) / 2
        spans.append([round(start, 2), round(start + length, 2)])
        floor = max(end for _, end in spans)
    sound = chance.normal(0, HISS, (int((floor + 0.6) * TELEPHONE), 2)).astype(np.float32)
    loudness = chance.uniform(0.6, 1.0, 2)
    for turn, part, (start, _) in zip(call.turns, parts, spans, strict=True):
        side = 0 if turn.speaker == "caller" else 1
        at = round(start * TELEPHONE)
        sound[at : at + len(part), side] += part * loudness[side]
    return np.clip(sound, -1, 1), spans


if __name__ == "__main__":
    main()
