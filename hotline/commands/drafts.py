"""`hotline drafts`: learn from confirmed forms, compare with the rules, let a version decide, and go back."""

from __future__ import annotations

import asyncio
import getpass
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotline.commands.seats import Json, transact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cases.classifier_runs import By
    from transcribe.learned.store import VersionView

Number = Annotated[int, typer.Argument(help="Number of the version; `hotline drafts show` lists them.")]

app = typer.Typer(
    help="Learn the draft's kind, business type, nature and cause from the forms that clerks confirmed.",
    no_args_is_help=True,
)


@app.command("train")
def train_command(as_json: Json = False) -> None:
    """Learn a new version and compare it with the rules on forms held back from it; it decides nothing yet."""
    from cases import classifier_runs
    from hotline.connect import opened
    from hotline.settings import load_settings

    settings = load_settings()

    async def run() -> VersionView:
        async with opened(settings) as database:
            return await classifier_runs.train_version(database, settings, by=_by(), now=datetime.now(UTC))

    _show(asyncio.run(run()), as_json)


@app.command("compare")
def compare_command(number: Number, as_json: Json = False) -> None:
    """Compare a version with today's rules on held-back forms, those confirmed since included; changes nothing."""
    from dataclasses import asdict

    from cases import classifier_runs
    from cases.classifier_compare import Compared
    from hotline.connect import opened
    from hotline.settings import load_settings

    settings = load_settings()

    async def run() -> dict[str, Compared]:
        async with opened(settings) as database:
            return await classifier_runs.compare_version(database, settings, number, datetime.now(UTC))

    report = {name: asdict(each) for name, each in asyncio.run(run()).items()}
    typer.echo(json.dumps({"version": number, "fields": report}, ensure_ascii=False)) if as_json else _table(report)


@app.command("live")
def live_command(number: Number) -> None:
    """Let a version decide the fields in which it was measurably better."""
    from cases import classifier_runs

    version = transact(lambda session: classifier_runs.put_live(session, number, by=_by(), now=datetime.now(UTC)))
    typer.echo(f"version {version.number} decides from now on: {', '.join(sorted(version.takes_over))}")


@app.command("rollback")
def rollback_command() -> None:
    """Retire the live version; the one before it decides again, or the rules alone."""
    from cases import classifier_runs

    left, came = transact(lambda session: classifier_runs.put_back(session, by=_by(), now=datetime.now(UTC)))
    typer.echo(
        f"version {left.number} is retired; " + (f"version {came.number} is live" if came else "the rules decide")
    )


@app.command("show")
def show_command(
    number: Annotated[int | None, typer.Argument(help="One version, with the words that weigh most.")] = None,
    as_json: Json = False,
) -> None:
    """List the versions, or show one with its comparison and the words that weigh most for each value."""
    from transcribe.learned import store

    if number is not None:
        version = transact(lambda session: store.get(session, number))
        model = transact(lambda session: store.model_of(session, number))
        words = {
            name: {value: [each.run for each in field.top(value, 12)] for value in field.classes}
            for name, field in model.fields.items()
        }
        _show(version, as_json, words)
        return
    versions = transact(store.versions)
    if as_json:
        typer.echo(json.dumps({"versions": [_json(each) for each in versions]}, ensure_ascii=False))
        return
    for each in versions:
        fields = ", ".join(sorted(each.takes_over)) or "nothing better than the rules"
        typer.echo(
            f"{each.number:>4}  {each.state:<8} {each.created_at:%Y-%m-%d %H:%M}  {each.forms:>6} forms  {fields}"
        )
    if not versions:
        typer.echo("nothing has been trained yet; run: hotline drafts train")


def _by() -> By:
    from cases.classifier_runs import By

    return By(f"shell:{getpass.getuser()}", "command line")


def _json(version: VersionView) -> dict[str, Any]:
    return {
        "number": version.number, "state": version.state.value, "why": version.why, "forms": version.forms,
        "created_at": version.created_at.isoformat(), "sha256": version.sha256, "fields": dict(version.report),
        "takes_over": sorted(version.takes_over),
    }  # fmt: skip


def _show(version: VersionView, as_json: bool, words: Mapping[str, Mapping[str, list[str]]] | None = None) -> None:
    if as_json:
        typer.echo(json.dumps(_json(version) | ({"words": words} if words else {}), ensure_ascii=False))
        return
    typer.echo(f"version {version.number}, {version.state}, from {version.forms} forms, asked for by {version.why}")
    _table(version.report)
    if version.takes_over and version.state == "trained":
        typer.echo(f"to let it decide them: hotline drafts live {version.number}")
    for name, values in (words or {}).items():
        for value, runs in values.items():
            typer.echo(f"{name} {value or '(empty)'}: {' '.join(runs)}")


def _table(report: Mapping[str, Any]) -> None:
    typer.echo(f"{'field':<10}{'held back':>10}{'rules':>8}{'learned':>9}{'gain':>8}   {'95 %':<18}{'p':>7}  verdict")
    for name, each in report.items():
        bounds = f"{each['low']:+.3f} … {each['high']:+.3f}"
        verdict = "takes over" if each["takes_over"] else f"stays with the rules: {WHY[each['why']]}"
        typer.echo(
            f"{name:<10}{each['held']:>10}{each['rules']:>8.3f}{each['learned']:>9.3f}{each['gain']:>+8.3f}   "
            f"{bounds:<18}{each['p']:>7.3f}  {verdict}"
        )


WHY = {
    "better": "better",
    "few_forms": "too few confirmed forms",
    "few_held": "too few forms held back",
    "one_person": "one person confirmed them all",
    "no_gain": "it is not better",
    "not_sure": "the gain may be luck",
    "value_loses": "a value would be recognised worse",
    "rests_on_one": "the gain rests on one person's forms",
}
