"""Handlers of the lexicon: its words, its versions, going live and back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import Answer, require
from console.errors import N_, Missing
from console.lexicon.drawing import WIDTH, heard_anew, suggestions
from console.lexicon.rows import rows
from console.lexicon.words import FAULTS, KINDS, PROBLEMS, STATES
from console.state import console_of
from hotline import audit
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe import drafts
from transcribe.lexicon import measurements, notes, proposals, table, versions
from transcribe.lexicon.effect import speaks
from transcribe.lexicon.errors import FaultyLine, LexiconError, NoSuchVersion, WrongWord
from transcribe.lexicon.states import OPEN, State
from transcribe.lexicon.versions import VersionView
from transcribe.lexicon.words import LexiconWord, active_words, words_of
from transcribe.masking import masked_text

router = APIRouter(prefix="/lexicon")
REASON = 200
"""Characters of a reason or a note."""
LARGEST_TABLE = 200_000
ANEW = (0, 3, 10, 30)
"""Calls to recognise once more that the page offers."""

TOOK = N_("%(count)s words are in the version.")
NOT_TEXT = N_("This file is no text in UTF-8. Save the table as CSV UTF-8.")
PROPOSED = N_("The word lies before the data manager.")
WHY = N_("Say why, in up to 200 characters.")


@router.get("")
async def lexicon_page(
    request: Request,
    *,
    subject: Annotated[Subject, require(Action.LEXICON_VIEW)],
    kind: str = "",
    find: str = "",
    took: int | None = None,
    edit: str = "",
) -> Response:
    """The open version, or what is live where none is open: words, proposals, measurement, versions."""
    return await _page(request, kind=kind, find=find.strip(), took=took, edit=edit)


@router.get("/words.csv")
async def export(
    request: Request, subject: Annotated[Subject, require(Action.LEXICON_VIEW, Answer.DATA)], version: int | None = None
) -> Response:
    """A version's words as CSV, or what is live."""
    console = console_of(request)
    async with console.database.transaction() as session:
        if version is not None and not await _exists(session, version):
            raise Missing
        words = await words_of(session, version) if version is not None else await active_words(session)
        await audit.record(
            session, actor=subject.login, role=subject.role, action="lexicon.export",
            subject=f"lexicon:{version or 'live'}", detail={"words": len(words)}, now=console.now(),
        )  # fmt: skip
    name = f"lexicon-{version}.csv" if version is not None else "lexicon.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + table.write_csv(words), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/begin")
async def begin(
    request: Request, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)],
    note: Annotated[str, Form(max_length=REASON)] = "",
) -> Response:  # fmt: skip
    """Open a version to work on."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await versions.begin(session, note=masked_text(note.strip()), subject=subject, now=console.now())
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/lexicon", 303)


@router.post("/rollback")
async def roll_back(
    request: Request, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)],
    reason: Annotated[str, Form(max_length=REASON)] = "",
) -> Response:  # fmt: skip
    """End the live version; the one before it counts again at once."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await versions.roll_back(session, reason=masked_text(reason.strip()), subject=subject, now=console.now())
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/lexicon", 303)


@router.post("/propose")
async def propose(
    request: Request,
    *,
    subject: Annotated[Subject, require(Action.LEXICON_PROPOSE, Answer.DATA)],
    word: Annotated[str, Form(max_length=60)] = "",
    kind: Annotated[str, Form(max_length=20)] = "other",
    note: Annotated[str, Form(max_length=REASON)] = "",
    call: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """A clerk misses a word while reading; the answer replaces the little form."""
    console = console_of(request)
    values: dict[str, Any] = {"call_uid": call, "word": word, "kind": kind, "note": note, "kinds": KINDS}
    try:
        async with console.database.transaction() as session:
            await proposals.propose(
                session,
                word=masked_text(word),
                kind=kind,
                note=masked_text(note),
                call_uid=call or None,
                subject=subject,
                now=console.now(),
            )
    except WrongWord as error:
        fault = FAULTS[error.faults[0].fault.value]
        return console.pages.page(request, "lexicon/propose.html", status=422, problem=fault, **values)
    values |= {"word": "", "note": "", "said": PROPOSED}
    return console.pages.page(request, "lexicon/propose.html", **values)


@router.post("/proposals/{proposal}/{answer}")
async def decide(
    request: Request, proposal: int, answer: str, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)]
) -> Response:
    """Take a proposed word into the open version, or refuse it."""
    console = console_of(request)
    if answer not in {"take", "refuse"}:
        raise Missing
    try:
        async with console.database.transaction() as session:
            open_version = await versions.in_state(session, *OPEN)
            if answer == "take" and open_version is None:
                open_version = await versions.begin(session, note="", subject=subject, now=console.now())
            target = open_version.number if answer == "take" and open_version is not None else None
            await proposals.decide(session, proposal, version=target, subject=subject, now=console.now())
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS.get(error.code, ""), status=409)
    return RedirectResponse("/lexicon", 303)


