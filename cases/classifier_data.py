"""The forms that clerks confirmed, with the words that they were made of, as examples to learn from."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from acd import ledger
from acd.customers import plain_number
from cases.classifier import Example
from cases.corrections import ConfirmedField, confirmed_fields
from cases.sheet import applies
from transcribe import drafts
from transcribe.learned.model import FIELDS, NONE


async def examples(session: AsyncSession, *, since: datetime, until: datetime) -> list[Example]:
    """Calls whose draft was confirmed in `[since, until)`; texts have no turns and are left out.

    Turns come with their sensitive digits masked. A field that the confirmed kind does not have teaches nothing.
    """
    by_call: dict[str, list[ConfirmedField]] = defaultdict(list)
    for each in await confirmed_fields(session, since=since, until=until):
        by_call[each.call_uid].append(each)
    found = []
    for uid, fields in by_call.items():
        transcript = await drafts.transcript_of(session, uid)
        values = {each.field: each.confirmed for each in fields if each.field in FIELDS}
        if transcript is None or not transcript.turns or "kind" not in values:
            continue
        call = await ledger.get_call(session, uid)
        kind = str(values["kind"])
        confirmed = {name: str(value or NONE) for name, value in values.items() if applies(name, kind)}
        caller = plain_number(call.caller) if call is not None else ""
        found.append(Example(uid, caller, fields[0].by, transcript.turns, confirmed))
    return found
