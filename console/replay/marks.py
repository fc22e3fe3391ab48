"""Handlers of bookmarks; each answers with the list as it is then."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from console.access import Answer, require
from console.errors import N_, ConsoleError, Missing
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import marks
from recordings.errors import NoRecording
from recordings.marks import NoLetterLeft
from transcribe.masking import masked_text

router = APIRouter(prefix="/recordings")


class LettersTaken(ConsoleError):
    code = "no_letter_left"
    status = 409
    message = N_("Every letter is taken; remove a mark first.")


@router.post("/{call_uid}/marks")
async def add(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)],
    second: Annotated[float, Form()] = 0.0,
    note: Annotated[str, Form()] = "",
) -> Response:
    """Mark a second; what looks like a card number in the note is covered, because everybody who listens reads it."""
    if not math.isfinite(second):
        raise ConsoleError
    console = console_of(request)
    words = masked_text(" ".join(note.split())[: marks.LONGEST_NOTE])
    try:
        async with console.database.transaction() as session:
            await marks.add(session, subject, call_uid, second, words, now=console.now())
            found = await marks.of_call(session, call_uid)
    except NoRecording as error:
        raise Missing from error
    except NoLetterLeft as error:
        raise LettersTaken from error
    return console.pages.page(request, "replay/marks.html", marks=found, call_uid=call_uid)


@router.post("/{call_uid}/marks/{mark}/remove")
async def remove(
    request: Request,
    call_uid: str,
    mark: Annotated[int, Path(ge=1, le=2**63 - 1)],
    subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)],
) -> Response:
    """Take away a mark of one's own."""
    console = console_of(request)
    async with console.database.transaction() as session:
        if not await marks.remove(session, subject, call_uid, mark, now=console.now()):
            raise Missing
        found = await marks.of_call(session, call_uid)
    return console.pages.page(request, "replay/marks.html", marks=found, call_uid=call_uid)