@router.get("/beside/{call_uid}")
async def beside(
    request: Request, call_uid: str, subject: Annotated[Subject, require(Action.RECORDING_VIEW, Answer.DATA)]
) -> Response:
    """What stands beside the turns of a call: how they are written, words that may have been misheard."""
    console = console_of(request)
    async with console.database.transaction() as session:
        heard = await drafts.transcript_of(session, call_uid)
        if heard is None:
            return Response(status_code=204)
        found = await notes.notes_of(session, call_uid, heard.turns)
        await audit.record(
            session, actor=subject.login, role=subject.role, action="transcript.notes", subject=f"call:{call_uid}",
            detail={}, now=console.now(),
        )  # fmt: skip
    return console.pages.page(request, "lexicon/beside.html", call_uid=call_uid, notes=found, kinds=KINDS)


@router.post("/suggestions/{call_uid}")
async def judge(
    request: Request,
    *,
    call_uid: str,
    subject: Annotated[Subject, require(Action.LEXICON_PROPOSE, Answer.DATA)],
    turn: Annotated[int, Form(ge=0, le=100_000)] = 0,
    first: Annotated[int, Form(ge=0, le=100_000)] = 0,
    meant: Annotated[str, Form(max_length=40)] = "",
    accepted: Annotated[bool, Form()] = False,
) -> Response:
    """One click says whether a suggestion is right; the answer is that suggestion as it stands now."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await notes.judge(
                session, call_uid, turn=turn, first=first, meant=meant, accepted=accepted, subject=subject,
                now=console.now(),
            )  # fmt: skip
    except LexiconError as error:
        return console.pages.page(request, "lexicon/gone.html", status=409, problem=PROBLEMS[error.code])
    async with console.database.transaction() as session:
        heard = await drafts.transcript_of(session, call_uid)
        beside = await notes.notes_of(session, call_uid, heard.turns if heard else ())
    offers = beside[turn].offers if turn in beside else ()
    offer = next((each for each in offers if (each.suggestion.first, each.suggestion.meant) == (first, meant)), None)
    if offer is None:  # hidden from this reader
        raise Missing
    return console.pages.page(request, "lexicon/judged.html", call_uid=call_uid, turn=turn, each=offer)


@router.get("/measurements/{measurement}")
async def progress(
    request: Request, measurement: int, subject: Annotated[Subject, require(Action.LEXICON_VIEW, Answer.DATA)]
) -> Response:
    """How far a measurement is; the page is loaded anew once it is over."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            view = await measurements.get(session, measurement)
    except NoSuchVersion:
        raise Missing from None
    answer = console.pages.page(request, "lexicon/progress.html", measurement=view)
    if not view.under_way:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.post("/{version}/words")
async def put(
    request: Request,
    *,
    version: int,
    subject: Annotated[Subject, require(Action.LEXICON_MANAGE)],
    word: Annotated[str, Form(max_length=60)] = "",
    kind: Annotated[str, Form(max_length=20)] = "",
    pinyin: Annotated[str, Form(max_length=200)] = "",
    weight: Annotated[str, Form(max_length=10)] = "",
    note: Annotated[str, Form(max_length=REASON)] = "",
) -> Response:
    """Put a word in, or change the one that is written alike."""
    typed = {"word": word, "kind": kind, "pinyin": pinyin, "weight": weight, "note": note}
    try:
        found = table.one(typed)
    except WrongWord as error:
        return await _page(request, problem=FAULTS[error.faults[0].fault.value], typed=typed, status=422)
    return await _put(request, version, subject, [found])


@router.post("/{version}/import")
async def import_table(
    request: Request, version: int, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)],
    file: UploadFile | None = None,
) -> Response:  # fmt: skip
    """Put in every word of a CSV file, or, where a line is wrong, none."""
    data = await file.read(LARGEST_TABLE + 1) if file is not None else b""
    try:
        words = table.read_csv(data.decode("utf-8"))
    except UnicodeDecodeError:
        return await _page(request, problem=NOT_TEXT, status=422)
    except WrongWord as error:
        return await _page(request, faulty=error.faults, status=422)
    return await _put(request, version, subject, words)


