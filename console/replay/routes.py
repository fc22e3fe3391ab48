"""Handlers of replay; `recordings.replay` decides who may listen and writes the audit row."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from console.access import Answer, require
from console.errors import Missing, StoreAway
from console.replay.beside import recordings_beside
from console.replay.peaks import read_peaks
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action
from recordings import store
from recordings.errors import NoRecording, ObjectMissing, StoreUnavailable
from recordings.replay import open_replay

router = APIRouter(prefix="/recordings")


@router.get("/{call_uid}/audio")
async def audio(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)]
) -> Response:
    """The recording as FLAC, whole or the range asked for."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            replay = await open_replay(
                session,
                console.objects,
                subject=subject,
                call_uid=call_uid,
                range_header=request.headers.get("range"),
                if_range=request.headers.get("if-range"),
                now=console.now(),
            )
    except (NoRecording, ObjectMissing) as error:
        raise Missing from error
    except StoreUnavailable as error:
        raise StoreAway from error
    return StreamingResponse(replay.body, replay.status, dict(replay.headers))


@router.get("/{call_uid}/beside")
async def beside(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)]
) -> Response:
    """Players of what was recorded beside this call, as a fragment; empty where that is nothing."""
    console = console_of(request)
    async with console.database.transaction() as session:
        found = await recordings_beside(session, call_uid)
    return console.pages.page(request, "replay/beside.html", beside=found)


@router.get("/{call_uid}/peaks")
async def peaks(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.RECORDING_REPLAY, Answer.DATA)]
) -> Response:
    """`{"seconds": float, "peaks": [[0…1, …] per channel]}`, left channel (the caller) first."""
    console = console_of(request)
    async with console.database.transaction() as session:
        recording = await store.get(session, call_uid)
    if recording is None:
        raise Missing
    found = console.peaks.get(recording.sha256)
    if found is None:
        try:
            async with store.local_file(console.objects, recording) as path:
                found = await asyncio.to_thread(read_peaks, path)
        except (NoRecording, ObjectMissing) as error:
            raise Missing from error
        except StoreUnavailable as error:
            raise StoreAway from error
        console.peaks.put(recording.sha256, found)
    return JSONResponse({"seconds": found.seconds, "peaks": found.channels})
