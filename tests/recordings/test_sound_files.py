"""Sound files that lie, break off, swell or are none: a sentence each, in bounded time, memory and disk."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings.sound_files import Sound, SoundUnusable, open_sound, printable

RATE = 8000


def tone(seconds: float = 0.5) -> np.ndarray:
    return (0.4 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def heard(path: Path, **how: float) -> tuple[np.ndarray, Sound]:
    with open_sound(path, **how) as sound:  # type: ignore[arg-type]
        return np.concatenate(list(sound.blocks())), sound


def wav(rate: int = RATE, channels: int = 1, *, data: bytes = bytes(16_000), says: int | None = None) -> bytes:
    width = 2 * channels
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, channels, rate, (rate * width) & 0xFFFFFFFF, width & 0xFFFF, 16)
        + b"data" + struct.pack("<I", len(data) if says is None else says) + data
    )  # fmt: skip


def encoded(path: Path, codec: str, container: str, rate: int = RATE) -> Path:
    """The tone as FFmpeg writes it."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "mono"
        samples = (np.resize(tone(), rate) * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.rate = rate
        fifo = av.AudioFifo()
        for part in av.AudioResampler(format=stream.format.name, layout="mono", rate=rate).resample(frame):
            fifo.write(part)
        size = stream.codec_context.frame_size or 1024
        while (part := fifo.read(size, partial=True)) is not None:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    return path


def video(path: Path) -> Path:
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("name", "codec", "container"), [("a.m4a", "aac", "ipod"), ("b.wav", "libmp3lame", "wav")])
def test_what_libsndfile_does_not_know_is_read_all_the_same(
    tmp_path: Path, name: str, codec: str, container: str
) -> None:
    samples, sound = heard(encoded(tmp_path / name, codec, container, 16_000))
    assert sound.seconds == pytest.approx(1.0, abs=0.15)
    assert float(np.abs(samples).max()) > 0.2


@pytest.mark.parametrize(("name", "subtype"), [("a.gsm", "GSM610"), ("a.ulaw", "ULAW"), ("a.al", "ALAW")])
def test_a_telephone_format_without_a_header_is_known_by_its_ending(tmp_path: Path, name: str, subtype: str) -> None:
    soundfile.write(tmp_path / name, tone(), RATE, format="RAW", subtype=subtype)
    samples, _ = heard(tmp_path / name)
    assert abs(int(np.abs(np.fft.rfft(samples[:, 0])).argmax()) * 16_000 / len(samples) - 440) < 5


def test_silence_in_mu_law_is_not_taken_for_an_mp3(tmp_path: Path) -> None:
    (tmp_path / "quiet.ulaw").write_bytes(b"\xff" * RATE)
    samples, sound = heard(tmp_path / "quiet.ulaw")
    assert sound.kind == "RAW ULAW"
    assert float(np.abs(samples).max()) < 0.001


def test_a_wrong_ending_does_not_matter_where_the_content_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "call.gsm").write_bytes(wav())
    assert heard(tmp_path / "call.gsm")[1].kind == "WAV PCM_16"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (wav(channels=48), "has 48 channels"),
        (wav(rate=1), "says 1 samples per second"),
        (wav(rate=10_000_000), "says 10000000 samples per second"),
        (wav(rate=0), ""),
        (wav(channels=0), ""),
        (wav(data=b""), "holds no sound"),
        (wav()[:20], "is not audio"),
        (wav()[:16] + b"\xff\xff\xff\xff" + wav()[20:], ""),
        (b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\xf0\xff\xff\x7f" * 3000, ""),
        (b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n", "is not audio"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "is not audio"),
        (b"%PDF-1.4\n" + bytes(3000), "is not audio"),
        (bytes(100_000), "is not audio"),
    ],
)
def test_a_file_that_lies_is_refused_in_a_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "call.wav").write_bytes(content)
    with pytest.raises(SoundUnusable) as refused:
        heard(tmp_path / "call.wav")
    assert told in str(refused.value)
    assert "call.wav" in str(refused.value)


@pytest.mark.parametrize("name", ["text.gsm", "text.ulaw"])
def test_a_text_with_the_ending_of_a_sound_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Dear Sir, the line is dead. " * 200)
    with pytest.raises(SoundUnusable, match="not what its ending says"):
        heard(tmp_path / name)


def test_a_video_is_refused_as_one(tmp_path: Path) -> None:
    with pytest.raises(SoundUnusable, match="is a video"):
        heard(video(tmp_path / "call.mp4"))


def test_what_is_no_ordinary_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.wav"))
        for path in (tmp_path, tmp_path / "pipe.wav", tmp_path / "s.wav", Path("/dev/zero")):
            with pytest.raises(SoundUnusable, match=r"is a (folder|device)"):
                heard(path)
    (tmp_path / "link.wav").symlink_to("/dev/zero")
    with pytest.raises(SoundUnusable, match="is a device"):
        heard(tmp_path / "link.wav")
    with pytest.raises(SoundUnusable, match="is a link"), open_sound(tmp_path / "link.wav", follow_links=False):
        pass