@router.post("/{version}/remove")
async def remove(
    request: Request, version: int, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)],
    word: Annotated[str, Form(max_length=60)] = "",
) -> Response:  # fmt: skip
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await versions.remove(session, version, word, subject=subject, now=console.now())
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/lexicon", 303)


@router.post("/{version}/measure")
async def measure(
    request: Request, version: int, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)],
    anew: Annotated[int, Form(ge=0, le=50)] = 0,
) -> Response:  # fmt: skip
    """Compare the version with what is live on stored samples; a job does it."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await measurements.ask(session, version, anew=anew, subject=subject, now=console.now())
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/lexicon", 303)


@router.post("/{version}/live")
async def go_live(
    request: Request, version: int, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)],
    reason: Annotated[str, Form(max_length=REASON)] = "",
) -> Response:  # fmt: skip
    """Make the version live; without a measurement a reason is asked for."""
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await versions.go_live(
                session, version, reason=masked_text(reason.strip()), subject=subject, now=console.now()
            )
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/lexicon", 303)


@router.post("/{version}/give-up")
async def give_up(
    request: Request, version: int, subject: Annotated[Subject, require(Action.LEXICON_MANAGE)]
) -> Response:
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await versions.give_up(session, version, subject=subject, now=console.now())
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse("/lexicon", 303)


async def _put(
    request: Request, version: int, subject: Subject, words: list[LexiconWord] | tuple[LexiconWord, ...]
) -> Response:
    console = console_of(request)
    try:
        async with console.database.transaction() as session:
            await versions.put(session, version, words, subject=subject, now=console.now())
    except WrongWord as error:
        return await _page(request, faulty=error.faults, status=422)
    except LexiconError as error:
        return await _page(request, problem=PROBLEMS[error.code], status=409)
    return RedirectResponse(f"/lexicon?took={len(words)}", 303)


async def _exists(session: AsyncSession, version: int) -> bool:
    try:
        await versions.get(session, version)
    except NoSuchVersion:
        return False
    return True


async def _page(
    request: Request,
    *,
    kind: str = "",
    find: str = "",
    took: int | None = None,
    problem: str = "",
    faulty: tuple[FaultyLine, ...] = (),
    typed: dict[str, str] | None = None,
    edit: str = "",
    status: int = 200,
) -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        live = await versions.in_state(session, State.LIVE)
        opened = await versions.in_state(session, *OPEN)
        in_use = await active_words(session)
        shown = await words_of(session, opened.number) if opened is not None else in_use
        change = versions.difference(in_use, shown)
        measured = await measurements.of_version(session, opened.number) if opened is not None else None
        listed = rows(shown, change, await notes.feedback(session), kind, find)
        values: dict[str, Any] = {
            "before": await versions.before_live(session),
            "history": await versions.history(session),
            "proposals": await proposals.waiting(session),
        }
    return console.pages.page(
        request, "lexicon/page.html", status=status, live=live, opened=opened, in_use=len(in_use), rows=listed,
        count=len(shown), change=change, measurement=measured, current=_is_current(opened, measured), kind=kind,
        find=find, took=took, took_text=TOOK, problem=problem, faulty=faulty, faults=FAULTS,
        typed=typed or _edited(shown, edit), kinds=KINDS, states=STATES, anew=ANEW, width=WIDTH,
        drawn=_drawn(measured), **values,
    )  # fmt: skip


def _edited(words: tuple[LexiconWord, ...], edit: str) -> dict[str, str]:
    """The form's fields for the word that somebody wants to change."""
    found = next((each for each in words if each.word == edit), None)
    if found is None:
        return {}
    return {
        "word": found.word, "kind": found.kind.value, "pinyin": " ".join(found.pinyin), "weight": f"{found.weight:g}",
        "note": found.note,
    }  # fmt: skip


def _is_current(opened: VersionView | None, measured: measurements.MeasurementView | None) -> bool:
    """Whether the measurement is of the words as they are now."""
    return opened is not None and measured is not None and measured.changed == opened.changed


def _drawn(measured: measurements.MeasurementView | None) -> dict[str, Any]:
    if measured is None or measured.result is None:
        return {}
    result = measured.result
    return {
        "suggestions": suggestions(result),
        "anew": heard_anew(result["anew"]) if "anew" in result else [],
        "result": result,
        "speaks": speaks(result).value,
    }
