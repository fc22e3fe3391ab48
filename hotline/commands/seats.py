"""`hotline seats`: add and remove seats, see their state, and press their keys from the command line."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from acd.words import SKILL_USUAL, CustomerClass, Level, Service, usual

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from acd.deploy import Deployed

T = TypeVar("T")
Extension = Annotated[str, typer.Argument(help="The seat's extension, such as 8001.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]

SkillOption = Annotated[
    list[str] | None,
    typer.Option("--skill", help="A service it answers, such as complaint or complaint:5 (1 learner, 5 expert)."),
]
ClassOption = Annotated[
    list[CustomerClass] | None,
    typer.Option("--class", help="A class of customers it is kept for; repeat for more. Default: all customers."),
]

app = typer.Typer(help="Seats: add, list, staff, redeploy, log in, ready, break, log out.", no_args_is_help=True)


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """Every seat with its level, skills and state, and who controls."""
    from acd import deploy, floor

    async def read(session: AsyncSession) -> tuple[floor.FloorView, list[deploy.Deployed]]:
        return await floor.snapshot(session, datetime.now(UTC)), await deploy.deployments(session)

    view, deployed = transact(read)
    staffed = {seat.extension: seat for seat in deployed}
    if as_json:
        seats: list[dict[str, Any]] = [
            {
                "extension": seat.extension, "name": seat.name, "level": seat.level, "skills": dict(seat.skills),
                "state": seat.state, "seconds": round(seat.seconds, 1), "reachable": seat.reachable,
                "break_reason": seat.break_reason, "call": seat.call_uid,
                "classes": sorted(staffed[seat.extension].staffing.classes), "misses": staffed[seat.extension].misses,
                "redeployed_until": _iso(staffed[seat.extension].until),
            }
            for seat in view.seats
        ]  # fmt: skip
        typer.echo(json.dumps({"seats": seats, "leader": view.leader}, ensure_ascii=False))
        return
    for seat in view.seats:
        phone = "" if seat.reachable else "  (no telephone registered)"
        reason = f" {seat.break_reason}" if seat.break_reason else ""
        typer.echo(
            f"{seat.extension:<9}{_staffing_text(staffed[seat.extension])}  {seat.state}{reason}"
            f" {seat.seconds:.0f} s  {seat.name}{phone}"
        )
    if not view.seats:
        typer.echo("no seats yet; add one with `hotline seats add 8001 --name NAME`")
    typer.echo(f"controller: {view.leader or 'none leads'}")


@app.command("add")
def add_command(
    extension: Extension,
    name: Annotated[str, typer.Option(help="Who sits there.")] = "",
    level: Annotated[Level, typer.Option(help="What it is staffed with.")] = Level.JUNIOR,
    skill: SkillOption = None,
    customer_class: ClassOption = None,
    *,
    as_json: Json = False,
) -> None:
    """Add a seat and print its SIP log-in; a running node knows it within seconds."""
    from acd import desk

    async def add(session: AsyncSession) -> desk.SeatAccount:
        return await desk.add_seat(
            session,
            extension,
            name=name or extension,
            level=level,
            skills=_skills(skill) or usual(Service),
            classes=customer_class or (),
            now=datetime.now(UTC),
        )

    account = transact(add)
    if as_json:
        typer.echo(json.dumps({"extension": account.extension, "sip_secret": account.secret}))
    else:
        typer.echo(f"seat {account.extension} added; its telephone logs in with secret {account.secret}")


@app.command("remove")
def remove_command(extension: Extension) -> None:
    """Remove a seat that is logged out or on break."""
    from acd import desk

    transact(lambda session: desk.remove_seat(session, extension))
    typer.echo(f"seat {extension} removed")


@app.command("staff")
def staff_command(
    extension: Extension,
    level: Annotated[Level | None, typer.Option(help="Default: as it is.")] = None,
    skill: SkillOption = None,
    customer_class: ClassOption = None,
    minutes: Annotated[
        float | None, typer.Option(min=1, max=1440, help="Only for so long; then it falls back by itself.")
    ] = None,
) -> None:
    """Staff a seat otherwise, for good or for a while (D81); skills and classes that are named replace the old ones."""
    from acd import deploy
    from acd.errors import DeskError

    now = datetime.now(UTC)
    until = None if minutes is None else now + timedelta(minutes=minutes)

    async def staff(session: AsyncSession) -> deploy.Deployed:
        found = {seat.extension: seat for seat in await deploy.deployments(session)}
        if extension not in found:
            raise DeskError(f"there is no seat {extension}; `hotline seats list` names them all")
        present = found[extension].staffing
        wanted = deploy.Staffing(
            level or present.level,
            _skills(skill) or present.skills,
            present.classes if customer_class is None else frozenset(customer_class),
        )
        if until is None:
            await deploy.staff(session, extension, wanted)
        else:
            await deploy.redeploy(session, extension, wanted, until=until, now=now)
        await _audit(session, "seat.staff" if until is None else "seat.redeploy", extension, now, until=_iso(until))
        return next(seat for seat in await deploy.deployments(session) if seat.extension == extension)

    typer.echo(f"seat {extension} is {_staffing_text(transact(staff))}")


@app.command("back")
def back_command(extension: Extension) -> None:
    """End a redeployment before its time."""
    from acd import deploy

    async def back(session: AsyncSession) -> None:
        await deploy.put_back(session, extension)
        await _audit(session, "seat.back", extension, datetime.now(UTC))

    transact(back)
    typer.echo(f"seat {extension} is what it usually is")


@app.command("login")
def login_command(extension: Extension) -> None:
    """The agent sits down (not ready yet)."""
    from acd import desk

    _press(extension, lambda session: desk.log_in(session, extension, datetime.now(UTC)))


@app.command("ready")
def ready_command(extension: Extension) -> None:
    """Take calls from now on."""
    from acd import desk

    _press(extension, lambda session: desk.ready(session, extension, datetime.now(UTC)))


@app.command("break")
def break_command(extension: Extension, reason: Annotated[str, typer.Argument(help="Why, such as 'lunch'.")]) -> None:
    """Go on a break; during a call it begins when the call is over."""
    from acd import desk

    _press(extension, lambda session: desk.take_break(session, extension, reason, datetime.now(UTC)))


@app.command("logout")
def logout_command(extension: Extension) -> None:
    """The agent leaves."""
    from acd import desk

    _press(extension, lambda session: desk.log_out(session, extension, datetime.now(UTC)))


def _skills(named: list[str] | None) -> dict[Service, int]:
    """`complaint:5` and `complaint` as skills; a mistake is one of the call."""
    skills: dict[Service, int] = {}
    for each in named or []:
        service, _, level = each.partition(":")
        if service not in set(Service) or not (level or str(SKILL_USUAL)).isdecimal():
            raise typer.BadParameter(f"{each!r} is no skill; write a service and a level, such as complaint:5")
        skills[Service(service)] = int(level or SKILL_USUAL)
    return skills


def _staffing_text(seat: Deployed) -> str:
    skills = ",".join(f"{service}:{level}" for service, level in seat.staffing.skills.items())
    classes = f" for {','.join(sorted(seat.staffing.classes))}" if seat.staffing.classes else ""
    until = f" until {seat.until:%H:%M} UTC, then {seat.usual.level}" if seat.until is not None else ""
    return f"{seat.staffing.level} {skills}{classes}{until}"


async def _audit(session: AsyncSession, action: str, extension: str, now: datetime, **more: str | None) -> None:
    from acd import deploy
    from hotline import audit

    staffed = next(seat.staffing for seat in await deploy.deployments(session) if seat.extension == extension)
    detail = staffed.to_json() | {name: value for name, value in more.items() if value is not None}
    await audit.record(
        session, actor=getpass.getuser(), role="command line", action=action, subject=f"seat:{extension}",
        detail=detail, now=now,
    )  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _press(extension: str, key: Callable[[AsyncSession], Awaitable[Any]]) -> None:
    seat = transact(key)
    typer.echo(f"seat {extension} is {seat.state.value.replace('_', ' ')}")


def transact(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run `work` in one transaction on the installation's database."""
    from hotline.connect import opened
    from hotline.secrets import complete
    from hotline.settings import load_settings

    async def inside() -> T:
        async with opened(complete(load_settings())) as database, database.transaction() as session:
            return await work(session)

    return asyncio.run(inside())
