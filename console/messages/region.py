"""The seat page's region of messages and notices."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from acd import messages, notices
from acd.messages import LONGEST_ANSWER, Fault
from console.errors import N_
from console.state import console_of
from hotline.accounts import Subject
from hotline.roles import Action, allows

SENTENCES = {
    Fault.EMPTY: N_("The message has no words. Write what the seats should know."),
    Fault.TOO_LONG: N_("That is too long: a message has at most 300 characters, an answer 120."),
    Fault.NOBODY: N_("No seat is meant by this. Choose another seat, level or skill."),
    Fault.GONE: N_("This message did not go to your seat."),
}


async def region(request: Request, subject: Subject, problem: str = "") -> HTMLResponse:
    """The region as it is now; 200 also with a problem, which it shows."""
    console = console_of(request)
    now = console.now()
    async with console.database.transaction() as session:
        received = await messages.inbox(session, subject.seat, now) if subject.seat else []
        confirms = allows(subject.role, Action.NOTICE_CONFIRM)
        told = await notices.for_person(session, subject.login) if confirms else []
    return console.pages.page(
        request, "messages/seat.html", now=now, received=received, told=told, problem=problem,
        longest_answer=LONGEST_ANSWER,
    )  # fmt: skip
