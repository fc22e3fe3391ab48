"""`hotline promise`: how the fifteen seconds of D9 were kept on a day, counted again from the calls' time lines."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from acd.promise_day import CallerWait, Figures, Share


def command(
    day: Annotated[str, typer.Option(help="A day of the centre's time zone, such as 2026-11-21; default: today.")] = "",
    breaches: Annotated[bool, typer.Option("--breaches", help="Also list who waited too long, and why.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Print how the promise was kept on a day."""
    from acd import promise_day
    from hotline.commands.seats import transact
    from hotline.settings import load_settings

    settings = load_settings()
    limit, now = settings.acd.promise_seconds, datetime.now(UTC)
    try:
        chosen = date.fromisoformat(day) if day else now.astimezone(settings.zone).date()
    except ValueError as error:
        raise typer.BadParameter(f"{day!r} is no day; write it as 2026-11-21") from error
    start = datetime.combine(chosen, time(), settings.zone)
    end = datetime.combine(chosen + timedelta(days=1), time(), settings.zone)

    async def read(session: AsyncSession) -> list[CallerWait]:
        return await promise_day.read_waits(session, start, end, limit=limit, now=now)

    waits = transact(read)
    figures, late = promise_day.figures_of(waits, limit), promise_day.late(waits)
    if as_json:
        found: dict[str, Any] = {"day": chosen.isoformat(), "promise_seconds": limit, **_json(figures)}
        if breaches:
            found["breaches"] = [_late_json(wait) for wait in late]
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in _lines(chosen, limit, figures):
        typer.echo(line)
    if breaches:
        for wait in late:
            entered = wait.entered_at.astimezone(settings.zone)
            seat = f" by {wait.seat}" if wait.seat else ""
            typer.echo(f"  {entered:%H:%M:%S} {wait.uid} {wait.seconds:.1f} s {wait.cause} {wait.end}{seat}")


def _lines(day: date, limit: float, figures: Figures) -> list[str]:
    menu = "" if figures.menu_seconds is None else f"; half of them were in line within {figures.menu_seconds:.1f} s"
    causes = ", ".join(f"{cause} {count}" for cause, count in figures.causes) or "none"
    return [
        f"{day}: {figures.asked} asked for a person{menu}",
        f"answered within {limit:g} s of entry: {_share(figures.all)}",
        f"  when a seat was idle: {_share(figures.seat_was_idle)}",
        f"  when none was:        {_share(figures.none_was_idle)}",
        f"gave up: {figures.gave_up_in_time} within {limit:g} s, {figures.gave_up_late} later",
        f"message {figures.voicemail}, call-back {figures.callback}, still waiting {figures.waiting}",
        f"too late, by cause: {causes}",
    ]


def _share(share: Share) -> str:
    if share.value is None:
        return "nobody was answered"
    return f"{share.value:.1%} ({share.kept} of {share.answered} answered)"


def _json(figures: Figures) -> dict[str, Any]:
    return {
        "asked": figures.asked,
        "all": _share_json(figures.all),
        "seat_was_idle": _share_json(figures.seat_was_idle),
        "none_was_idle": _share_json(figures.none_was_idle),
        "gave_up_in_time": figures.gave_up_in_time,
        "gave_up_late": figures.gave_up_late,
        "voicemail": figures.voicemail,
        "callback": figures.callback,
        "waiting": figures.waiting,
        "causes": dict(figures.causes),
        "menu_seconds": figures.menu_seconds,
    }


def _share_json(share: Share) -> dict[str, Any]:
    return {"kept": share.kept, "answered": share.answered, "share": share.value}


def _late_json(wait: CallerWait) -> dict[str, Any]:
    return {
        "call": wait.uid,
        "entered_at": wait.entered_at.isoformat(),
        "seconds": round(wait.seconds, 3),
        "menu_seconds": round(wait.menu_seconds, 3),
        "cause": wait.cause,
        "end": wait.end,
        "seat": wait.seat or None,
        "seat_was_idle": wait.seat_was_idle,
    }
