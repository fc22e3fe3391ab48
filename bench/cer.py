"""Character error rate of `transcribe` on a folder of speech.

    .venv/bin/python bench/cer.py FOLDER [--telephone alaw|ulaw] [--recogniser whisper|vosk] [--verbose]

FOLDER holds sound files and either `transcript.tsv` (`file<TAB>text`) or, beside each file, `<name>.json` with its
turns (`[{"speaker", "text", "start", "end"}]`; two channels are scored by channel then, and start times too).

Both sides are put into simplified characters; numbers are spelled as they are read (`25` and 二十五 are the same, and
where a figure has two readings, 138 as 一三八 or 一百三十八, the nearer one counts); punctuation, spaces and case do
not count.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import re
import sys
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hotline.settings import load_settings
from transcribe.audio import decode
from transcribe.engines import load_engines
from transcribe.pipeline import transcribe_audio
from transcribe.text import simplified, spoken
from transcribe.turns import Turn

SOUNDS = {".wav", ".flac", ".ogg", ".mp3"}
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Case:
    path: Path
    text: dict[str, str]
    """Reference by speaker; one entry named "" where speakers do not count."""
    starts: tuple[tuple[str, float], ...] = ()


def cases(folder: Path) -> Iterator[Case]:
    table = folder / "transcript.tsv"
    if table.exists():
        for line in table.read_text("utf-8").splitlines():
            name, text = line.split("\t", 1)
            path = folder / name if (folder / name).exists() else folder / f"{name}.wav"
            yield Case(path, {"": text})
        return
    for path in sorted(folder.iterdir()):
        truth = path.with_suffix(".json")
        if path.suffix in SOUNDS and truth.exists():
            turns = json.loads(truth.read_text("utf-8"))
            text: dict[str, str] = {}
            for turn in turns:
                text[turn["speaker"]] = text.get(turn["speaker"], "") + turn["text"]
            yield Case(path, text, tuple((turn["speaker"], turn["start"]) for turn in turns))


def readings(text: str) -> tuple[str, str]:
    """The text with every figure read as a number, and read digit by digit."""
    plain = unicodedata.normalize("NFKC", simplified(text)).upper()
    plain = re.sub(r"(\d+(?:\.\d+)?)%", r"百分之\1", plain)
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", plain)
    plain = plain.replace("幺", "一").replace("两", "二")
    as_number = re.sub(r"\d+(?:\.\d+)?", lambda found: _read(found.group(), False), plain)
    as_digits = re.sub(r"\d+(?:\.\d+)?", lambda found: _read(found.group(), True), plain)
    return spoken(as_number), spoken(as_digits)


def _read(figure: str, by_digit: bool) -> str:
    whole, _, fraction = figure.partition(".")
    tail = "点" + "".join(_DIGITS[int(d)] for d in fraction) if fraction else ""
    if by_digit or len(whole) > 8 or (whole.startswith("0") and len(whole) > 1):
        return "".join(_DIGITS[int(d)] for d in whole) + tail
    number, spelled = int(whole), ""
    if number >= 10_000:
        spelled = _below_ten_thousand(number // 10_000) + "万"
        number %= 10_000
        if 0 < number < 1000:
            spelled += "零"
    spelled += _below_ten_thousand(number) if number or not spelled else ""
    return (spelled[1:] if spelled.startswith("一十") else spelled) + tail


def _below_ten_thousand(number: int) -> str:
    if number == 0:
        return "零"
    spelled, gap = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, size)
        if digit:
            spelled += ("零" if gap else "") + _DIGITS[digit] + unit
            gap = False
        else:
            gap = bool(spelled)
    return spelled


def distance(left: str, right: str) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def errors(reference: str, heard: str) -> tuple[int, int]:
    """Least edits over the readings of both sides, and the reference's length."""
    pairs = [(distance(ref, hyp), len(ref)) for ref in set(readings(reference)) for hyp in set(readings(heard))]
    return min(pairs)


def telephone(path: Path, law: str) -> io.BytesIO:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    sound = io.BytesIO()
    narrow = np.asarray(soxr.resample(samples, rate, 8000))
    soundfile.write(sound, narrow, 8000, format="WAV", subtype={"alaw": "ALAW", "ulaw": "ULAW"}[law])
    sound.seek(0)
    return sound


def start_errors(case: Case, turns: tuple[Turn, ...]) -> list[float]:
    """For each reference turn the distance to the nearest start of a word of that speaker."""
    found = []
    for speaker, start in case.starts:
        near = [abs(word.start - start) for turn in turns if turn.speaker == speaker for word in turn.words]
        if near:
            found.append(min(near))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Character error rate of transcription on a folder of speech.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--telephone", choices=["alaw", "ulaw"], help="pass the speech through an 8 kHz telephone line")
    parser.add_argument("--recogniser", choices=["auto", "vosk", "whisper"], default="auto")
    parser.add_argument("--verbose", action="store_true", help="show each text")
    options = parser.parse_args()
    engines = load_engines(load_settings().model_copy(update={"recogniser": options.recogniser}))
    wrong = total = files = 0
    seconds = 0.0
    late: list[float] = []
    began = time.perf_counter()
    for case in cases(options.folder):
        with decode(telephone(case.path, options.telephone) if options.telephone else case.path) as pcm:
            heard = transcribe_audio(pcm, engines, None, lambda _: None)
        files += 1
        seconds += heard.seconds
        late += start_errors(case, heard.turns)
        for speaker, reference in case.text.items():
            said = "".join(turn.text for turn in heard.turns if not speaker or turn.speaker == speaker)
            edits, length = errors(reference, said)
            wrong, total = wrong + edits, total + length
            if options.verbose:
                print(f"{case.path.name} {speaker} {edits}/{length}\n  {reference}\n  {said}")
    if not total:
        raise SystemExit(f"{options.folder} holds no speech with a transcript")
    spent = time.perf_counter() - began
    line = f"; telephone {options.telephone}" if options.telephone else ""
    print(f"machine: {platform.machine()}, Python {platform.python_version()}; {engines.recogniser.name}{line}")
    print(f"files {files}, {seconds:.0f} s of sound, {total} characters")
    print(f"CER {wrong / total:.4f}; {spent / seconds:.3f} s per second of sound, models loaded before")
    if late:
        print(f"starts of turns: median {np.median(late):.2f} s off, 90 % within {np.quantile(late, 0.9):.2f} s")


if __name__ == "__main__":
    main()
