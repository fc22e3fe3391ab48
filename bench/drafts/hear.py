"""What the pipeline hears of a call under a condition, kept under `data/drafts` until sound or model changes."""

from __future__ import annotations

import ast
import hashlib
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from conditions import CONDITIONS, RATE, Sound, read
from corpus import Call

from hotline.settings import Settings
from transcribe.engines import load_engines
from transcribe.pipeline import transcribe_file
from transcribe.turns import Turn

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "data" / "drafts"


@dataclass(frozen=True)
class Heard:
    turns: tuple[Turn, ...]
    engine: str
    pipeline: str
    """Digest of the recognition's source as it was then."""
    spent: float
    """Seconds that it took."""


def heard(call: Call, condition: str, others: Sequence[Path], settings: Settings, *, fresh: bool, only: bool) -> Heard:
    """Hear a call, or read what was heard of this very sound with this model.

    `fresh` hears again what an older source of the recognition heard; with `only`, nothing is heard that is not kept:
    KeyError then.
    """
    sound = CONDITIONS[condition](read(call.sound), call.id, others)
    pcm = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
    model = load_engines(settings).recogniser.name
    key = hashlib.sha256(pcm.tobytes() + model.encode()).hexdigest()[:24]
    kept = KEPT / f"{key}.json"
    if kept.exists():
        row = json.loads(kept.read_text("utf-8"))
        if not fresh or row["pipeline"] == pipeline_digest():
            return Heard(tuple(Turn.from_json(turn) for turn in row["turns"]), model, row["pipeline"], row["spent"])
    elif only:
        raise KeyError(call.id)
    return _hear(pcm, kept, model, settings)


def _hear(pcm: Sound, kept: Path, model: str, settings: Settings) -> Heard:
    digest, began = pipeline_digest(), time.perf_counter()
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, pcm, RATE, subtype="PCM_16")
        found = transcribe_file(Path(file.name), settings, 0.0)
    spent = time.perf_counter() - began
    turns = [turn.to_json(with_words=True) for turn in found.turns]
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"turns": turns, "pipeline": digest, "spent": spent}, ensure_ascii=False), "utf-8")
    return Heard(tuple(found.turns), model, digest, spent)


@cache
def pipeline_digest() -> str:
    """Of the modules that recognition is made of: `transcribe/pipeline.py`, `engines.py` and what they import there."""
    wanted, found = ["pipeline", "engines"], set[Path]()
    while wanted:
        path = ROOT / "transcribe" / f"{wanted.pop()}.py"
        if path.exists() and path not in found:
            found.add(path)
            wanted += _imported(path)
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(found))).hexdigest()[:12]


def _imported(path: Path) -> list[str]:
    """Names of the modules of `transcribe` that a module imports."""
    names = [node.module or "" for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.ImportFrom)]
    return [name.removeprefix("transcribe.") for name in names if name.startswith("transcribe.")]
