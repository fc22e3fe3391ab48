"""`hotline recordings recognise`: have recordings recognised again that were set aside."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.commands.recordings_vault import Json, Vault, shell_user, with_vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from transcribe.again import Found

BATCH = 50
"""Queued in one transaction, so that a command that is interrupted has done something and is simply run again."""
LOOK_SECONDS = 2.0


def recognise_command(
    calls: Annotated[list[str] | None, typer.Argument(help="Uniqueids of calls, such as n1-1763700000.7.")] = None,
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that were set aside, or never tried to their end.")
    ] = False,
    partly: Annotated[bool, typer.Option("--partly", help="With --failed: those recognised in part, too.")] = False,
    queue: Annotated[str | None, typer.Option(help="Only of this queue: a service, voicemail or import.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only recordings begun since, in the centre's zone.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all of them are through.")] = False,
    as_json: Json = False,
) -> None:
    """Queue recordings for recognition again; what a person has decided stays, and done twice each waits once."""
    from hotline.errors import UsageError

    if bool(calls) == failed:
        raise UsageError("name calls, or give --failed for all that were set aside")
    if calls and (partly or queue or since):
        raise UsageError("--partly, --queue and --since narrow --failed down; a call that is named is that call")

    async def work(vault: Vault) -> list[Found]:
        from transcribe.again import Standing, Wanted, look

        at = since.replace(tzinfo=vault.settings.zone) if since is not None and since.tzinfo is None else since
        async with vault.database.transaction() as session:
            found = await look(session, Wanted(tuple(calls or ()), queue, at, partly), vault.clock.now())
        chosen = [each.call_uid for each in found if each.standing is Standing.QUEUE]
        if not dry_run:
            await _queue(vault, chosen, quiet=as_json)
            if wait:
                waiting = [each.call_uid for each in found if each.standing in {Standing.QUEUE, Standing.QUEUED}]
                await _stay(vault, waiting, quiet=as_json)
        return found

    _say(with_vault(work), dry_run=dry_run, as_json=as_json)


def _say(found: list[Found], *, dry_run: bool, as_json: bool) -> None:
    from transcribe.again import Standing

    count = sum(each.standing is Standing.QUEUE for each in found)
    if as_json:
        rows = [{"call": each.call_uid, "standing": each.standing, "reason": each.reason} for each in found]
        typer.echo(json.dumps({"queued": 0 if dry_run else count, "recordings": rows}, ensure_ascii=False))
    else:
        said = {
            Standing.QUEUE: "would be queued" if dry_run else "queued",
            Standing.QUEUED: "waits for it already",
            Standing.RECOGNISED: "is recognised: nothing to gain",
            Standing.NO_RECORDING: "has no stored recording",
        }
        for each in found:
            typer.echo(f"{each.call_uid}  {said[each.standing]}" + (f": {each.reason}" if each.reason else ""))
        typer.echo(f"{count} recordings {'would be ' if dry_run else ''}queued")
    if any(each.standing is Standing.NO_RECORDING for each in found):
        raise typer.Exit(1)


async def _queue(vault: Vault, chosen: Sequence[str], *, quiet: bool) -> None:
    from transcribe import again

    with _progress("queueing", len(chosen), quiet=quiet) as done:
        for begin in range(0, len(chosen), BATCH):
            batch = chosen[begin : begin + BATCH]
            async with vault.database.transaction() as session:
                await again.again(session, batch, actor=shell_user(), role="administrator", now=vault.clock.now())
            done(begin + len(batch))


async def _stay(vault: Vault, chosen: Sequence[str], *, quiet: bool) -> None:
    from transcribe import again

    with _progress("recognising", len(chosen), quiet=quiet) as done:
        while True:
            async with vault.database.transaction() as session:
                left = await again.left(session, chosen)
            done(len(chosen) - left)
            if not left:
                return
            await asyncio.sleep(LOOK_SECONDS)


@contextmanager
def _progress(what: str, total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar of recordings on a terminal's standard error; elsewhere nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = quiet or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as bar:
        task = bar.add_task(what, total=max(total, 1))
        yield lambda done: bar.update(task, completed=done)
