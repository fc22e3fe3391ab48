"""`hotline recordings`: hold calls against their recordings; the other commands lie beside it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from hotline.commands import recordings_clips as clips
from hotline.commands import recordings_keep as keep
from hotline.commands import recordings_vault as vault
from hotline.commands.recordings_import import command as import_command
from hotline.commands.recordings_recognise import recognise_command
from hotline.commands.recordings_verify import verify_command

if TYPE_CHECKING:
    from recordings.finalise import Node

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]

app = typer.Typer(help="Recordings: recover, reconcile, read back, keys (D66).", no_args_is_help=True)
app.command("import")(import_command)
app.command("export")(clips.export_command)
app.command("check-clip")(clips.check_clip_command)
app.command("clip-key")(clips.clip_key_command)
app.command("scrub")(vault.scrub_command)
app.command("verify")(verify_command)
app.command("recognise")(recognise_command)
app.command("seal")(vault.seal_command)
app.command("rotate-master")(vault.rotate_master_command)
app.command("rotate-day")(vault.rotate_day_command)
app.command("retention")(keep.retention_command)
app.command("erase")(keep.erase_command)
app.command("hold")(keep.hold_command)
app.command("release")(keep.release_command)
app.command("certificate")(keep.certificate_command)


@app.command("reconcile")
def reconcile_command(
    as_json: Json = False,
    days: Annotated[float, typer.Option(min=0.01, help="Look at the calls that ended within this many days.")] = 2.0,
) -> None:
    """Recover legs left in the spool, then name every call without a sound recording; exits 1 when there is one."""
    from datetime import timedelta

    from recordings import reconcile

    report = _on_node(lambda node: reconcile.run(node, look_back=timedelta(days=days)))
    if as_json:
        found: list[dict[str, Any]] = [
            {"call": each.call_uid, "problem": each.problem, "detail": each.detail, "since": each.found_at.isoformat()}
            for each in report.problems
        ]
        values = {
            "calls": report.calls,
            "recordings": report.recordings,
            "recovered": list(report.recovered),
            "waiting": report.waiting,
            "refused": [{"file": name, "reason": why} for name, why in report.refused],
            "problems": found,
        }
        typer.echo(json.dumps(values, ensure_ascii=False))
    else:
        typer.echo(f"{report.calls} calls, {report.recordings} recordings, {len(report.recovered)} recovered")
        for name, why in report.refused:
            typer.echo(f"refused  {name}: {why}")
        for uid, why in report.waiting.items():
            typer.echo(f"waiting  {uid}: {why}")
        for each in report.problems:
            typer.echo(f"{each.problem.value:<14}{each.call_uid}: {each.detail}")
        if report.sound:
            typer.echo("every call has a sound recording")
    if not report.sound:
        raise typer.Exit(1)


@app.command("finalise")
def finalise_command(
    call: Annotated[str, typer.Argument(help="Uniqueid of the call, such as n1-1763700000.7.")],
) -> None:
    """Make the stored recording of one call out of its raw legs now, instead of waiting for the job."""
    from recordings.finalise import attempt

    made = _on_node(lambda node: attempt(node, call))
    typer.echo(f"{made.object_key}  {made.seconds:.1f} s  sha256 {made.sha256}")


def _on_node(work: Callable[[Node], Awaitable[T]]) -> T:
    from hotline.clock import SystemClock
    from hotline.connect import opened
    from hotline.jobs import JobContext
    from hotline.settings import load_settings
    from recordings.finalise import Node

    async def run() -> T:
        settings = load_settings()
        async with opened(settings) as database:
            return await work(Node.of(JobContext(settings, database, SystemClock())))

    return asyncio.run(run())
