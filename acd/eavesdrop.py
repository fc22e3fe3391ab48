"""The controller's part in listening: it rings the supervisor's telephone, changes the way, and hangs up.

A wish is taken from its row before it is carried out, so that nothing is ever done twice. Nothing here touches the
call: a supervisor's telephone that dies takes its own legs with it, and the dialplan tells so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from acd.duty import Duty
from acd.monitoring import ANSWER_SECONDS, LEAVE, Mode, may_speak
from acd.monitoring_models import Monitoring
from acd.ports import ActionTimeout, LinkError

LATE = timedelta(seconds=10)
"""A telephone does not ring for a click that lies longer back."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Act:
    """One AMI action."""

    name: str
    headers: Mapping[str, str]
    variables: Mapping[str, str]


def act_of(row: Monitoring, now: datetime) -> Act | None:
    """What a wish takes; None where it came too late."""
    if row.wanted == LEAVE:
        return Act("Hangup", {"Channel": row.id, "Cause": "16"}, {})
    key = Mode(str(row.wanted)).key
    if row.started_at is not None:
        return Act("Redirect", {"Channel": row.id, "Context": "hl-spy", "Exten": key, "Priority": "1"}, {})
    if row.asked_at is None or now - row.asked_at > LATE:
        return None
    headers = {
        "Channel": f"PJSIP/{row.phone}",
        "ChannelId": row.id,
        "Context": "hl-spy-asked",
        "Exten": f"{key}*{row.seat}",
        "Priority": "1",
        "CallerID": f'"{row.seat}" <{row.seat}>',
        "Timeout": str(ANSWER_SECONDS * 1000),
        "Async": "true",
    }
    only = {} if may_speak(row.role) else {"HL_SPY_ONLY": "1"}
    return Act("Originate", headers, {"HL_SPY_WANTED": row.call_uid} | only)


async def carry_out(duty: Duty) -> None:
    """Do all that is wished for; left for the next word where this controller does not act."""
    if not duty.acts:
        return
    try:
        async with duty.database.transaction() as session:
            query = select(Monitoring).where(Monitoring.wanted.is_not(None)).with_for_update(skip_locked=True)
            rows = list(await session.scalars(query.execution_options(populate_existing=True)))
            acts = [(row.id, row.started_at is None, act_of(row, duty.clock.now())) for row in rows]
            for row in rows:
                row.wanted = None
        for listening, first, act in acts:
            problem = await _do(duty, act)
            _log.info("acd.listening", listening=listening, act=act.name if act else None, problem=problem)
            if problem is not None and first:
                async with duty.database.transaction() as session:
                    await session.execute(
                        update(Monitoring)
                        .where(Monitoring.id == listening, Monitoring.started_at.is_(None))
                        .values(problem=problem)
                    )
    except (SQLAlchemyError, OSError) as error:
        _log.warning("acd.listening.database_away", error=type(error).__name__)


async def _do(duty: Duty, act: Act | None) -> str | None:
    """None where it was done, else why not: `late` or `refused`."""
    if act is None:
        return "late"
    try:
        await duty.link.action(act.name, act.headers, variables=act.variables)
    except ActionTimeout:
        return None  # it may be carried out yet; what the dialplan tells decides
    except LinkError as error:
        _log.warning("acd.listening.failed", code=error.code)
        return "refused"
    return None
