"""Raw legs to FLAC: left caller, right seat, whatever state the legs are in."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recordings.encode import encode
from recordings.errors import DiskFull, LegsMissing
from recordings.legs import Legs, find
from tests.recordings.sounds import leave, quiet, tone

UID = "n1-1763700000.7"


def legs_of(spool: Path, caller: bytes | None, seat: bytes | None) -> Legs:
    leave(spool, UID, caller, seat)
    found = find(spool, UID)
    assert found is not None
    return found


def test_the_caller_is_left_and_the_seat_is_right_to_the_last_sample(tmp_path: Path) -> None:
    caller, seat = tone(5, 440), tone(5, 1000, 0.1)
    made = encode(legs_of(tmp_path, caller, seat), tmp_path / "o.flac")
    samples, rate = soundfile.read(made.path, dtype="int16")
    assert rate == 16_000
    assert np.array_equal(samples[:, 0], np.frombuffer(caller, "<i2"))
    assert np.array_equal(samples[:, 1], np.frombuffer(seat, "<i2"))
    assert made.seconds == made.caller_seconds == made.seat_seconds == 5.0
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert made.bytes == made.path.stat().st_size
    assert made.caller_rms == pytest.approx(0.3 / 2**0.5, rel=0.01)
    assert made.seat_rms == pytest.approx(0.1 / 2**0.5, rel=0.01)


def test_the_seat_is_measured_from_the_answer_on_and_not_over_the_music_before(tmp_path: Path) -> None:
    music_then_silence = tone(10, 300, 0.9) + quiet(5)
    legs = legs_of(tmp_path, tone(15), music_then_silence)
    assert encode(legs, tmp_path / "a.flac", answered_second=10.0).seat_rms == 0.0
    assert encode(legs, tmp_path / "b.flac").seat_rms > 0.4
    assert encode(legs, tmp_path / "c.flac", answered_second=99.0).seat_rms > 0.4


def test_muted_stretches_are_silent_in_both_channels_and_do_not_lower_the_levels(tmp_path: Path) -> None:
    legs = legs_of(tmp_path, tone(6), tone(6, 300))
    made = encode(legs, tmp_path / "o.flac", answered_second=1.0, muted=[(2.0, 4.5), (5.5, float("inf"))])
    samples, _ = soundfile.read(made.path, dtype="int16")
    assert len(samples) == 6 * 16_000
    assert not samples[2 * 16_000 : 72_000].any()
    assert not samples[88_000:].any()
    for kept in (samples[: 2 * 16_000], samples[72_000:88_000]):
        assert kept[:, 0].any()
        assert kept[:, 1].any()
    assert made.caller_rms == pytest.approx(0.3 / 2**0.5, rel=0.01)
    assert made.seat_rms == pytest.approx(0.3 / 2**0.5, rel=0.01)


def test_the_shorter_leg_is_padded_with_silence_and_its_length_is_told(tmp_path: Path) -> None:
    made = encode(legs_of(tmp_path, tone(3), tone(1)), tmp_path / "o.flac")
    samples, _ = soundfile.read(made.path, dtype="int16")
    assert len(samples) == 48_000
    assert not samples[16_000:, 1].any()
    assert (made.seconds, made.caller_seconds, made.seat_seconds) == (3.0, 3.0, 1.0)


@pytest.mark.parametrize(("caller", "seat"), [(tone(2), None), (None, tone(2)), (tone(2), b""), (b"", tone(2))])
def test_what_was_heard_is_kept_when_one_leg_is_missing_or_empty(
    caller: bytes | None, seat: bytes | None, tmp_path: Path
) -> None:
    made = encode(legs_of(tmp_path, caller, seat), tmp_path / "o.flac")
    assert made.seconds == 2.0
    assert sorted((made.caller_seconds, made.seat_seconds)) == [0.0, 2.0]


def test_half_a_sample_at_the_end_of_a_torn_leg_is_dropped(tmp_path: Path) -> None:
    made = encode(legs_of(tmp_path, tone(1)[:-1], tone(1) + b"\x7f"), tmp_path / "o.flac")
    assert soundfile.info(made.path).frames == 16_000


@pytest.mark.parametrize("data", [b"", b"\x01"])
def test_legs_without_a_sample_are_no_recording(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(LegsMissing):
        encode(legs_of(tmp_path, data, data), tmp_path / "o.flac")
    assert not (tmp_path / "o.flac").exists()


def test_a_long_call_is_encoded_in_little_memory(tmp_path: Path) -> None:
    hours = 0.5  # six take the same memory and twelve times as long
    for path in leave(tmp_path, UID, b"", b""):
        with path.open("r+b") as file:
            file.truncate(int(hours * 3600) * 32_000)  # sparse: half an hour of silence takes no room here
    script = (
        "import sys; from pathlib import Path; from recordings.encode import encode;"
        "from recordings.legs import find; folder = Path(sys.argv[1]);"
        f"seconds = encode(find(folder, {UID!r}), folder / 'o.flac').seconds;"
        # not ru_maxrss, which a child inherits from its parent
        "print(seconds, Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    said = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    seconds, kilobytes = said.stdout.split()
    assert float(seconds) == hours * 3600
    assert int(kilobytes) < 90_000  # the legs are 115 MB


def test_a_full_disk_is_told_as_such_and_leaves_the_legs_and_nothing_half_made(
    tmp_path: Path, small_disk: Path
) -> None:
    noise = np.random.default_rng(1).integers(-9000, 9000, 16_000 * 60, dtype=np.int16).tobytes()
    legs = legs_of(tmp_path, noise, noise)
    with pytest.raises(DiskFull, match="free some space"):
        encode(legs, small_disk / "o.flac")
    assert list(small_disk.iterdir()) == []
    assert find(tmp_path, UID) == legs
