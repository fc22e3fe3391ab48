"""What can go wrong between a file and its turns; each message says what to do."""

from __future__ import annotations

from typing import ClassVar

from hotline.errors import HotlineError


class TranscribeError(HotlineError):
    code: ClassVar[str] = "transcribe_failed"


class AudioError(TranscribeError):
    """The file is not audio that can be recognised."""

    code = "audio_unusable"


class ModelMissing(TranscribeError):
    """A model is not in the models folder, or is not the one that was fetched."""

    code = "model_missing"


class FetchError(TranscribeError):
    """A model could not be fetched."""

    code = "model_fetch_failed"


class RecogniserFailed(TranscribeError):
    """The engine raised on everything it was given."""

    code = "recogniser_failed"
