"""The worker's draft under a live learned version, and under one that was tampered with."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from sqlalchemy import text, update

from hotline.jobs import JobContext
from tests.transcribe.conftest import NOW, UID, AddCall
from tests.transcribe.test_jobs import draft_of, hears_a_complaint
from transcribe import jobs
from transcribe.learned import store
from transcribe.learned.model import FieldModel, pack
from transcribe.learned.tables import LearnedVersion

BETTER = {"takes_over": True, "why": "better"}


async def _live(context: JobContext) -> int:
    """A version that takes 断网 for information, and learned the kind too without being better at it."""
    weights = np.array([[3.0, 1.0], [-3.0, -1.0]], np.float32)
    ones, none = np.ones(2, np.float32), np.zeros(2, np.float32)
    business = FieldModel(("information", "data"), ("断网", "网三天"), ones, weights, none)
    kind = FieldModel(("enquiry", "complaint"), ("断网", "网三天"), ones, weights, none)
    data, sha256 = pack({"business": business, "kind": kind})
    async with context.database.transaction() as session:
        made = await store.add(
            session, data=data, sha256=sha256, report={"business": BETTER, "kind": BETTER | {"takes_over": False}},
            forms=500, since=NOW - timedelta(days=9), until=NOW, why="wu", now=NOW,
        )  # fmt: skip
        await store.go_live(session, made.number, by="wu", now=NOW)
    return made.number


async def test_a_live_version_decides_its_fields_with_the_words_that_weighed(
    context: JobContext, add_call: AddCall
) -> None:
    number = await _live(context)
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    draft = await draft_of(context)
    assert draft is not None
    assert (draft.kind, draft.business) == ("complaint", "information")
    assert draft.fields["sources"] == {"business": f"learned:{number}"}
    assert draft.fields["alternatives"]["business"][0]["value"] == "data"
    (evidence,) = draft.fields["evidence"]["business"]
    assert evidence["text"] == "断网"
    assert draft.turns[evidence["turn"]].text[evidence["first"] : evidence["last"]] == "断网"


async def test_a_version_that_was_tampered_with_leaves_the_rules_alone(context: JobContext, add_call: AddCall) -> None:
    await _live(context)
    spoiled = update(LearnedVersion).values(data=text("set_byte(data, 60, (get_byte(data, 60) + 1) % 256)"))
    async with context.database.transaction() as session:
        await session.execute(spoiled)
    await add_call()
    await jobs.transcribe_call(context, UID, hears_a_complaint)
    draft = await draft_of(context)
    assert draft is not None
    assert (draft.business, draft.fields["sources"]) == ("data", {})
