"""A sealed object: whatever is changed in it is found, and nothing but what was put ever comes out."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrage.x25519 import Identity

from recordings import container
from recordings.container import FIRST_LINE, SEGMENT, Header, header_length, parse, seal
from recordings.errors import ObjectDamaged

KEY = "2026/11/21/n1-1.1.flac"
IDENTITY = Identity.generate()


def sealed(content: bytes, key: str = KEY, identity: Identity = IDENTITY) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        source.write_bytes(content)
        header, sha256, size = seal(source, target, key=key, day_key="2026-11-21.1", recipient=identity.to_public())
        data = target.read_bytes()
    assert (sha256, size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert header.sha256 == hashlib.sha256(content).hexdigest()
    return data


def opened(data: bytes, key: str = KEY, identity: Identity = IDENTITY) -> bytes:
    """As a reader does it that knows nothing but the file."""
    wanted = header_length(data[:FIRST_LINE], key)
    header = parse(data[:wanted], key)
    if header.offsets[-1] != len(data):
        raise ObjectDamaged("length")
    spans = list(itertools.pairwise(header.offsets))
    content = b"".join(header.open(index, data[a:b], identity) for index, (a, b) in enumerate(spans))
    if hashlib.sha256(content).hexdigest() != header.sha256:
        raise ObjectDamaged("SHA-256")
    return content


CONTENT = bytes(itertools.islice(itertools.cycle(range(251)), 2 * SEGMENT + 1000))
SEALED = sealed(CONTENT)
HEADER = parse(SEALED[: header_length(SEALED[:FIRST_LINE], KEY)], KEY)


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1])
def test_any_length_comes_back(size: int) -> None:
    assert opened(sealed(CONTENT[:size])) == CONTENT[:size]


def test_nothing_of_the_content_lies_in_clear() -> None:
    assert CONTENT[:32] in CONTENT
    assert CONTENT[:32] not in SEALED
    assert all(CONTENT[at : at + 32] not in SEALED for at in range(0, len(CONTENT) - 32, 4999))


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=150)
def test_one_changed_byte_anywhere_is_found(place: int, change: int) -> None:
    data = bytearray(SEALED)
    data[place] ^= change
    with pytest.raises(ObjectDamaged):
        opened(bytes(data))


@given(st.integers(0, HEADER.offsets[0] - 1), st.integers(1, 255))
@settings(max_examples=150)
def test_one_changed_byte_of_the_header_is_found(place: int, change: int) -> None:
    data = bytearray(SEALED)
    data[place] ^= change
    with pytest.raises(ObjectDamaged):
        opened(bytes(data))


@given(st.data())
@settings(max_examples=60)
def test_what_is_cut_out_put_in_or_turned_round_is_found(data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(SEALED)))
    last = data.draw(st.integers(first, len(SEALED)))
    put = data.draw(st.sampled_from([b"", b"\n", b"\0" * 16, SEALED[first:last] * 2, SEALED[first:last][::-1]]))
    changed = SEALED[:first] + put + SEALED[last:]
    if changed != SEALED:
        with pytest.raises(ObjectDamaged):
            opened(changed)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_bytes_of_any_kind_are_no_sealed_object(data: bytes) -> None:
    with pytest.raises(ObjectDamaged):
        opened(container.MAGIC + data)


def _forged(pieces: list[bytes], header: Header) -> bytes:
    """A file that agrees with itself, as somebody could write who can only encrypt to the day's recipient."""
    digests = tuple(hashlib.sha256(piece).hexdigest() for piece in pieces)
    made = replace(header, lengths=tuple(len(piece) for piece in pieces), digests=digests)
    return made.encoded() + b"".join(pieces)


def test_segments_swapped_dropped_or_of_another_object_are_found_even_under_a_header_that_fits() -> None:
    pieces = [SEALED[a:b] for a, b in itertools.pairwise(HEADER.offsets)]
    assert opened(_forged(pieces, HEADER)) == CONTENT
    other = sealed(CONTENT[::-1], key="2026/11/21/n1-2.1.flac")
    other_header = parse(other[: header_length(other[:FIRST_LINE], "2026/11/21/n1-2.1.flac")], "2026/11/21/n1-2.1.flac")
    of_other = [other[a:b] for a, b in itertools.pairwise(other_header.offsets)]
    shorter = replace(HEADER, size=SEGMENT + 1000)
    for forged in (
        _forged([pieces[1], pieces[0], pieces[2]], HEADER),
        _forged([pieces[0], pieces[0], pieces[2]], HEADER),
        _forged([pieces[0], of_other[1], pieces[2]], HEADER),
        _forged(of_other, HEADER),
        _forged([pieces[0], pieces[2]], shorter),
        _forged(pieces, replace(HEADER, size=HEADER.size - 1)),
        _forged(pieces[:2], HEADER),
    ):
        with pytest.raises(ObjectDamaged):
            opened(forged)
    with pytest.raises(ObjectDamaged, match="moved"):
        opened(SEALED, key="2026/11/21/n1-2.1.flac")
    with pytest.raises(ObjectDamaged):
        opened(SEALED, identity=Identity.generate())


def test_a_source_that_changes_meanwhile_is_not_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    seen = container.segments_of

    def grow(size: int) -> int:
        source.write_bytes(CONTENT + b"more")
        return seen(size)

    monkeypatch.setattr(container, "segments_of", grow)
    with pytest.raises(OSError, match="changed while it was sealed"):
        seal(source, tmp_path / "t", key=KEY, day_key="d", recipient=IDENTITY.to_public())
