"""The worker's side of `transcribe.child`: one recognising process, started when first needed."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from hotline.child import die_with_parent
from hotline.settings import Settings
from transcribe.errors import AudioError, TranscribeError
from transcribe.turns import Transcription, Turn

_log = structlog.get_logger(__name__)

_PATIENCE = 120.0
"""Seconds for starting, loading and a short file; a long one gets more by its length."""
_SLOWEST = 6.0
"""Seconds of work per second of audio after which the process is taken to hang."""
_LONGEST_LINE = 64 << 20


@dataclass(frozen=True, slots=True)
class Heard:
    """What the process made of one file."""

    transcription: Transcription
    draft: dict[str, Any]


class RemoteRecogniser:
    """One process, one file at a time; it is started anew after it died or hung."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def transcribe(self, path: Path, seconds: float, answered_at: float | None) -> Heard:
        """Recognise `path`, about `seconds` long.

        Raises AudioError for a file that will never do, TranscribeError for what may pass.
        """
        request = {
            "path": str(path),
            "answered_at": answered_at,
            "models": str(self._settings.models_dir),
            "recogniser": self._settings.recogniser,
        }
        async with self._turn:
            answer = await self._ask(request, _PATIENCE + _SLOWEST * seconds)
        if "unusable" in answer:
            raise AudioError(answer["unusable"])
        if "failed" in answer:
            raise TranscribeError(answer["failed"])
        turns = tuple(Turn.from_json(turn) for turn in answer["turns"])
        talk_over = tuple((float(start), float(end)) for start, end in answer["talk_over"])
        warnings = tuple(answer["warnings"])
        heard = Transcription(answer["seconds"], turns, talk_over, answer["engine"], warnings)
        return Heard(heard, answer["draft"])

    async def _ask(self, request: dict[str, Any], limit: float) -> dict[str, Any]:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await _start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), limit)
        except TimeoutError as error:
            await self.close()
            raise TranscribeError(
                f"recognition took longer than {limit:.0f} s and was ended; it is tried again"
            ) from error
        except (ConnectionError, asyncio.CancelledError):
            await self.close()
            raise
        if not line:
            await self.close()
            raise TranscribeError("the recognising process ended in the middle of a file; it is tried again")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def close(self) -> None:
        """End the process; the next file starts another."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()


async def _start() -> Process:
    _log.info("transcribe.process_starts")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "transcribe.child",
        stdin=PIPE,
        stdout=PIPE,
        limit=_LONGEST_LINE,
        preexec_fn=die_with_parent(),
    )
