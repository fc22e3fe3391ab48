"""The demo's centre: its seats, its people with their log-ins, and the customers it knows by number."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from acd import customers, desk
from acd.errors import DeskError
from acd.words import CustomerClass, Level
from hotline import accounts
from hotline import secrets as kept_secrets
from hotline.clock import Clock
from hotline.database import Database
from hotline.demo.cast import Cast
from hotline.roles import Role
from hotline.settings import Settings


@dataclass(frozen=True)
class Person:
    login: str
    name: str
    role: Role
    seat: str | None = None


PEOPLE = (
    Person("junior1", "王初级", Role.JUNIOR, "8001"),
    Person("junior2", "李初级", Role.JUNIOR, "8002"),
    Person("senior1", "赵高级", Role.SENIOR, "8101"),
    Person("clerk1", "钱录音", Role.RECORDING_CLERK, "8201"),
    Person("text1", "冯文本", Role.TEXT_CLERK, "8202"),
    Person("data1", "陈资料", Role.DATA_MANAGER),
    Person("inspector1", "孙质检", Role.INSPECTOR, "8901"),
    Person("leader1", "周班长", Role.SHIFT_LEADER, "8902"),
    Person("manager1", "郑经理", Role.MANAGER, "8301"),
    Person("admin", "吴管理", Role.ADMINISTRATOR),
)

OTHER_SEATS = {"8202": Level.CLERK, "8301": Level.MANAGER, "8901": Level.SUPERVISOR, "8902": Level.SUPERVISOR}
"""Seats that take no part in the story, for whoever looks around afterwards: text clerk, manager, listening in."""


async def furnish(settings: Settings, database: Database, clock: Clock, cast: Cast) -> dict[str, str]:
    """Make what is missing of the centre; gives every log-in its password."""
    passwords = _passwords(settings)
    async with database.transaction() as session:
        known = {user.login for user in await accounts.list_users(session)}
        for person in PEOPLE:
            if person.login not in known:
                await accounts.create_user(
                    session,
                    login=person.login,
                    name=person.name,
                    role=person.role,
                    password=passwords[person.login],
                    seat=person.seat,
                    now=clock.now(),
                )
        seats = {account.extension for account in await desk.accounts(session)}
        for part in cast.seats:
            if part.seat not in seats:
                await desk.add_seat(
                    session, part.seat, name=part.name or part.seat, level=Level(part.level), now=clock.now()
                )
        for extension, level in OTHER_SEATS.items():
            if extension not in seats:
                name = next(person.name for person in PEOPLE if person.seat == extension)
                await desk.add_seat(session, extension, name=name, level=level, now=clock.now())
        for caller in cast.callers:
            if caller.customer_class != CustomerClass.ORDINARY:
                await customers.add_customer(session, caller.number, caller.id, CustomerClass(caller.customer_class))
    return passwords


async def sip_secrets(database: Database) -> dict[str, str]:
    """Each seat's SIP secret, for the softphones that play the agents."""
    async with database.transaction() as session:
        return {account.extension: account.secret for account in await desk.accounts(session)}


async def staff(database: Database, clock: Clock, cast: Cast) -> None:
    """Every agent sits down and presses ready, wherever the last run left the seat."""
    for part in cast.seats:
        for press in (desk.log_in, desk.ready):
            try:
                async with database.transaction() as session:
                    await press(session, part.seat, clock.now())
            except DeskError:
                continue  # logged in or ready already: an interrupted run left it so


async def send_home(database: Database, clock: Clock, cast: Cast) -> None:
    """Log every seat out, so that a system that stays up offers nobody a seat that does not pick up."""
    for part in cast.seats:
        async with database.transaction() as session:
            await desk.log_out(session, part.seat, clock.now())


def _passwords(settings: Settings) -> dict[str, str]:
    """One password per log-in, invented at the first demo and kept with the instance's secrets."""
    path = kept_secrets.folder(settings) / "demo-log-ins"
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for person in PEOPLE:
        known.setdefault(person.login, secrets.token_urlsafe(9))
    kept_secrets.write(path, json.dumps(known))
    return known
