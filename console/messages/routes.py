"""Handlers of messages: the leader sends and sees receipts, the seat reads and answers."""

from __future__ import annotations

from typing import Annotated, TypedDict

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from acd import messages
from acd.floor import snapshot
from acd.messages import Audience, Fault, MessageError, Sent
from acd.words import Level, Service
from console.access import Answer, require
from console.errors import N_, ConsoleError, Missing
from console.messages.region import SENTENCES, region
from console.state import console_of
from hotline import accounts, audit
from hotline.accounts import Subject
from hotline.roles import Action
from transcribe.masking import masked_text

router = APIRouter(prefix="/messages")


class SentValues(TypedDict):
    """What `messages/sent.html` is rendered from."""

    sent: list[Sent]
    names: dict[str, str]
    """By log-in."""


AUDIENCE = N_("Choose who should get the message.")


@router.get("")
async def messages_page(request: Request, subject: Annotated[Subject, require(Action.MESSAGE_SEND)]) -> Response:
    return await _page(request, subject)


@router.get("/sent")
async def sent_messages(
    request: Request, subject: Annotated[Subject, require(Action.MESSAGE_SEND, Answer.DATA)]
) -> HTMLResponse:
    """The sender's messages with their receipts, as they are now."""
    console = console_of(request)
    return console.pages.page(request, "messages/sent.html", **await _sent(request, subject))


@router.post("")
async def send_message(
    request: Request,
    subject: Annotated[Subject, require(Action.MESSAGE_SEND)],
    to: Annotated[str, Form()] = "",
    words: Annotated[str, Form()] = "",
    urgent: Annotated[bool, Form()] = False,
) -> Response:
    console = console_of(request)
    now = console.now()
    kind, _, target = to.partition(":")
    if kind not in set(Audience):
        return await _page(request, subject, AUDIENCE, words)
    try:
        async with console.database.transaction() as session:
            sent = await messages.send(
                session, sender=subject.login, sender_name=subject.name, audience=Audience(kind), target=target,
                words=masked_text(words), urgent=urgent, now=now,
            )  # fmt: skip
            await audit.record(
                session, actor=subject.login, role=subject.role, action="message.send", subject=f"message:{sent.id}",
                detail={"audience": kind, "target": target, "urgent": urgent, "seats": len(sent.receipts)}, now=now,
            )  # fmt: skip
    except MessageError as refused:
        return await _page(request, subject, SENTENCES[refused.fault], words)
    return RedirectResponse("/messages", 303)


@router.get("/seat")
async def seat_region(
    request: Request, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> HTMLResponse:
    """What the agent's seat has to read and to confirm."""
    return await region(request, subject)


@router.post("/{message}/read")
async def read_message(
    request: Request, message: int, subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)]
) -> HTMLResponse:
    console = console_of(request)
    now, seat = console.now(), _seat(subject)
    try:
        async with console.database.transaction() as session:
            if await messages.read(session, message, seat=seat, reader=subject.login, now=now):
                await audit.record(
                    session, actor=subject.login, role=subject.role, action="message.read",
                    subject=f"message:{message}", detail={"seat": seat}, now=now,
                )  # fmt: skip
    except MessageError as refused:
        raise _refused(refused) from refused
    return await region(request, subject)


@router.post("/{message}/answer")
async def answer_message(
    request: Request,
    message: int,
    subject: Annotated[Subject, require(Action.SEAT_SELF, Answer.DATA)],
    words: Annotated[str, Form()] = "",
) -> HTMLResponse:
    console = console_of(request)
    now, seat = console.now(), _seat(subject)
    try:
        async with console.database.transaction() as session:
            await messages.answer(session, message, seat=seat, reader=subject.login, words=masked_text(words), now=now)
            await audit.record(
                session, actor=subject.login, role=subject.role, action="message.answer",
                subject=f"message:{message}", detail={"seat": seat}, now=now,
            )  # fmt: skip
    except MessageError as refused:
        if refused.fault is Fault.GONE:
            raise _refused(refused) from refused
        return await region(request, subject, SENTENCES[refused.fault])
    return await region(request, subject)


async def _page(request: Request, subject: Subject, problem: str = "", words: str = "") -> Response:
    console = console_of(request)
    async with console.database.transaction() as session:
        floor = await snapshot(session, console.now())
    seats = [seat for seat in floor.seats if seat.level != Level.SUPERVISOR]
    return console.pages.page(
        request, "messages/page.html", status=422 if problem else 200, problem=problem, words=words, seats=seats,
        levels=[level for level in Level if level is not Level.SUPERVISOR], services=list(Service),
        longest=messages.LONGEST, **await _sent(request, subject),
    )  # fmt: skip


async def _sent(request: Request, subject: Subject) -> SentValues:
    async with console_of(request).database.transaction() as session:
        names = {user.login: user.name for user in await accounts.list_users(session)}
        return {"sent": await messages.sent(session, subject.login), "names": names}


def _seat(subject: Subject) -> str:
    if subject.seat is None:
        raise Missing
    return subject.seat


def _refused(refused: MessageError) -> ConsoleError:
    return Missing(SENTENCES[refused.fault])
