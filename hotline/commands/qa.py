"""`hotline qa`: draw calls for inspection from a CSV file, and check that a stored draw comes out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from qa.sampler import DrawResult

app = typer.Typer(help="Quality inspection: draws of 5 % of each business type (D64), two calls a week (D65).")


@app.callback()
def _group() -> None:
    """Quality inspection."""


@app.command("draw")
def draw_command(
    csv_file: Annotated[Path, typer.Argument(metavar="CSV", help="UTF-8 file with the header id,day,business,seat.")],
    seed: Annotated[int, typer.Option(help="Any whole number; the same seed draws the same ids again.")],
    rate: Annotated[str, typer.Option(help="Share drawn of each day and business, above 0 and at most 1.")] = "0.05",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Draw RATE of each day's calls of each business type, rounded up (D64).

    With --json: {"algorithm": str, "seed": int, "rate": float, "rows": int, "drawn": {day: {business: [id, ...]}},
    "short": {seat: {week: n}}}. Ids are sorted. "short" holds the seats that took calls in an ISO week (such as
    2026-W47) of which fewer than two were drawn (D65), and how many are still missing; a seat or week that is not
    short is left out. The same seed draws the same ids from the same rows in any order.
    """
    from qa.errors import QaError
    from qa.rows import read_rows
    from qa.sampler import draw

    try:
        result = draw(read_rows(csv_file), rate, seed)
    except QaError as error:
        _wrong_use(str(error))
    if as_json:
        typer.echo(json.dumps(draw_json(result), ensure_ascii=False))
        return
    for day, by_business in result.drawn.items():
        for business, ids in by_business.items():
            typer.echo(f"{day}  {business}: {', '.join(sorted(ids))}")
    for each in result.shortfalls:
        typer.echo(f"{each.week}  seat {each.seat}: {each.drawn} of {each.available} calls drawn, {each.short} short")


@app.command("verify")
def verify_command(
    stored: Annotated[str, typer.Argument(metavar="DRAW", help="A day, or what `hotline qa draw --json` printed.")],
    csv_file: Annotated[
        Path | None, typer.Option("--rows", metavar="CSV", help="The calls that the file was drawn from.")
    ] = None,
) -> None:
    """Draw again with the stored seed and rate; exit 1, naming the ids, unless the same calls come out.

    DRAW is a day such as 2026-11-21, whose draw is in the database with its calls, or a file, which needs --rows.
    """
    if _is_day(stored):
        _verify_day(stored)
    elif csv_file is None:
        _wrong_use("give --rows CSV with the calls of that draw, or a day such as 2026-11-21")
    else:
        _verify_file(Path(stored), csv_file)


def _verify_day(day: str) -> None:
    import asyncio

    from hotline.connect import opened
    from hotline.settings import load_settings
    from qa.draws import verify_day

    async def repeat() -> int:
        async with opened(load_settings()) as database, database.transaction() as session:
            return await verify_day(session, day)

    typer.echo(f"{day}: the same {asyncio.run(repeat())} calls come out again")


def _verify_file(stored: Path, csv_file: Path) -> None:
    from qa.errors import QaError
    from qa.rows import read_rows
    from qa.sampler import ALGORITHM, draw

    told = _stored(stored)
    if told["algorithm"] != ALGORITHM:
        _wrong_use(f"{stored.name} was drawn by {told['algorithm']!r}; this program repeats {ALGORITHM!r} only")
    try:
        found = draw_json(draw(read_rows(csv_file), str(told["rate"]), told["seed"]))
    except QaError as error:
        _wrong_use(str(error))
    if found["drawn"] == told["drawn"]:
        typer.echo(f"{stored.name}: the same calls come out again (seed {told['seed']}, {found['rows']} rows)")
        return
    ours, theirs = _ids(found["drawn"]), _ids(told["drawn"])
    extra, missing = sorted(theirs - ours), sorted(ours - theirs)
    typer.echo(
        f"{stored.name} differs from a new draw: "
        f"not drawn now {', '.join(extra) or 'none'}; missing from the file {', '.join(missing) or 'none'}",
        err=True,
    )
    raise typer.Exit(1)


def _is_day(text: str) -> bool:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def draw_json(result: DrawResult) -> dict[str, Any]:
    """The draw as `hotline qa draw --json` prints it."""
    short: dict[str, dict[str, int]] = {}
    for each in result.shortfalls:
        short.setdefault(each.seat, {})[each.week] = each.short
    return {
        "algorithm": result.algorithm,
        "seed": result.seed,
        "rate": float(result.rate),
        "rows": result.rows,
        "drawn": {day: {name: sorted(ids) for name, ids in by.items()} for day, by in result.drawn.items()},
        "short": short,
    }


def _stored(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except OSError as error:
        _wrong_use(f"cannot read {path}: {error.strerror}")
    except ValueError:
        _wrong_use(f"{path.name} is not JSON; give the file that `hotline qa draw --json` printed")
    wanted = {"algorithm": str, "seed": int, "rate": float, "drawn": dict}
    if not isinstance(told, dict) or any(not isinstance(told.get(key), kind) for key, kind in wanted.items()):
        _wrong_use(f"{path.name} is no stored draw; it needs algorithm, seed, rate and drawn")
    return told


def _ids(drawn: dict[str, dict[str, list[str]]]) -> set[str]:
    return {each for by in drawn.values() for ids in by.values() for each in ids}


def _wrong_use(message: str) -> NoReturn:
    typer.echo(f"hotline: {message}", err=True)
    raise typer.Exit(2)
