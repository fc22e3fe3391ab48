"""`hotline recordings scrub|seal|rotate-master|rotate-day`: what lies in the store, and its keys."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from hotline.clock import Clock
    from hotline.database import Database
    from hotline.settings import Settings
    from recordings.scrub import ScrubReport
    from recordings.sealed import SealedObjects

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Vault:
    """What a command on the store works with."""

    settings: Settings
    database: Database
    clock: Clock
    objects: SealedObjects


def scrub_command(
    rate: Annotated[float | None, typer.Option(min=0.001, metavar="MB/s", help="Read no faster than this.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Stop after so long; the next one goes on.")] = None,
    as_json: Json = False,
) -> None:
    """Read stored objects back, from where the last scrub stopped; exits 1 when one is damaged or gone."""
    report = read_back(rate, None if minutes is None else minutes * 60, anew=False, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(scrub_values(report), ensure_ascii=False))
    else:
        show_scrub(report)
    if report.damaged:
        raise typer.Exit(1)


def seal_command(as_json: Json = False) -> None:
    """Seal the recordings that were stored before recordings were sealed; begun again, it goes on."""
    from recordings import stored
    from recordings.sealing import SealReport, seal_old

    async def work(vault: Vault) -> SealReport:
        async with vault.database.transaction() as session:
            count, size = await stored.remaining(session, "", unsealed=True)
        with _progress("sealing", count, size, quiet=as_json) as progress:
            return await seal_old(vault.database, vault.objects, progress=progress)

    report = with_vault(work)
    if as_json:
        left_out = [{"object": key, "reason": why} for key, why in report.left_out]
        typer.echo(json.dumps({"sealed": report.sealed, "left_out": left_out}, ensure_ascii=False))
    else:
        for key, why in report.left_out:
            typer.echo(f"left as it is  {key}: {why}")
        typer.echo(f"{report.sealed} sealed, {len(report.left_out)} left as they are")
    if report.left_out:
        raise typer.Exit(1)


def rotate_master_command(
    new_key: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="age identity to take.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Wrap every day key to a new master key; processes go on, the old master key opens nothing any more."""
    from recordings import master
    from recordings.rotation import Rotated, rotate_master

    async def work(vault: Vault) -> Rotated:
        return await rotate_master(
            vault.settings, vault.database, vault.clock, vault.objects.keys, actor=shell_user(), new_key=new_key
        )

    found = with_vault(work)
    file = with_settings(master.path)
    if as_json:
        values = {"recipient": found.recipient, "day_keys": found.day_keys, "resumed": found.resumed, "file": str(file)}
        typer.echo(json.dumps(values))
        return
    if found.resumed:
        typer.echo("ended a rotation that was begun before")
    typer.echo(f"{found.day_keys} day keys are wrapped to {found.recipient}")
    typer.echo(f"the master key lies in {file}: back it up now; the old one opens older backups of the database only")


def rotate_day_command() -> None:
    """Seal with a new day key from now on; what the present one has sealed stays under it."""
    from recordings.rotation import rotate_day

    async def work(vault: Vault) -> str:
        return await rotate_day(vault.database, vault.clock, vault.objects.keys, actor=shell_user())

    typer.echo(f"new recordings are sealed with day key {with_vault(work)}")


def with_vault(work: Callable[[Vault], Awaitable[T]]) -> T:
    """Run `work` on the installation's database and store."""
    from hotline.clock import SystemClock
    from hotline.connect import opened
    from hotline.settings import load_settings
    from recordings.private import sweep
    from recordings.sealed import open_objects

    async def run() -> T:
        settings, clock = load_settings(), SystemClock()
        async with opened(settings) as database:
            objects = open_objects(settings, database, clock)
            await asyncio.to_thread(sweep, objects.work())  # of a command that was killed, where no worker runs
            return await work(Vault(settings, database, clock, objects))

    return asyncio.run(run())


def with_settings(work: Callable[[Settings], T]) -> T:
    from hotline.settings import load_settings

    return work(load_settings())


def shell_user() -> str:
    """What is done from the command line is done by whoever has the machine."""
    return f"shell:{getpass.getuser()}"


def read_back(rate: float | None, seconds: float | None, *, anew: bool, quiet: bool) -> ScrubReport:
    """Scrub with a bar of progress, unless `quiet`."""
    from recordings.scrub import outstanding, scrub

    async def work(vault: Vault) -> ScrubReport:
        async with vault.database.transaction() as session:
            count, size = await outstanding(session, anew=anew)
        with _progress("reading back", count, size, quiet=quiet) as progress:
            return await scrub(
                vault.database, vault.objects, vault.clock, seconds=seconds, anew=anew, progress=progress,
                bytes_per_second=None if rate is None else rate * MEGABYTE,
            )  # fmt: skip

    return with_vault(work)


def scrub_values(report: ScrubReport) -> dict[str, Any]:
    """What a scrub found, as it is printed with `--json`."""
    damaged = [{"object": each.key, "call": each.call_uid, "detail": each.detail} for each in report.damaged]
    return {"checked": report.objects, "bytes": report.bytes, "ended": report.ended, "damaged": damaged}


def show_scrub(report: ScrubReport) -> None:
    from recordings.scrub import MEND

    for each in report.damaged:
        typer.echo(f"damaged  {each.call_uid or each.key}: {each.detail}; {MEND}")
    rest = "" if report.ended else "; the round is not ended, the next scrub goes on"
    typer.echo(f"{report.objects} objects read back, {len(report.damaged)} damaged{rest}")


@contextmanager
def _progress(what: str, count: int, size: int, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar of bytes on a terminal's standard error; elsewhere nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[done]}/{task.fields[count]}"),
        DownloadColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=quiet or not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=max(size, 1), done=0, count=count)
        done = 0

        def step(bytes_done: int, objects_done: int) -> None:
            nonlocal done
            done += objects_done
            bar.update(task, advance=bytes_done, done=done)

        yield step
