"""What can go wrong with a language model; none of it ever stops a draft."""

from __future__ import annotations

from typing import ClassVar

from transcribe.errors import TranscribeError


class LlmError(TranscribeError):
    code: ClassVar[str] = "llm_failed"


class LlmUnreachable(LlmError):
    """No answer in time, or none at all."""

    code = "llm_unreachable"


class LlmRefused(LlmError):
    """The server answered with an error, a redirect or too much."""

    code = "llm_refused"


class LlmGarbled(LlmError):
    """The answer is not what the protocol promises."""

    code = "llm_garbled"