def test_a_data_chunk_that_promises_four_gigabytes_gives_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_bytes(wav(says=0x7FFFFFF0))
    samples, sound = heard(tmp_path / "call.wav")
    assert len(samples) == pytest.approx(16_000, abs=10)
    assert "breaks off" in sound.warnings[0]


@pytest.mark.parametrize("says", [0, 1000, 9000])
def test_what_lies_behind_the_end_that_a_header_names_is_read_too(tmp_path: Path, says: int) -> None:
    (tmp_path / "call.wav").write_bytes(wav(data=(tone(1.0) * 32767).astype("<i2").tobytes(), says=says))
    samples, sound = heard(tmp_path / "call.wav")
    assert len(samples) == 16_000
    assert "what follows was read too" in sound.warnings[0]


def test_another_chunk_behind_the_samples_is_no_sound(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_bytes(wav(data=(tone(1.0) * 32767).astype("<i2").tobytes()) + b"LIST\4\0\0\0abcd")
    samples, sound = heard(tmp_path / "call.wav")
    assert (len(samples), sound.warnings) == (16_000, ())


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_recordings_that_were_appended_to_each_other_are_read_to_the_end(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "one.ogg", tone(2.0), RATE, format="OGG", subtype=subtype)
    (tmp_path / "call.ogg").write_bytes((tmp_path / "one.ogg").read_bytes() * 3)
    _, sound = heard(tmp_path / "call.ogg")
    assert sound.seconds == pytest.approx(6.0, abs=0.2)  # each ends on a whole block
    assert heard(tmp_path / "one.ogg")[1].seconds == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(("promised", "told"), [(0, ()), (160_000, ("breaks off",)), (2**36 - 1, ("breaks off",))])
def test_a_flac_is_read_whatever_length_its_header_names(tmp_path: Path, promised: int, told: tuple[str, ...]) -> None:
    soundfile.write(tmp_path / "call.flac", tone(1.0), RATE)
    content = bytearray((tmp_path / "call.flac").read_bytes())
    content[21:26] = ((content[21] >> 4) << 36 | promised).to_bytes(5, "big")
    (tmp_path / "call.flac").write_bytes(content)
    _, sound = heard(tmp_path / "call.flac")
    assert sound.seconds == pytest.approx(1.0, abs=0.15)
    assert [part in warning for part, warning in zip(told, sound.warnings, strict=True)] == [True] * len(told)


def test_numbers_that_are_none_become_silence(tmp_path: Path) -> None:
    samples = tone()
    samples[:50] = np.nan
    samples[50:60] = np.inf
    soundfile.write(tmp_path / "nan.wav", samples, RATE, subtype="DOUBLE")
    found, sound = heard(tmp_path / "nan.wav")
    assert np.isfinite(found).all()
    assert sound.warnings == ("60 samples were not numbers and were taken as silence",)


def silence(path: Path, hours: float) -> Path:
    """FLAC of digital silence: an hour of it takes some kilobytes."""
    block = np.zeros(RATE * 600, np.int16)
    with soundfile.SoundFile(path, "w", samplerate=RATE, channels=1, format="FLAC", subtype="PCM_16") as out:
        for _ in range(round(hours * 6)):
            out.write(block)
    return path


def test_a_small_file_that_swells_beyond_its_hours_is_refused_in_the_memory_of_a_block(tmp_path: Path) -> None:
    bomb = silence(tmp_path / "bomb.flac", 2.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (
        pytest.raises(SoundUnusable, match=r"lasts longer than 1\.5 hours"),
        open_sound(bomb, longest_hours=1.5) as sound,
    ):
        for _ in sound.blocks():
            pass
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    assert bomb.stat().st_size < 200_000
    assert grown < 60


@pytest.mark.parametrize("name", ["a\nb.wav", "\x1b[2Ja.wav", "\udcff.wav", "a\u202egpj.wav", "录音 一.wav"])
def test_a_name_is_shown_in_characters_that_do_nothing(name: str) -> None:
    shown = printable(name)
    assert shown.isprintable()
    assert "\u202e" not in shown
    shown.encode()


SEEDS = ("a.wav", "u.wav", "g.wav", "a.flac", "a.ogg", "a.mp3", "a.gsm", "a.au", "a.w64")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("seeds")
    subtypes = {"u.wav": "ULAW", "g.wav": "GSM610", "a.gsm": "GSM610"}
    for name in SEEDS:
        kind = "RAW" if name == "a.gsm" else name.split(".")[1].upper()
        soundfile.write(folder / name, tone(0.3), RATE, subtype=subtypes.get(name), format=kind)
    return {name: (folder / name).read_bytes() for name in SEEDS}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 95), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 400),
)
def test_whatever_bytes_are_flipped_a_file_is_read_or_refused(
    seeds: dict[str, bytes], tmp_path: Path, name: str, changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(seeds[name])
    for at, value in changes:
        content[at % len(content)] = value
    (tmp_path / name).write_bytes(content[: max(1, len(content) - cut)])
    with contextlib.suppress(SoundUnusable):
        samples, _ = heard(tmp_path / name)
        assert np.isfinite(samples).all()
        assert samples.shape[1] in (1, 2)
