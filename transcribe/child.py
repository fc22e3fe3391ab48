"""A process that recognises one file after another, with its models loaded once; `transcribe.remote` speaks to it.

One JSON object a line: requests on standard input, answers on standard output. It ends when its input does, so it
cannot outlive the worker that started it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from hotline.settings import Settings
from transcribe.draft import extract
from transcribe.errors import AudioError, TranscribeError
from transcribe.pipeline import transcribe_file

_NICE = 5
"""Recognition gives way to the calls that are going on."""


def main() -> None:
    os.nice(_NICE)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not be taken for an answer
    for line in sys.stdin:
        answers.write(json.dumps(_answer(json.loads(line)), ensure_ascii=False) + "\n")
        answers.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    settings = Settings(models=Path(request["models"]), recogniser=request["recogniser"])
    try:
        heard = transcribe_file(Path(request["path"]), settings, request["answered_at"])
    except AudioError as error:
        return {"unusable": str(error)}
    except TranscribeError as error:
        return {"failed": str(error)}
    except Exception as error:  # the worker decides about a retry; this process stays for the next file
        return {"failed": f"{type(error).__name__}: {error}"}
    return {
        "seconds": heard.seconds,
        "turns": [turn.to_json() for turn in heard.turns],
        "talk_over": heard.talk_over,
        "engine": heard.engine,
        "warnings": heard.warnings,
        "draft": extract(heard.turns).to_json(),
    }


if __name__ == "__main__":
    main()
