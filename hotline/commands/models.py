"""`hotline models`: fetch, list and verify the speech models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from transcribe.registry import Model

app = typer.Typer(help="Speech models: fetch, list, verify.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Names = Annotated[list[str] | None, typer.Argument(help="Models by name; all of them without one.")]


@app.command("fetch")
def fetch_command(
    names: Names = None,
    tests: Annotated[bool, typer.Option(help="Also those that only the tests use.")] = False,
) -> None:
    """Download what is missing, check every file's SHA-256, and put each model in place complete."""
    from hotline.settings import load_settings
    from transcribe.fetch import fetch

    wanted = [model for model in _chosen(names) if names or tests or not model.for_tests]
    left_out = fetch(load_settings().models_dir, wanted, lambda line: typer.echo(line, err=True))
    if names and left_out:
        raise typer.Exit(1)


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """Show every known model, its licence and whether it is here."""
    from hotline.settings import load_settings
    from transcribe.registry import MODELS, is_present

    settings = load_settings()
    rows = [
        {
            "name": model.name,
            "title": model.title,
            "licence": model.licence,
            "origin": model.origin,
            "present": is_present(settings.models_dir, model),
            "optional": model.optional or model.for_tests,
        }
        for model in MODELS.values()
    ]
    if as_json:
        typer.echo(json.dumps({"folder": str(settings.models_dir), "models": rows}, ensure_ascii=False))
        return
    typer.echo(f"models in {settings.models_dir}")
    for row in rows:
        state = "present" if row["present"] else "absent, optional" if row["optional"] else "absent"
        typer.echo(f"  {row['name']:<18}{state:<18}{row['licence']:<12}{row['title']}")


@app.command("verify")
def verify_command(names: Names = None, as_json: Json = False) -> None:
    """Hash every file of the models that are here; exits 1 when one is missing or has changed."""
    from hotline.settings import load_settings
    from transcribe.registry import faults, is_present

    folder = load_settings().models_dir
    wanted = [
        model
        for model in _chosen(names)
        if names or not (model.optional or model.for_tests) or is_present(folder, model)
    ]
    found = {model.name: faults(folder, model) for model in wanted}
    if as_json:
        typer.echo(json.dumps({"models": found}, ensure_ascii=False))
    else:
        for name, faulty in found.items():
            typer.echo(f"{name:<18}{'; '.join(faulty) or 'sound'}")
    if any(found.values()):
        raise typer.Exit(1)


def _chosen(names: list[str] | None) -> list[Model]:
    from hotline.errors import UsageError
    from transcribe.registry import MODELS

    unknown = [name for name in names or () if name not in MODELS]
    if unknown:
        raise UsageError(f"no such model: {unknown[0]}; there are {', '.join(MODELS)}")
    return [MODELS[name] for name in names] if names else list(MODELS.values())
