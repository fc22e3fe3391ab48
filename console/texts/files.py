"""Files that a person sent with a form: scans and e-mails, each kept or refused with a sentence."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from cases import text_entries, text_scans
from cases.text_email import Email, EmailRefused, read_email
from cases.text_entries import Channel, EntryView, Head, Reply
from cases.text_pages import Refusal, ScanRefused
from cases.text_scans import Keeping, Sent
from console.state import Console
from hotline.accounts import Subject
from hotline.bounded import TooMuch
from recordings.private import plain_folder
from recordings.sound_files import printable

OLDEST = timedelta(days=60)
"""A sender's clock that says more than this is not believed; the clerk may have got the e-mail late all the same."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not kept; `why` names the sentence."""

    name: str
    why: Refusal


def keeping(console: Console, subject: Subject) -> Keeping:
    return Keeping(
        console.database, console.objects, console.bounded, console.settings, subject, console.now()
    )  # fmt: skip


@asynccontextmanager
async def on_disk(uploads: Iterable[UploadFile], folder_of: Path) -> AsyncIterator[list[Sent]]:
    """What was uploaded as files of this machine, under names of ours, while the block runs."""
    with plain_folder(folder_of, "sent-") as folder:
        sent = []
        for number, upload in enumerate(uploads):
            path = folder / str(number)
            await run_in_threadpool(_copy, upload, path)
            sent.append(Sent(upload.filename or "", path))
        yield sent


def _copy(upload: UploadFile, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(upload.file, file)


async def add_all(keep: Keeping, entry_id: int, sent: Iterable[Sent]) -> list[Refused]:
    """Keep each file with the entry; those that were refused."""
    refused = []
    for each in sent:
        try:
            await text_scans.add(keep, entry_id, each)
        except ScanRefused as error:
            refused.append(Refused(printable(each.name)[:80], error.why))
    return refused


async def take_email(console: Console, subject: Subject, sent: Sent) -> tuple[EntryView, list[Refused]]:
    """An entry of an e-mail: head and words from it, its attachments as scans, the e-mail itself for the file.

    Raises EmailRefused.
    """
    limit = console.settings.texts.largest_mb << 20
    if sent.path.stat().st_size > limit:
        raise EmailRefused("this e-mail is larger than it may be; save its attachments one by one")
    data = await run_in_threadpool(sent.path.read_bytes)
    try:
        email = await console.bounded.run(read_email, data)
    except TooMuch as error:
        raise EmailRefused("this e-mail cannot be read safely; print it as PDF and attach that") from error
    keep = keeping(console, subject)
    async with console.database.transaction() as session:
        entry = await text_entries.receive(
            session, _head(email, keep), _words(email), subject=subject, now=keep.now, settings=console.settings
        )
    await text_scans.add_email(keep, entry.id, sent)
    refused = []
    for number, attachment in enumerate(email.attachments):
        path = sent.path.with_name(f"{sent.path.name}-{number}")
        await run_in_threadpool(path.write_bytes, attachment.data)
        refused += await add_all(keep, entry.id, [Sent(attachment.name, path)])
    return entry, refused


def _head(email: Email, keep: Keeping) -> Head:
    sent_at = email.sent_at
    believed = sent_at is not None and keep.now - OLDEST <= sent_at <= keep.now
    reply = Reply.EMAIL if email.address else Reply.NONE
    received_at = sent_at if believed and sent_at is not None else keep.now
    return Head(Channel.EMAIL, received_at, email.sender, email.address, reply, email.address)


def _words(email: Email) -> str:
    whole = f"{email.subject}\n\n{email.words}".strip() if email.subject else email.words
    return whole[: text_entries.LONGEST_WORDS]
