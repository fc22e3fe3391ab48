"""Handlers of the page of learned models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cases import classifier_runs
from cases.classifier_runs import By
from console import labels
from console.access import require
from console.errors import N_, Missing
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.jobs import defer
from hotline.roles import Action, allows
from transcribe.errors import TranscribeError
from transcribe.learned import store
from transcribe.learned.model import ModelDamaged
from transcribe.learned.store import NotBetter, NoVersion

router = APIRouter(prefix="/models")
WORDS = 12
"""Words shown for each value of a field."""

STATES: Final[Mapping[str, str]] = {
    "trained": N_("proposed"),
    "live": N_("live version"),
    "retired": N_("retired"),
}
FIELDS: Final[Mapping[str, str]] = {
    "kind": N_("Kind"),
    "business": N_("Business type"),
    "nature": N_("Nature"),
    "cause": N_("Root cause"),
}
VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": labels.KINDS,
    "business": labels.BUSINESS,
    "nature": labels.NATURES,
    "cause": labels.ROOT_CAUSES,
}
WHY: Final[Mapping[str, str]] = {
    "better": N_("measurably better"),
    "few_forms": N_("too few confirmed forms"),
    "few_held": N_("too few forms held back"),
    "one_person": N_("one person confirmed them all"),
    "no_gain": N_("not better than the rules"),
    "not_sure": N_("the gain may be luck"),
    "value_loses": N_("a value would be recognised worse"),
    "rests_on_one": N_("the gain rests on one person's forms"),
}
PROBLEMS: Final[Mapping[str, str]] = {
    NoVersion.code: N_("There is no such version, or none is live."),
    NotBetter.code: N_("This version is in no field measurably better than the rules, so it cannot go live."),
    ModelDamaged.code: N_("The stored model is damaged. Train it anew."),
}


@router.get("")
async def models_page(
    request: Request, subject: Annotated[Subject, require(Action.FIGURES_VIEW)], asked: bool = False
) -> Response:
    """Every version, the newest first."""
    return await _page(request, subject, asked=asked)


@router.get("/{number}")
async def model_page(
    request: Request, number: int, subject: Annotated[Subject, require(Action.FIGURES_VIEW)]
) -> Response:
    """One version with the words that weigh most for each value."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            version = await store.get(session, number)
            model = await store.model_of(session, number)
            await audit.record(
                session, actor=subject.login, role=subject.role.value, action="model.view", subject=f"model:{number}",
                detail={}, now=console.now(),
            )  # fmt: skip
    except NoVersion as error:
        raise Missing from error
    except ModelDamaged as error:
        return await _page(request, subject, problem=PROBLEMS[error.code], status=409)
    words = {
        name: [(value, [each.run for each in field.top(value, WORDS)]) for value in field.classes]
        for name, field in model.fields.items()
    }
    return console.pages.page(
        request, "models/version.html", version=version, words=words, fields=FIELDS, values=VALUES, states=STATES,
        why=WHY,
    )  # fmt: skip


@router.post("/train")
async def train(request: Request, subject: Annotated[Subject, require(Action.MODEL_MANAGE)]) -> Response:
    """Ask the worker for a new version; it decides nothing by itself."""
    async with console_of(request).database.transaction() as session:
        await defer(session, "cases.learn", queueing_lock="cases.learn", login=subject.login, role=subject.role.value)
    return RedirectResponse("/models?asked=1", 303)


@router.post("/rollback")
async def rollback(request: Request, subject: Annotated[Subject, require(Action.MODEL_MANAGE)]) -> Response:
    """Retire the live version; the one before it decides again, or the rules alone."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await classifier_runs.put_back(session, by=_by(subject), now=console.now())
    except TranscribeError as error:
        return await _page(request, subject, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/models", 303)


@router.post("/{number}/live")
async def live(request: Request, number: int, subject: Annotated[Subject, require(Action.MODEL_MANAGE)]) -> Response:
    """Let a version decide the fields in which it was measurably better."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await classifier_runs.put_live(session, number, by=_by(subject), now=console.now())
    except TranscribeError as error:
        return await _page(request, subject, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/models", 303)


def _by(subject: Subject) -> By:
    return By(subject.login, subject.role.value)


async def _page(
    request: Request, subject: Subject, *, problem: str = "", asked: bool = False, status: int = 200
) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        versions = await store.versions(session)
    return console.pages.page(
        request, "models/list.html", status=status, versions=versions, problem=problem, asked=asked, fields=FIELDS,
        states=STATES, why=WHY, live=next((each for each in versions if each.state == "live"), None),
        manages=allows(subject.role, Action.MODEL_MANAGE),
    )  # fmt: skip
