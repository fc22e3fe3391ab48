"""`hotline audit`: is the chain whole, and what does it say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hotline.audit import Anchor, AuditReport

app = typer.Typer(help="The append-only audit chain.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command("verify")
def verify_command(
    anchors: Annotated[
        Path | None,
        typer.Option(help="File of anchors; a tail that was cut off shows by them. Default: the worker's own."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the whole chain; exits 1 and names every entry that was changed, taken out or put elsewhere."""
    from hotline import anchors as kept
    from hotline.settings import load_settings

    settings = load_settings()
    path = anchors or kept.path(settings)
    report = asyncio.run(_verify(kept.read(path, must_exist=anchors is not None)))
    if as_json:
        problems = [{"seq": each.seq, "kind": each.kind, "message": each.message} for each in report.problems]
        values = {
            "sound": report.sound, "checked": report.checked, "head": report.head_seq, "digest": report.head_digest,
            "problems": problems,
        }  # fmt: skip
        typer.echo(json.dumps(values))
    else:
        for each in report.problems:
            typer.echo(f"{each.kind:<10}{each.message}")
        state = "the chain is whole" if report.sound else f"{len(report.problems)} problems"
        typer.echo(f"{report.checked} entries read, {state}")
    if not report.sound:
        raise typer.Exit(1)


@app.command("show")
def show_command(
    subject: Annotated[str | None, typer.Option(help="Only what concerns this call, draft or user.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the latest.")] = 50,
    as_json: Json = False,
) -> None:
    """Show the latest entries."""
    rows = asyncio.run(_latest(subject, limit))
    if as_json:
        typer.echo(json.dumps({"entries": rows}, ensure_ascii=False))
        return
    for row in rows:
        detail = json.dumps(row["detail"], ensure_ascii=False) if row["detail"] else ""
        who = f"{row['actor']} ({row['role']})"
        typer.echo(f"{row['seq']:>6}  {row['at']}  {who}  {row['action']}  {row['subject']}  {detail}")


async def _verify(anchors: tuple[Anchor, ...]) -> AuditReport:
    from hotline import audit
    from hotline.connect import opened
    from hotline.settings import load_settings

    async with opened(load_settings()) as database, database.transaction() as session:
        return await audit.verify(session, anchors)


async def _latest(subject: str | None, limit: int) -> list[dict[str, Any]]:
    from hotline import audit
    from hotline.connect import opened
    from hotline.settings import load_settings

    async with opened(load_settings()) as database, database.transaction() as session:
        entries = await audit.latest(session, subject=subject, limit=limit)
    return [
        {
            "seq": entry.seq, "at": entry.at.isoformat(), "actor": entry.actor, "role": entry.role,
            "action": entry.action, "subject": entry.subject, "detail": entry.detail,
        }
        for entry in entries
    ]  # fmt: skip
