"""Handler of the suggestions of repeated complaints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from acd import ledger
from cases import repeats
from cases.repeats import Asked, Reason, Why
from console.access import require
from console.errors import N_, Missing
from console.labels import BUSINESS
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe import drafts

router = APIRouter(prefix="/drafts")

REASONS: Final[Mapping[Why, str]] = {
    Why.CALLING_NUMBER: N_("same calling number"),
    Why.CONTACT_NUMBER: N_("same contact number"),
    Why.WORDS: N_("like words"),
    Why.PLACE: N_("same place"),
    Why.SHOP: N_("same shop"),
    Why.AMOUNT: N_("same amount"),
    Why.BUSINESS: N_("same business type"),
}


@router.get("/{call_uid}/repeats")
async def draft_repeats(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.DRAFT_VIEW)], picked: str = ""
) -> Response:
    """Earlier orders of the last months that this draft may be about, best first; `picked` is chosen already."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        draft = await drafts.get(session, call_uid)
        if draft is None:
            raise Missing
        call = await ledger.get_call(session, call_uid)
        asked = Asked(
            draft.fields,
            call.caller if call is not None else "",
            call.entered_at if call is not None else draft.created_at,
            f"call:{call_uid}",
        )
        found = await repeats.repeats_of(session, asked, days=console.settings.repeat_days)
        await audit.record(
            session, actor=subject.login, role=subject.role.value, action="repeats.view", subject=f"call:{call_uid}",
            detail={"orders": [each.number for each in found]}, now=now,
        )  # fmt: skip
    return console.pages.page(
        request, "repeats/repeats.html", found=found, picked=picked, reasons=REASONS, value_of=_value
    )


def _value(reason: Reason) -> str:
    """What both have in common, as it is shown beside the reason; a business type has a name of its own."""
    match reason.why:
        case Why.WORDS:
            return f"{reason.value} %"
        case Why.BUSINESS:
            return BUSINESS.get(reason.value, reason.value)
        case Why.CALLING_NUMBER | Why.CONTACT_NUMBER:
            return ""
        case _:
            return reason.value
