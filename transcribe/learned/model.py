"""One version of the model: for each field the classes, the runs it knows, and a weight for each pair of them.

Stored as NumPy's own archive of plain arrays, without pickle, so that loading one runs no code; what was stored is
recognised by its SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from transcribe.draft.result import Evidence
from transcribe.errors import TranscribeError
from transcribe.learned.words import Place, places
from transcribe.turns import Turn

Array = NDArray[np.float32]
FIELDS = ("kind", "business", "nature", "cause")
"""Fields that can be learned: those with few values, told by words all over the call."""
NONE = ""
"""The class of forms on which the field is empty."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a model at most, unpacked."""
PIECES = 3
"""Stretches of evidence that a value shows."""
_FORMAT = 1


class ModelDamaged(TranscribeError):
    """What is stored is not the model that was trained, or no model at all."""

    code: ClassVar[str] = "model_damaged"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A run that spoke for a value."""

    run: str
    weight: float
    """How much it speaks for the value, beyond what it does for the others on average."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What the model makes of one field of one call."""

    value: str
    """NONE where the field should be empty."""
    ranked: tuple[tuple[str, float], ...]
    """Every class with its probability, likeliest first."""
    weighed: tuple[Weighed, ...]
    """Runs in this call that spoke for the value, strongest first."""
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class FieldModel:
    """Multinomial logistic regression over which runs a call has: weights `(classes, runs)`, scaled by `rarity`."""

    classes: tuple[str, ...]
    runs: tuple[str, ...]
    rarity: Array
    weights: Array
    bias: Array

    def __post_init__(self) -> None:
        shape = (len(self.classes), len(self.runs))
        fits = self.weights.shape == shape and self.rarity.shape == shape[1:] and self.bias.shape == shape[:1]
        numbers = (self.rarity, self.weights, self.bias)
        if not fits or len(self.classes) < 2 or not all(np.isfinite(each).all() for each in numbers):
            raise ModelDamaged("the model's arrays do not fit each other; train it anew: hotline drafts train")

    def top(self, value: str, count: int) -> tuple[Weighed, ...]:
        """The runs that speak most for a class."""
        speaks = self._speaks(self.classes.index(value)) * self.rarity
        return tuple(Weighed(self.runs[at], float(speaks[at])) for at in np.argsort(-speaks)[:count] if speaks[at] > 0)

    def guess(self, turns: Sequence[Turn], found: Mapping[str, Sequence[Place]]) -> Guess:
        known = np.array([at for at, run in enumerate(self.runs) if run in found], dtype=np.int64)
        shares = self.rarity[known]
        shares = shares / max(float(np.linalg.norm(shares)), 1e-9)
        sums = self.weights[:, known] @ shares + self.bias
        likely = np.exp(sums - sums.max())
        likely /= likely.sum()
        order = [int(at) for at in np.argsort(-likely)]
        spoke = self._speaks(order[0])[known] * shares
        strongest = [int(at) for at in np.argsort(-spoke) if spoke[at] > 0]
        weighed = tuple(Weighed(self.runs[known[at]], float(spoke[at])) for at in strongest)
        return Guess(
            self.classes[order[0]],
            tuple((self.classes[at], float(likely[at])) for at in order),
            weighed,
            _evidence(turns, weighed, found),
        )

    def _speaks(self, chosen: int) -> Array:
        return np.asarray(self.weights[chosen] - self.weights.mean(axis=0), np.float32)


@dataclass(frozen=True, slots=True)
class Model:
    """What is live in the fields `takes_over`; the others are there to be compared."""

    version: int
    fields: Mapping[str, FieldModel]
    takes_over: frozenset[str] = frozenset()

    def guesses(self, turns: Sequence[Turn], names: Sequence[str]) -> dict[str, Guess]:
        found = places(turns)
        return {name: self.fields[name].guess(turns, found) for name in names if name in self.fields}


def pack(fields: Mapping[str, FieldModel]) -> tuple[bytes, str]:
    """The fields as an archive of arrays, and its SHA-256."""
    head = {"format": _FORMAT, "fields": {name: [each.classes, each.runs] for name, each in fields.items()}}
    arrays: dict[str, NDArray[np.uint8] | Array] = {
        "head": np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), np.uint8)
    }
    for name, each in fields.items():
        arrays |= {f"{name}.rarity": each.rarity, f"{name}.weights": each.weights, f"{name}.bias": each.bias}
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, **arrays)
    data = written.getvalue()
    return data, hashlib.sha256(data).hexdigest()


def unpack(data: bytes, sha256: str) -> dict[str, FieldModel]:
    """The fields of an archive; ModelDamaged unless it is exactly what was packed."""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelDamaged("the stored model has another SHA-256 than when it was trained; train it anew")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise ModelDamaged(f"the model is larger than {LARGEST} bytes; train it anew")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            head = json.loads(bytes(arrays["head"]).decode())
            return {
                name: FieldModel(
                    tuple(classes), tuple(runs), arrays[f"{name}.rarity"], arrays[f"{name}.weights"],
                    arrays[f"{name}.bias"],
                )
                for name, (classes, runs) in head["fields"].items()
            }  # fmt: skip
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ModelDamaged("what is stored is no model; train it anew: hotline drafts train") from error


def _evidence(
    turns: Sequence[Turn], weighed: Sequence[Weighed], found: Mapping[str, Sequence[Place]]
) -> tuple[Evidence, ...]:
    """The strongest stretches: runs that overlap or touch are one, each at the first place it was said."""
    strength: dict[Place, float] = {}
    for each in weighed[:40]:
        place = found[each.run][0]
        touching = [old for old in strength if _touch(old, place)]
        joined = Place(
            place.turn, min(each.first for each in (place, *touching)), max(each.last for each in (place, *touching))
        )
        total = each.weight + sum(strength.pop(old) for old in touching)
        strength[joined] = total
    best = sorted(strength, key=lambda place: (-strength[place], place.turn, place.first))[:PIECES]
    pieces = []
    for place in best:
        turn = turns[place.turn]
        start, end = turn.seconds_of(place.first, place.last)
        pieces.append(Evidence(start, end, turn.text[place.first : place.last], place.turn, place.first, place.last))
    return tuple(pieces)


def _touch(left: Place, right: Place) -> bool:
    return left.turn == right.turn and left.first <= right.last and right.first <= left.last
