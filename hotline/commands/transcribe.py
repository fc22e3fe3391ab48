"""`hotline transcribe FILE`: turns of text and a draft; needs no database and no Asterisk."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from transcribe.turns import Transcription


def command(
    file: Annotated[Path, typer.Argument(help="Audio of one channel, or two (left caller, right seat).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    answered_at: Annotated[
        float | None,
        typer.Option(min=0.0, help="Second at which the seat answered; the right channel is not heard before it."),
    ] = None,
    called_at: Annotated[
        datetime | None,
        typer.Option(help="When the call came, in the centre's zone; else the file's own time. 昨天 is told from it."),
    ] = None,
    caller: Annotated[str, typer.Option(help="The number that called, to compare with the one that is named.")] = "",
) -> None:
    """Turn an audio file into turns of text and the draft of a complaint, suggestion, enquiry or report."""
    from hotline.errors import UsageError
    from hotline.settings import load_settings
    from recordings.sound_files import printable

    if not file.exists():
        raise UsageError(f"there is no file {printable(str(file))}")
    settings = load_settings()
    with _progress() as told:
        from transcribe.draft import CallContext, extract
        from transcribe.llm import improve
        from transcribe.pipeline import transcribe_file

        heard = transcribe_file(file, settings, answered_at, told)
        at = called_at or datetime.fromtimestamp(file.stat().st_mtime, settings.zone)
        at = at if at.tzinfo else at.replace(tzinfo=settings.zone)
        found = extract(heard.turns, CallContext(caller, at))
        draft = asyncio.run(improve(found, heard.turns, settings.llm)).to_json()
    for warning in heard.warnings:
        sys.stderr.write(f"hotline: {printable(file.name)}: {warning}\n")
    if as_json:
        turns = [turn.to_json() for turn in heard.turns]
        typer.echo(json.dumps({"seconds": round(heard.seconds, 3), "turns": turns, "draft": draft}, ensure_ascii=False))
    else:
        _show(heard, draft)


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """A line on standard error that counts up, where a person is looking."""
    shown = -1

    def told(share: float) -> None:
        nonlocal shown
        percent = int(100 * share)
        if percent != shown and sys.stderr.isatty():
            shown = percent
            sys.stderr.write(f"\r{percent:3d} %")
            sys.stderr.flush()

    yield told
    if shown >= 0:
        sys.stderr.write("\r      \r")


def _show(heard: Transcription, draft: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    turns = Table(title=f"{heard.seconds:.1f} s, {heard.engine}", title_justify="left")
    turns.add_column("speaker")
    turns.add_column("seconds", justify="right")
    turns.add_column("text", overflow="fold")
    for turn in heard.turns:
        turns.add_row(turn.speaker, f"{turn.start:.1f}–{turn.end:.1f}", turn.text)
    console.print(turns)
    fields = Table(title="draft", title_justify="left")
    fields.add_column("field")
    fields.add_column("value", overflow="fold")
    fields.add_column("confidence", justify="right")
    fields.add_column("evidence, seconds", overflow="fold")
    for name, value in draft.items():
        if name in {"evidence", "confidence", "alternatives", "sources"} or value in (None, [], False):
            continue
        spans = ", ".join(f"{each['start']:.1f}–{each['end']:.1f}" for each in draft["evidence"].get(name, ()))
        sure = draft["confidence"].get(name)
        fields.add_row(name, str(value), "" if sure is None else f"{sure:.2f}", spans)
    console.print(fields)
