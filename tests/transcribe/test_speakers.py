"""Who speaks when on one channel: two people are told apart, one person stays one."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.transcribe.conftest import model_folder, speech_folder
from transcribe.audio import RATE, Pcm, decode
from transcribe.filterbank import log_mel
from transcribe.regions import Segmenter
from transcribe.registry import EMBEDDING, SEGMENTATION
from transcribe.speakers import SpeakerEncoder, Utterance, cluster, diarise


def listen(pcm: Pcm) -> list[Utterance]:
    segmenter = Segmenter(model_folder(SEGMENTATION) / "segmentation.onnx")
    encoder = SpeakerEncoder(model_folder(EMBEDDING) / "embedding.onnx")
    activity = segmenter.activity(pcm, 0)
    return diarise(pcm, activity, activity.regions(), encoder)


def joined(paths: list[Path], pause: float = 0.7) -> Pcm:
    pcm = Pcm(1)
    for path in paths:
        with decode(path) as one:
            pcm.append(one.read(0, 0, one.seconds)[:, None])
        pcm.append(np.zeros((round(pause * RATE), 1), np.float32))
    return pcm


@pytest.mark.speech
def test_two_people_on_a_telephone_line_are_told_apart() -> None:
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    folder = speech_folder("two-speakers")
    truth, found = Annotation(), Annotation()
    for line in (folder / "conv.rttm").read_text("utf-8").splitlines():
        _, _, _, start, length, _, _, name, *_ = line.split()
        truth[Segment(float(start), float(start) + float(length))] = name
    with decode(folder / "conv8.wav") as pcm:
        utterances = listen(pcm)
    for number, each in enumerate(utterances):
        found[Segment(each.start, each.end), number] = str(each.speaker)
    assert {each.speaker for each in utterances} == {0, 1}
    assert DiarizationErrorRate(collar=0.5)(truth, found) < 0.12


@pytest.mark.speech
def test_one_person_who_leaves_a_message_stays_one() -> None:
    folder = speech_folder("aishell-50")
    with joined(sorted(folder.glob("*.wav"))[10:22]) as pcm:
        assert {each.speaker for each in listen(pcm)} == {0}


@pytest.mark.speech
def test_utterances_cover_the_speech_in_order_and_without_overlap() -> None:
    folder = speech_folder("two-speakers")
    with decode(folder / "conv8.wav") as pcm:
        utterances = listen(pcm)
    assert utterances[0].speaker == 0
    for before, after in pairwise(utterances):
        assert before.start < before.end <= after.start + 1e-9


def test_voices_fall_into_clusters_and_a_stray_one_joins_the_nearest() -> None:
    rng = np.random.default_rng(0)
    first, second = np.eye(192, dtype=np.float32)[:2]
    voices = [first + rng.normal(0, 0.02, 192) for _ in range(9)] + [
        second + rng.normal(0, 0.02, 192) for _ in range(7)
    ]
    stray = 0.75 * first + 0.35 * rng.normal(0, 0.1, 192)
    stacked = np.stack([*voices, stray]).astype(np.float32)
    labels = cluster(stacked / np.linalg.norm(stacked, axis=1, keepdims=True))
    assert len(set(labels.tolist())) == 2
    assert set(labels[:9].tolist()) == {labels[-1]}
    assert set(labels[9:16].tolist()) != {labels[-1]}


def test_one_voice_alone_is_one_speaker() -> None:
    assert cluster(np.ones((1, 192), np.float32)).tolist() == [0]


def test_many_voices_are_clustered_in_bounded_memory() -> None:
    rng = np.random.default_rng(1)
    centres = np.eye(192, dtype=np.float32)[:2]
    voices = (centres[np.arange(6000) % 2] + rng.normal(0, 0.02, (6000, 192))).astype(np.float32)
    labels = cluster(voices / np.linalg.norm(voices, axis=1, keepdims=True))
    assert len(set(labels[::2].tolist())) == len(set(labels[1::2].tolist())) == 1
    assert labels[0] != labels[1]


def test_the_filter_bank_gives_kaldis_numbers() -> None:
    """Against torchaudio's own implementation, where it can be imported."""
    from transcribe.export import _let_torchaudio_import

    _let_torchaudio_import()
    torch = pytest.importorskip("torch")
    kaldi = pytest.importorskip("torchaudio.compliance.kaldi")
    samples = np.random.default_rng(2).normal(0, 0.1, RATE).astype(np.float32)
    theirs = kaldi.fbank(torch.tensor(samples)[None], num_mel_bins=80, sample_frequency=RATE, dither=0.0).numpy()
    ours = log_mel(samples)
    assert ours.shape == theirs.shape
    assert np.abs(ours - (theirs - theirs.mean(axis=0))).max() < 0.01
