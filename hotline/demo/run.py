"""The demo from start to end: the whole system up, the centre furnished, the story played, the report written."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import soundfile
from rich.console import Console
from rich.table import Table

from hotline.clock import Clock, SystemClock, local_day
from hotline.database import Database
from hotline.demo import scene
from hotline.demo.cast import Cast, load_cast
from hotline.demo.director import Pace, Stage, open_seats, play, play_seat
from hotline.demo.facts import RunFacts, as_json, settle
from hotline.demo.public import public_network
from hotline.demo.table import call_table
from hotline.errors import HotlineError
from hotline.processes.supervisor import System, running
from hotline.settings import Settings
from ivr.menu import PROMPTS
from qa import draws

WRAP_UP_SECONDS = 3.0
SETTLE_SECONDS = 300.0
"""How long recordings and transcripts may take after the last call: a slow machine transcribes at half speed."""


class CallsUnaccountedError(HotlineError):
    """At least one caller was stranded, a seat was rung twice at once, or a call has no sound recording."""

    code = "calls_unaccounted"


@dataclass(frozen=True)
class Outcome:
    facts: RunFacts
    sampled: dict[str, bool]
    sip_secrets: dict[str, str]


def demo_settings(settings: Settings, outbound: str = "") -> Settings:
    """The demo's own instance beside the real one, with a short wrap-up so that few seats serve many callers.

    `outbound` is the address of a public network, used where the settings name none.
    """
    instance = "demo" if settings.instance == "main" else settings.instance
    acd = settings.acd.model_copy(update={"wrap_up_seconds": WRAP_UP_SECONDS})
    asterisk = settings.asterisk.model_copy(update={"outbound": settings.asterisk.outbound or outbound})
    return settings.model_copy(update={"instance": instance, "acd": acd, "asterisk": asterisk})


async def run_demo(settings: Settings, *, once: bool, report: Path | None, console: Console) -> None:
    """Run the demo; with `once` it ends with the story, else it stays up until cancelled.

    Raises CallsUnaccountedError with `once` when an invariant does not hold.
    """
    say = _teller(console)
    cast = load_cast()
    async with public_network(cast) as address, running(demo_settings(settings, address), progress=say) as system:
        database = Database(system.database_url)
        try:
            clock = SystemClock()
            passwords = await scene.furnish(system.settings, database, clock, cast)
            outcome = await _perform(system, database, clock, cast, say)
        finally:
            await database.close()
        if report is not None:
            _write(report, outcome)
        console.print(call_table(outcome.facts, outcome.sampled))
        _summarise(console, outcome.facts)
        _show_doors(console, system, passwords, outcome.sip_secrets)
        if not once:
            console.print("Ctrl-C 结束 · stops everything")
            await asyncio.Event().wait()
    broken = {name: count for name, count in outcome.facts.invariants().items() if count}
    if broken:
        raise CallsUnaccountedError(f"not every call is accounted for: {broken}; failures: {outcome.facts.failures}")


async def _perform(system: System, database: Database, clock: Clock, cast: Cast, say: Callable[[str], None]) -> Outcome:
    asterisk = system.settings.asterisk
    start = clock.now()
    with tempfile.TemporaryDirectory(prefix="hotline-demo-") as folder:
        stage = Stage(
            domain=f"{asterisk.bind}:{asterisk.sip_port}",
            access_number=asterisk.access_numbers[0],
            pace=Pace(before_key=_prompt_seconds("recording-notice") + 2.0, before_message=_message_seconds()),
            wav_folder=Path(folder),
            say=say,
        )
        async with AsyncExitStack() as stack:
            secrets = await scene.sip_secrets(database)
            phones = await open_seats(stack, stage, cast.seats, secrets)
            await scene.staff(database, clock, cast)
            seats = [asyncio.create_task(play_seat(stage, part, phones[part.seat])) for part in cast.seats]
            await play(stage, cast.callers, cast.seats)
            facts = await settle(database, clock, start, callers=cast.callers, say=say, patience=SETTLE_SECONDS)
            for seat in seats:
                seat.cancel()
            await scene.send_home(database, clock, cast)
    facts.failures += stage.failures
    sampled = await _draw(system.settings, database, clock, facts)
    return Outcome(facts, sampled, secrets)


async def _draw(settings: Settings, database: Database, clock: Clock, facts: RunFacts) -> dict[str, bool]:
    """Draw today's 5 % (D64) and say which calls of the run are in it."""
    day = local_day(clock.now(), settings.zone)
    async with database.transaction() as session:
        await draws.draw_day(session, day, settings=settings, actor="demo", now=clock.now())
        drawn = {sample.call_uid for sample in await draws.list_samples(session, day=day)}
    return {fact.call.uid: fact.call.uid in drawn for fact in facts.calls}


def _write(report: Path, outcome: Outcome) -> None:
    report.write_text(json.dumps(as_json(outcome.facts, outcome.sampled), ensure_ascii=False, indent=1), "utf-8")


def _prompt_seconds(name: str) -> float:
    return float(soundfile.info(PROMPTS / f"{name}.wav").duration)


def _message_seconds() -> float:
    return _prompt_seconds("leave-message") + _prompt_seconds("tone") + 1.0


def _teller(console: Console) -> Callable[[str], None]:
    started = asyncio.get_running_loop().time()

    def say(line: str) -> None:
        console.print(f"[dim]{asyncio.get_running_loop().time() - started:6.1f} s[/dim]  {line}", highlight=False)

    return say


def _summarise(console: Console, facts: RunFacts) -> None:
    for name, count in facts.invariants().items():
        console.print(f"{'[red]' if count else '[green]'}{name}: {count}", highlight=False)
    for failure in facts.failures:
        console.print(f"[yellow]{failure}", highlight=False)


def _show_doors(console: Console, system: System, passwords: dict[str, str], sip_secrets: dict[str, str]) -> None:
    """Where people log in, with what, and where telephones register and dial."""
    people = Table(title=f"控制台 console  {system.web_url}")
    for column in (
        "角色\nrole",
        "姓名\nname",
        "用户名\nlog-in",
        "密码\npassword",
        "座席\nseat",
        "SIP 密码\nSIP password",
    ):
        people.add_column(column)
    for person in scene.PEOPLE:
        seat = person.seat or ""
        people.add_row(
            person.role.value, person.name, person.login, passwords[person.login], seat, sip_secrets.get(seat, "")
        )
    console.print(people)
    asterisk = system.settings.asterisk
    registrar = f"{asterisk.bind}:{asterisk.sip_port}"
    console.print(f"来电 callers dial sip:{asterisk.access_numbers[0]}@{registrar}", highlight=False)
    console.print(f"座席 seats register at sip:{registrar}, user = seat; or in the browser, on /seat", highlight=False)
    console.print(f"命令行 commands: HOTLINE_INSTANCE={system.settings.instance} hotline …", highlight=False)
