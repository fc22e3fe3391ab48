"""Any sound file becomes 16 kHz samples, and what cannot be used is told in one sentence."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest
import soundfile

from transcribe.audio import RATE, Pcm, decode
from transcribe.errors import AudioError


def tone(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "rate", "subtype"),
    [
        ("line.wav", 8000, "ALAW"),
        ("line.wav", 8000, "ULAW"),
        ("call.flac", 16000, "PCM_16"),
        ("hall.wav", 44100, "FLOAT"),
        ("box.ogg", 48000, "VORBIS"),
        ("old.aiff", 11025, "PCM_24"),
        ("fax.mp3", 22050, None),
    ],
)
def test_every_format_is_resampled_to_the_same_tone(tmp_path: Path, name: str, rate: int, subtype: str | None) -> None:
    soundfile.write(tmp_path / name, tone(2.0, rate), rate, subtype=subtype)
    with decode(tmp_path / name) as pcm:
        assert pcm.channels == 1
        assert pcm.seconds == pytest.approx(2.0, abs=0.1)
        samples = pcm.read(0, 0.5, 1.5)
        assert len(samples) == RATE
        assert int(np.abs(np.fft.rfft(samples)).argmax()) == pytest.approx(440, abs=1)
        assert pcm.warnings == ()


def test_two_channels_are_kept_apart(tmp_path: Path) -> None:
    both = np.stack([tone(1.0, 8000, 300.0), tone(1.0, 8000, 700.0)], axis=1)
    soundfile.write(tmp_path / "call.wav", both, 8000)
    with decode(tmp_path / "call.wav") as pcm:
        peaks = [int(np.abs(np.fft.rfft(pcm.read(channel, 0, 1))).argmax()) for channel in (0, 1)]
    assert peaks == [300, 700]


def test_reading_outside_the_file_is_cut_at_its_ends(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(1.0, 16000), 16000)
    with decode(tmp_path / "a.wav") as pcm:
        assert len(pcm.read(0, -5.0, 0.5)) == RATE // 2
        assert len(pcm.read(0, 0.5, 99.0)) == RATE // 2
        assert len(pcm.read(0, 2.0, 3.0)) == 0


def test_a_wav_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "whole.wav", tone(4.0, 8000), 8000, subtype="PCM_16")
    data = (tmp_path / "whole.wav").read_bytes()
    (tmp_path / "torn.wav").write_bytes(data[: 44 + 2 * 8000 * 1])
    with decode(tmp_path / "torn.wav") as pcm:
        assert pcm.seconds == pytest.approx(1.0, abs=0.02)
        assert pcm.warnings == ("the file breaks off; 1.0 of 4.0 seconds could be read",)


def test_a_flac_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    soundfile.write(tmp_path / "whole.flac", rng.normal(0, 0.1, 8 * 16000).astype(np.float32), 16000)
    data = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "torn.flac").write_bytes(data[: len(data) // 2])
    with decode(tmp_path / "torn.flac") as pcm:
        assert 2.0 < pcm.seconds < 5.0
        assert len(pcm.warnings) == 1
        assert "breaks off" in pcm.warnings[0]


def test_a_recording_whose_writer_was_killed_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(1.0, 8000), 8000, subtype="PCM_16")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "killed.wav").write_bytes(data)
    with decode(tmp_path / "killed.wav") as pcm:
        assert pcm.seconds == pytest.approx(1.0, abs=0.02)
        assert pcm.warnings == ()


def test_samples_that_are_no_numbers_become_silence_and_are_told(tmp_path: Path) -> None:
    samples = tone(1.0, 16000)
    samples[100:110] = np.nan
    samples[200] = np.inf
    soundfile.write(tmp_path / "nan.wav", samples, 16000, subtype="FLOAT")
    with decode(tmp_path / "nan.wav") as pcm:
        assert np.isfinite(pcm.read(0, 0, 1)).all()
        assert pcm.warnings == ("11 samples were not numbers and were taken as silence",)


def wav_header(rate: int, channels: int, data: int) -> bytes:
    block = 2 * channels
    return (
        b"RIFF" + (36 + data).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little") + b"\1\0"
        + channels.to_bytes(2, "little") + rate.to_bytes(4, "little") + (rate * block).to_bytes(4, "little")
        + block.to_bytes(2, "little") + b"\x10\0data" + data.to_bytes(4, "little")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"Dear Sir, the line is dead.\n" * 50, "is not audio"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "is not audio"),
        (b"RIFF", "is not audio"),
        (wav_header(8000, 1, 0), "holds no sound"),
        (wav_header(8000, 6, 12000) + bytes(12000), "has 6 channels"),
        (wav_header(3, 1, 2000) + bytes(2000), "says 3 samples per second"),
        (wav_header(4_000_000, 1, 2000) + bytes(2000), "says 4000000 samples per second"),
    ],
)
def test_what_is_no_usable_audio_is_refused_in_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        decode(path)
    assert told in str(caught.value)
    assert "bad.wav" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="there is no file"):
        decode(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is a folder"):
        decode(tmp_path)


def test_hours_of_sound_take_little_memory(tmp_path: Path) -> None:
    half_hour = np.zeros(1800 * RATE, np.int16)
    half_hour[:RATE] = 1000
    with soundfile.SoundFile(tmp_path / "long.flac", "w", RATE, 1) as file:
        for _ in range(6):
            file.write(half_hour)
    del half_hour
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with decode(tmp_path / "long.flac") as pcm:
        assert pcm.seconds == pytest.approx(3 * 3600, abs=0.1)
        assert np.abs(pcm.read(0, 2.5 * 3600, 2.5 * 3600 + 1)).max() > 0.01
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 150_000, f"decoding took {grown} kB more at its peak; the samples alone are 346 MB"


def test_one_sound_saved_on_two_channels_is_known(tmp_path: Path) -> None:
    voice, other = tone(3.0, 8000, 300.0), tone(3.0, 8000, 700.0)
    for name, left, right in (("doubled", voice, voice), ("call", voice, other), ("quiet", voice * 0, voice * 0)):
        soundfile.write(tmp_path / f"{name}.wav", np.stack([left, right], axis=1), 8000)
        with decode(tmp_path / f"{name}.wav") as pcm:
            assert pcm.is_doubled() == (name == "doubled")


def test_hours_of_silence_take_no_disk_and_what_follows_them_is_in_its_place() -> None:
    hour = np.zeros((RATE * 600, 2), np.float32)
    with Pcm(2) as pcm:
        for _ in range(18):
            pcm.append(hour)
        pcm.append(np.stack([tone(1.0, RATE), np.zeros(RATE, np.float32)], axis=1))
        pcm.append(hour)
        assert pcm.seconds == 3 * 3600 + 1 + 600
        assert float(np.abs(pcm.read(0, 3 * 3600 - 2, 3 * 3600)).max()) == 0.0
        assert float(np.abs(pcm.read(0, 3 * 3600, 3 * 3600 + 1)).max()) > 0.4
        assert float(np.abs(pcm.read(1, 3 * 3600, 3 * 3600 + 1)).max()) == 0.0
        assert len(pcm.read(0, 3 * 3600 + 1, 4 * 3600)) == RATE * 600
        assert os.fstat(pcm._file.fileno()).st_blocks * 512 < 1 << 20
