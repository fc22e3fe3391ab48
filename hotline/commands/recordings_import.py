"""`hotline recordings import DIR`: archived recordings become recordings of ours, with progress and a report."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
import time
from contextlib import AbstractContextManager, aclosing, contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recordings.importing import Counts, Options, Result

LINE_SECONDS = 10.0
"""Between two lines of progress where no terminal is."""


class Channels(StrEnum):
    CALLER_LEFT = "caller-left"
    SEAT_LEFT = "seat-left"


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder whose sound files are to be imported.")],
    manifest: Annotated[
        Path | None, typer.Option(help="CSV with the columns file,caller,seat,started_at,service.", dir_okay=False)
    ] = None,
    pattern: Annotated[
        str, typer.Option(help="What the names say, such as '{date}-{time}_{caller}_{seat}'; {any} is passed over.")
    ] = "",
    channels: Annotated[Channels, typer.Option(help="Whose the left of two channels is.")] = Channels.CALLER_LEFT,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write what became of each file.", dir_okay=False)
    ] = None,
) -> None:
    """Import recordings made elsewhere; run again after a break, it goes on. Exits 1 where a file was refused."""
    from hotline.settings import load_settings
    from recordings.importing import Options
    from recordings.importing_facts import Manifest, name_reader, read_manifest

    settings = load_settings()
    options = Options(
        folder.resolve(),
        read_manifest(manifest, settings.zone) if manifest is not None else Manifest(),
        name_reader(pattern, settings.zone) if pattern else (lambda _: None),
        seat_left=channels is Channels.SEAT_LEFT,
        actor=getpass.getuser(),
    )
    with _report(report) as write:
        counts = asyncio.run(_import(options, write))
    _say(counts, options)
    if counts.refused:
        raise typer.Exit(1)


async def _import(options: Options, write: Callable[[Result], None]) -> Counts:
    from hotline.clock import SystemClock
    from hotline.connect import opened
    from hotline.settings import load_settings
    from recordings.finalise import Node
    from recordings.importing import Counts, run
    from recordings.sealed import open_objects

    settings = load_settings()
    counts = Counts()
    files, size = await asyncio.to_thread(_measured, options.folder)
    async with opened(settings) as database:
        clock = SystemClock()
        objects = open_objects(settings, database, clock)
        # The spool is Asterisk's, and an archive can be imported where none is.
        node = Node(settings, database, clock, objects, settings.instance_dir / "spool", objects.work())
        with _progress(files, size) as progress:
            async with aclosing(run(node, options)) as results:
                async for result in results:
                    counts.add(result)
                    write(result)
                    progress.told(result, counts)
    return counts


def _measured(folder: Path) -> tuple[int, int]:
    """Files below the folder and their bytes, so that a time can be estimated."""
    from recordings.importing import walk

    files = size = 0
    if folder.is_dir():
        for path in walk(folder):
            files += 1
            with suppress(OSError):  # gone since, or not for this user: the import says so of the one file
                size += path.lstat().st_size
    return files, size


class Progress(Protocol):
    def told(self, result: Result, counts: Counts) -> None: ...


def _progress(files: int, size: int) -> AbstractContextManager[Progress]:
    return _bar(files, size) if sys.stderr.isatty() else _lines(files)


@contextmanager
def _bar(files: int, size: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    from recordings.importing import Outcome

    class Bar:
        def told(self, result: Result, counts: Counts) -> None:
            rate = counts.files / max(time.monotonic() - begun, 0.1)
            said = f"{counts.imported} imported, {counts.known} there already, {counts.refused} refused, {rate:.1f}/s"
            rich.update(task, completed=counts.files, said=said)
            if result.outcome is Outcome.REFUSED:
                rich.console.print(f"[red]refused[/red] {escape(result.name)}: {escape(result.reason)}", soft_wrap=True)

    begun = time.monotonic()
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
    with RichProgress(*columns, console=Console(stderr=True)) as rich:
        task = rich.add_task("import", total=files, said="")
        yield Bar()


@contextmanager
def _lines(files: int) -> Iterator[Progress]:
    """One line every ten seconds, and one for each file that is refused."""
    from recordings.importing import Outcome

    class Lines:
        def __init__(self) -> None:
            self.begun = self.said = time.monotonic()

        def told(self, result: Result, counts: Counts) -> None:
            now = time.monotonic()
            if result.outcome is Outcome.REFUSED:
                sys.stderr.write(f"refused {result.name}: {result.reason}\n")
            if now - self.said >= LINE_SECONDS:
                self.said = now
                rate = counts.files / (now - self.begun)
                left = (files - counts.files) / rate if rate else 0
                sys.stderr.write(f"{counts.files} of {files} files, {rate:.1f} a second, {left:.0f} s left\n")
                sys.stderr.flush()

    yield Lines()


@contextmanager
def _report(path: Path | None) -> Iterator[Callable[[Result], None]]:
    """Writes one result after the other beside `path` and puts the whole file there at the end."""
    if path is None:
        yield lambda _: None
        return
    from recordings.importing import Counts

    counts = Counts()
    half = path.with_name(path.name + ".part")
    complete = False
    with half.open("w", encoding="utf-8") as file:

        def write(result: Result) -> None:
            _write(file, result, first=counts.files == 0)
            counts.add(result)

        file.write('{"files": [')
        try:
            yield write
            complete = True
        finally:
            figures = {"imported": counts.imported, "already_there": counts.known, "refused": counts.refused}
            file.write(f"\n],\n{json.dumps(figures | {'complete': complete})[1:]}\n")
    half.replace(path)


def _write(file: TextIO, result: Result, *, first: bool) -> None:
    told: dict[str, Any] = {
        "file": result.name,
        "outcome": result.outcome.value,
        "bytes": result.bytes,
        "sha256": result.sha256 or None,
        "call": result.call_uid or None,
        "seconds": round(result.seconds, 2),
        "time_from": result.time_from or None,
        "reason": result.reason or None,
        "warnings": list(result.warnings),
    }
    file.write(("\n" if first else ",\n") + json.dumps(told, ensure_ascii=False))


def _say(counts: Counts, options: Options) -> None:
    from recordings.sound_files import printable

    typer.echo(f"{counts.imported} imported, {counts.known} there already, {counts.refused} refused")
    if counts.time_of_file:
        typer.echo(
            f"of {counts.time_of_file} neither manifest nor name told the time: the time of the file itself was taken,"
            " which is wrong where it was copied since"
        )
    if counts.time_over:
        typer.echo(
            f"{counts.time_over} are past their retention, whose next run deletes them; raise"
            " `recordings.retention_days` first where they are to stay"
        )
    for name, reason in options.manifest.wrong.items():
        typer.echo(f"manifest  {printable(name)}: {reason}")
