"""How the desk's handlers take and give JSON: what a browser sends is read with care, what is refused says why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from cases.desk_errors import (
    Erased,
    HandedBadly,
    ItemMissing,
    ItemOver,
    NotForYou,
    NotOnYourDesk,
    Reread,
    StaleItem,
    TakenByOther,
)
from console.errors import N_, ConsoleError
from console.state import Console
from hotline.errors import HotlineError
from transcribe.drafts import DraftDecided

CANNOT_BE_KEPT = N_("This cannot be kept as it is; type it again.")
DECIDED = N_("This was entered, discarded or registered by somebody meanwhile; nothing was changed by you.")
GONE = N_("There is nothing at this address. It may have been handled or never existed.")
NOT_FOR_YOU = N_("This waits for somebody else; the shift leader can give it to you.")
LOST = N_("This is not on your desk any more. What you typed stays in this window; take it again to go on.")
ERASED = N_("The recording was deleted, and its words with it. What was typed of them is not kept.")
HANDED_BADLY = N_("Choose a person of the list, or the seniors.")
REREAD = N_("This was recognised or changed anew meanwhile: look at the new words, then confirm.")
TAKEN = N_("%(who)s has this one; what you typed since stays in this window only.")
WORDS: Mapping[type[HotlineError], tuple[int, str]] = {
    DraftDecided: (409, DECIDED),
    ItemOver: (409, DECIDED),
    ItemMissing: (404, GONE),
    NotForYou: (409, NOT_FOR_YOU),
    NotOnYourDesk: (409, LOST),
    Reread: (409, REREAD),
    Erased: (409, ERASED),
    HandedBadly: (422, HANDED_BADLY),
}


class Unreadable(ConsoleError):
    code = "unreadable"
    status = 400


async def sent_json(request: Request) -> Mapping[str, Any]:
    """The object that was sent; an empty one for an empty body. Raises Unreadable for anything else."""
    try:
        body = await request.body()
    except ClientDisconnect as error:  # the page was closed while it sent: there is nobody to answer
        raise Unreadable from error
    if not body.strip():
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(sent, dict):
        raise Unreadable
    return sent


def refused(console: Console, error: HotlineError) -> JSONResponse:
    """What could not be done, in the person's words; with what stands there where another window saved."""
    words = console.pages.words
    if isinstance(error, StaleItem):
        current = error.current
        return JSONResponse({"error": error.code, "version": current.version, "typed": dict(current.typed)}, 409)
    if isinstance(error, TakenByOther):
        return JSONResponse({"error": error.code, "message": words.chinese(TAKEN, who=error.name)}, 409)
    status, said = WORDS.get(type(error), (409, DECIDED))
    return JSONResponse({"error": error.code, "message": words.chinese(said)}, status)
