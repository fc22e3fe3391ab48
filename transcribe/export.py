"""Turns the two PyTorch models into ONNX once, when they are fetched.

Importing torch and pyannote.audio takes 6 s and 300 MB (measured); onnxruntime gives the same numbers without either,
so `hotline transcribe` starts at once. Both checkpoints are pickles: the registry has pinned their SHA-256 before
this reads them, and the second is read with `weights_only=True`.
"""

from __future__ import annotations

import os
import sys
import types
import warnings
from pathlib import Path
from typing import Any


def _let_torchaudio_import() -> None:
    """Replace torchaudio's C++ extension, which wants CUDA libraries, by an empty module; pyannote uses none of it."""
    name = "torchaudio._extension"
    if name in sys.modules:
        return
    empty: Any = types.ModuleType(name)
    empty._IS_TORCHAUDIO_EXT_AVAILABLE = False
    empty._IS_RIR_AVAILABLE = False
    empty._check_cuda_version = lambda: None
    empty.fail_if_no_align = lambda function: function
    empty.lazy_import_sox_ext = lambda: None
    sys.modules[name] = empty


def _export(model: Any, example: Any, target: Path, names: tuple[str, str], free: dict[str, dict[int, str]]) -> None:
    import torch  # noqa: PLC0415 - see the module's docstring

    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (example,),
            str(target),
            input_names=[names[0]],
            output_names=[names[1]],
            dynamic_axes=free,
            opset_version=17,
            dynamo=False,
        )


def export_segmentation(checkpoint: Path, target: Path) -> None:
    """pyannote's segmentation-3.0: `waveforms` (batch, 1, 160000) → `scores` (batch, 589, 7) log-probabilities."""
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    _let_torchaudio_import()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch  # noqa: PLC0415
        from pyannote.audio import Model  # noqa: PLC0415

        model = Model.from_pretrained(checkpoint)
    free = {"waveforms": {0: "batch"}, "scores": {0: "batch"}}
    _export(model, torch.zeros(2, 1, 160_000), target, ("waveforms", "scores"), free)


def export_embedding(checkpoint: Path, target: Path) -> None:
    """CAM++: `feats` (batch, frames, 80) → `embs` (batch, 192), the names that WeSpeaker's loaders look for."""
    import torch  # noqa: PLC0415

    from transcribe.campplus import FILTERS, CamPlusPlus  # noqa: PLC0415

    model = CamPlusPlus()
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
    free = {"feats": {0: "batch", 1: "frames"}, "embs": {0: "batch"}}
    _export(model, torch.zeros(2, 350, FILTERS), target, ("feats", "embs"), free)
