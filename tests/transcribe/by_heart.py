"""Networks of SenseVoice's and Paraformer's shape that know one sentence by heart, made in a second out of its sound.

Each frame of the spectrum (seven of Kaldi's, every 60 ms) is given the label of the frame of the known sound that it
is nearest to: a character, or nothing. So sherpa-onnx runs the graph, features, decoding and times of the real models
without their weights, which no package registry carries.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from transcribe.audio import RATE, Samples
from transcribe.filterbank import log_mel

Frames = npt.NDArray[np.float32]

WINDOW, SHIFT = 7, 6
BLANK, END = "<blk>", "</s>"
TAGS = ("<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|woitn|>")
"""What SenseVoice says before the first word."""
_WIDTH = 80 * WINDOW
_SILENT = float(np.log(np.finfo(np.float32).eps))
_PADDING = -23.025850929940457
"""What sherpa-onnx fills shorter files of a batch up with."""
_NEVER = 1000.0
"""Log energy of no sound: the end of the text is never heard."""


def write(folder: Path, kind: str, samples: Samples, text: str, spans: list[tuple[float, float]]) -> Path:
    """Put a model that knows `text`, said in `spans` of `samples` (16 kHz), into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    prototypes, labels = _prototypes(samples, len(text), spans)
    graph = {"sensevoice": _sensevoice, "paraformer": _paraformer}[kind](prototypes, labels, len(text) + 2 + len(TAGS))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in _facts(kind, len(text) + 2 + len(TAGS)).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / "model.onnx"))
    lines = [f"{token} {number}" for number, token in enumerate([BLANK, *text, END, *TAGS])]
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def _prototypes(samples: Samples, characters: int, spans: list[tuple[float, float]]) -> tuple[Frames, list[int]]:
    """(n, 560) frames of the sound and their labels: characters spread evenly over the spans, 0 elsewhere.

    Every 10 ms one, so that the sentence is known wherever it begins.
    """
    logs = _energies(samples)
    logs = np.concatenate([np.repeat(logs[:1], WINDOW // 2, axis=0), logs])  # as FunASR begins
    rows = [logs[index : index + WINDOW].ravel() for index in range(len(logs) - WINDOW + 1)]
    labels = [_label(index / 100, characters, spans) for index in range(len(rows))]
    rows += [np.full(_WIDTH, value, np.float32) for value in (_SILENT, _PADDING, *[_NEVER] * (1 + len(TAGS)))]
    others = range(characters + 1, characters + 2 + len(TAGS))
    return np.stack(rows).astype(np.float32), [*labels, 0, 0, *others]


def _label(at: float, characters: int, spans: list[tuple[float, float]]) -> int:
    before, total = 0.0, sum(end - start for start, end in spans)
    for start, end in spans:
        if start <= at < end:
            return 1 + int((before + at - start) / total * characters)
        before += end - start
    return 0


def _energies(samples: Samples) -> Frames:
    """Kaldi's log energies at the scale of 16-bit samples; `log_mel` takes each mean away, so it is put back."""
    silence = np.zeros(RATE // 10, np.float32)
    logs = log_mel(np.concatenate([samples * 32768.0, silence]))
    return np.asarray(logs - logs[-1] + _SILENT, np.float32)


def _facts(kind: str, vocabulary: int) -> dict[str, str]:
    facts = {
        "vocab_size": str(vocabulary), "lfr_window_size": str(WINDOW), "lfr_window_shift": str(SHIFT),
        "neg_mean": ",".join(["0"] * _WIDTH), "inv_stddev": ",".join(["1"] * _WIDTH),
    }  # fmt: skip
    if kind == "sensevoice":
        facts |= {"normalize_samples": "0", "with_itn": "14", "without_itn": "15", "lang_auto": "0", "lang_zh": "3"}
        facts |= {"lang_en": "4", "lang_ja": "11", "lang_ko": "12", "lang_yue": "7"}
    return facts


def _scores(frames: Frames, labels: list[int], vocabulary: int) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """`x` (N, T, 560) → `scores` (N, T, vocabulary): how near each label's nearest frame is."""
    order = np.argsort(labels, kind="stable")
    frames, sorted_labels = frames[order], np.asarray(labels)[order]
    sizes = np.bincount(sorted_labels, minlength=vocabulary)
    assert sizes.min() > 0, "each character needs a frame of its own"
    nodes = [
        helper.make_node("MatMul", ["x", "frames"], ["products"]),
        helper.make_node("Add", ["products", "lengths"], ["near"]),
        helper.make_node("Split", ["near", "sizes"], [f"of{label}" for label in range(vocabulary)], axis=2),
    ]
    nodes += [
        helper.make_node("ReduceMax", [f"of{label}"], [f"best{label}"], axes=[2], keepdims=1)
        for label in range(vocabulary)
    ]
    nodes.append(helper.make_node("Concat", [f"best{label}" for label in range(vocabulary)], ["scores"], axis=2))
    held = [
        numpy_helper.from_array(np.ascontiguousarray(2 * frames.T), "frames"),
        numpy_helper.from_array(-np.square(frames).sum(axis=1).astype(np.float32), "lengths"),
        numpy_helper.from_array(sizes.astype(np.int64), "sizes"),
    ]
    return nodes, held


def _sensevoice(frames: Frames, labels: list[int], vocabulary: int) -> onnx.GraphProto:
    """Inputs x, x_length, language, text_norm → logits (N, T + 4, vocabulary): four frames of its own go first."""
    nodes, held = _scores(frames, labels, vocabulary)
    first = np.eye(vocabulary, dtype=np.float32)[None, -len(TAGS) :]
    held += [numpy_helper.from_array(first, "first"), numpy_helper.from_array(np.array([4, 1], np.int64), "tail")]
    nodes += [
        helper.make_node("Shape", ["x"], ["count"], start=0, end=1),
        helper.make_node("Concat", ["count", "tail"], ["wanted"], axis=0),
        helper.make_node("Expand", ["first", "wanted"], ["four"]),
        helper.make_node("Concat", ["four", "scores"], ["logits"], axis=1),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", _WIDTH]),
        helper.make_tensor_value_info("x_length", TensorProto.INT32, ["N"]),
        helper.make_tensor_value_info("language", TensorProto.INT32, ["N"]),
        helper.make_tensor_value_info("text_norm", TensorProto.INT32, ["N"]),
    ]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "L", vocabulary])]
    return helper.make_graph(nodes, "sensevoice", inputs, outputs, held)


def _paraformer(frames: Frames, labels: list[int], vocabulary: int) -> onnx.GraphProto:
    """Inputs speech, speech_lengths → logits of the characters alone, how many, and at which third of a frame."""
    nodes, held = _scores(frames, labels, vocabulary)
    nodes[0] = helper.make_node("MatMul", ["speech", "frames"], ["products"])
    held += [
        numpy_helper.from_array(np.array([0], np.int64), "zero"),
        numpy_helper.from_array(np.array([-1], np.int64), "minus"),
        numpy_helper.from_array(np.array([1], np.int64), "one"),
        numpy_helper.from_array(np.array([2], np.int64), "two"),
        numpy_helper.from_array(np.array(0.0, np.float32), "zero_score"),
        numpy_helper.from_array(np.array([1 << 40], np.int64), "far"),
        numpy_helper.from_array(np.array(1.0, np.float32), "sure"),
        numpy_helper.from_array(np.eye(vocabulary, dtype=np.float32)[None, None, -1 - len(TAGS)], "ending"),
        numpy_helper.from_array(np.array(0, np.int64), "nothing"),
        numpy_helper.from_array(np.array(1, np.int64), "step"),
        numpy_helper.from_array(np.array(100_000.0, np.float32), "much"),
        numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 2], np.int64), "thirds"),
        numpy_helper.from_array(np.array([0, -1], np.int64), "flat"),
    ]
    nodes += [
        helper.make_node("ArgMax", ["scores"], ["label"], axis=2, keepdims=0),
        helper.make_node("Pad", ["label", "pads"], ["shifted"]),
        helper.make_node("Slice", ["shifted", "zero", "minus", "one"], ["previous"]),
        helper.make_node("Equal", ["label", "previous"], ["same"]),
        helper.make_node("Not", ["same"], ["changed"]),
        helper.make_node("Greater", ["label", "nothing"], ["said"]),
        helper.make_node("And", ["changed", "said"], ["kept"]),
        helper.make_node("Cast", ["kept"], ["peaks"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["kept"], ["ones"], to=TensorProto.INT32),
        helper.make_node("ReduceSum", ["ones", "one"], ["token_num"], keepdims=0),
        helper.make_node("Shape", ["label"], ["frames_there"], start=1, end=2),
        helper.make_node("Squeeze", ["frames_there"], ["last"]),
        helper.make_node("Range", ["nothing", "last", "step"], ["places"]),
        helper.make_node("Cast", ["places"], ["place"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["peaks", "much"], ["weights"]),
        helper.make_node("Sub", ["weights", "place"], ["ranks"]),
        helper.make_node("TopK", ["ranks", "frames_there"], ["ranked", "order"], axis=1),
        helper.make_node("Unsqueeze", ["order", "two"], ["order3"]),
        helper.make_node("Shape", ["scores"], ["all"]),
        helper.make_node("Expand", ["order3", "all"], ["wide"]),
        helper.make_node("GatherElements", ["scores", "wide"], ["gathered"], axis=1),
        helper.make_node("Greater", ["ranked", "zero_score"], ["there"]),
        helper.make_node("Unsqueeze", ["there", "two"], ["there3"]),
        helper.make_node("Where", ["there3", "gathered", "ending"], ["logits"]),
        helper.make_node("Unsqueeze", ["peaks", "two"], ["peaks3"]),
        helper.make_node("Pad", ["peaks3", "thirds"], ["spread"]),
        helper.make_node("Reshape", ["spread", "flat"], ["thirds_of_frames"]),
        helper.make_node("Slice", ["thirds_of_frames", "zero", "minus", "one"], ["but_last"]),
        helper.make_node("Slice", ["thirds_of_frames", "minus", "far", "one"], ["very_last"]),
        helper.make_node("Add", ["very_last", "sure"], ["of_the_end"]),
        helper.make_node("Concat", ["but_last", "of_the_end"], ["us_cif_peak"], axis=1),
        helper.make_node("Identity", ["us_cif_peak"], ["us_alphas"]),
    ]
    held.append(numpy_helper.from_array(np.array([0, 1, 0, 0], np.int64), "pads"))
    inputs = [
        helper.make_tensor_value_info("speech", TensorProto.FLOAT, ["N", "T", _WIDTH]),
        helper.make_tensor_value_info("speech_lengths", TensorProto.INT32, ["N"]),
    ]
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "L", vocabulary]),
        helper.make_tensor_value_info("token_num", TensorProto.INT32, ["N"]),
        helper.make_tensor_value_info("us_alphas", TensorProto.FLOAT, ["N", "S"]),
        helper.make_tensor_value_info("us_cif_peak", TensorProto.FLOAT, ["N", "S"]),
    ]
    return helper.make_graph(nodes, "paraformer", inputs, outputs, held)
