"""Handler of the export: a copy with its certificate, as one ZIP file."""

from __future__ import annotations

import asyncio
import math
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from console.access import require
from console.errors import N_, ConsoleError, Missing, StoreAway
from console.replay.routes import BeingChecked
from console.state import Console, console_of
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import clips
from recordings.clips import BadClip, By, Clip, Wish
from recordings.errors import NoRecording, NotChecked, ObjectMissing, StoreUnavailable
from recordings.private import plain_folder
from transcribe.masking import masked_text

router = APIRouter(prefix="/recordings")


class WrongClip(ConsoleError):
    code = "bad_clip"
    status = 422
    message = N_("Give seconds within the recording, the first before the last, and say why in up to 200 characters.")


@router.post("/{call_uid}/clip")
async def clip(
    request: Request,
    call_uid: str,
    subject: Annotated[Subject, require(Action.RECORDING_EXPORT)],
    *,
    start: Annotated[str, Form()] = "",
    end: Annotated[str, Form()] = "",
    form: Annotated[str, Form()] = "flac",
    reason: Annotated[str, Form()] = "",
    clear: Annotated[bool, Form()] = False,
) -> Response:
    """The clip, its certificate as JSON and as a page; `clear` with card numbers and passwords in it."""
    console = console_of(request)
    by = By.person(subject, clear=clear)
    if form not in set(clips.Form):
        raise WrongClip
    wish = Wish(call_uid, masked_text(reason), _second(start), _second(end), clips.Form(form), clear)
    with ExitStack() as stack:
        folder = stack.enter_context(plain_folder(console.objects.work(), "clip-"))
        made = await _export(console, by, wish, folder)
        packed = await asyncio.to_thread(_packed, made)
        gone = BackgroundTask(stack.pop_all().close)
    return FileResponse(packed, media_type="application/zip", filename=packed.name, background=gone)


async def _export(console: Console, by: By, wish: Wish, folder: Path) -> Clip:
    try:
        return await clips.export(
            console.database, console.objects, console.settings, by, wish, folder=folder, now=console.now()
        )
    except BadClip as error:
        raise WrongClip from error
    except NotChecked as error:
        raise BeingChecked from error
    except (NoRecording, ObjectMissing) as error:
        raise Missing from error
    except StoreUnavailable as error:
        raise StoreAway from error


def _packed(made: Clip) -> Path:
    packed = made.sound.with_suffix(".zip")
    with zipfile.ZipFile(packed, "x", zipfile.ZIP_STORED) as archive:
        for path in (made.sound, made.certificate, made.page):
            archive.write(path, path.name)
            path.unlink()
    return packed


def _second(text: str) -> float | None:
    """A second that was typed, such as 12.5; None for nothing."""
    if not text.strip():
        return None
    try:
        second = float(text)
    except ValueError as error:
        raise WrongClip from error
    if not math.isfinite(second):
        raise WrongClip
    return second
