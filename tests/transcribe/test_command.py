"""`hotline transcribe` and `hotline models`, as scripts call them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hotline.settings import CHECKOUT, Settings
from tests.transcribe.conftest import speech_folder
from transcribe.audio import decode


def hotline(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hotline", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=CHECKOUT,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def a_call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two channels at 8 kHz A-law: two prompts of the menus, the right one first and the left one five seconds on."""
    prompts = []
    for name in ("leave-message", "recording-notice"):
        with decode(CHECKOUT / "ivr" / "prompts" / f"{name}.wav") as pcm:
            prompts.append(pcm.read(0, 0, pcm.seconds)[::2])
    left, right = prompts
    sound = np.zeros((max(len(left) + 5 * 8000, len(right)) + 8000, 2), np.float32)
    sound[5 * 8000 : 5 * 8000 + len(left), 0] = left
    sound[: len(right), 1] = right
    path = tmp_path_factory.mktemp("call") / "call.wav"
    soundfile.write(path, sound, 8000, subtype="ALAW")
    return path


@pytest.mark.speech
def test_json_alone_is_printed_with_turns_and_a_draft(recognising: Settings, a_call: Path) -> None:
    done = hotline("transcribe", a_call, "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert set(printed) == {"seconds", "turns", "draft"}
    assert printed["seconds"] == pytest.approx(soundfile.info(a_call).duration, abs=0.01)
    assert {turn["speaker"] for turn in printed["turns"]} == {"caller", "seat"}
    for turn in printed["turns"]:
        assert set(turn) == {"speaker", "start", "end", "text"}
        assert 0 <= turn["start"] < turn["end"] <= printed["seconds"]
    starts = [turn["start"] for turn in printed["turns"]]
    assert starts == sorted(starts)
    caller = next(turn for turn in printed["turns"] if turn["speaker"] == "caller")
    assert caller["start"] == pytest.approx(5.0, abs=0.3)
    draft = printed["draft"]
    assert draft["kind"] in {"complaint", "suggestion", "enquiry", "report"}
    assert isinstance(draft["urgent"], bool)
    for spans in draft["evidence"].values():
        assert all(0 <= span["start"] <= span["end"] <= printed["seconds"] and span["text"] for span in spans)


@pytest.mark.speech
def test_what_the_seats_channel_holds_before_the_answer_is_not_heard(recognising: Settings, a_call: Path) -> None:
    done = hotline("transcribe", a_call, "--json", "--answered-at", "60")
    assert {turn["speaker"] for turn in json.loads(done.stdout)["turns"]} == {"caller"}


@pytest.mark.speech
def test_a_person_gets_a_table(recognising: Settings, a_call: Path) -> None:
    done = hotline("transcribe", a_call)
    assert done.returncode == 0
    assert "caller" in done.stdout
    assert "draft" in done.stdout


@pytest.mark.speech
def test_silence_gives_no_turns_and_still_a_draft(recognising: Settings, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros((4 * 8000, 2), np.float32), 8000)
    printed = json.loads(hotline("transcribe", tmp_path / "silence.wav", "--json").stdout)
    assert printed["turns"] == []
    assert printed["draft"]["phone"] is None


@pytest.mark.speech
def test_two_people_on_one_channel_are_two_speakers(recognising: Settings) -> None:
    done = hotline("transcribe", speech_folder("two-speakers") / "conv8.wav", "--json")
    assert {turn["speaker"] for turn in json.loads(done.stdout)["turns"]} == {"speaker1", "speaker2"}


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "empty (0 bytes)"), (b"no sound at all " * 99, "is not audio")], ids=["empty", "text"]
)
def test_a_file_that_cannot_be_used_fails_with_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "bad.wav").write_bytes(content)
    done = hotline("transcribe", tmp_path / "bad.wav", "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["/nowhere/call.wav"], ["a.wav", "b.wav"], ["--loud", "a.wav"], ["a.wav", "--answered-at", "soon"]],
)
def test_wrong_use_is_told_in_one_sentence(arguments: list[str]) -> None:
    done = hotline("transcribe", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_without_its_models_it_names_the_command_that_brings_them(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(8000, np.float32) * 0.1, 8000)
    done = hotline("transcribe", tmp_path / "a.wav", "--json", HOTLINE_MODELS=str(tmp_path))
    assert done.returncode == 1
    assert "hotline models fetch" in done.stderr


def test_models_are_listed_and_an_unknown_one_is_wrong_use(tmp_path: Path) -> None:
    done = hotline("models", "list", "--json", HOTLINE_MODELS=str(tmp_path))
    rows = {row["name"]: row for row in json.loads(done.stdout)["models"]}
    assert not rows["whisper-base"]["present"]
    assert rows["vosk-cn-small"]["optional"]
    assert hotline("models", "fetch", "whisper-huge").returncode == 2
    assert hotline("models", "verify", HOTLINE_MODELS=str(tmp_path)).returncode == 1
