"""What the recogniser failed on is heard by who has taken the call to key it in, by nobody else of their role."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile
from sqlalchemy import delete, select, text

from hotline.models import AuditEntry
from hotline.roles import Action, Role, allows
from recordings import renditions, store
from recordings.replay_models import RecordingCheck
from tests.console import seed
from tests.console.conftest import House, csrf_in
from transcribe import drafts
from transcribe.look_through import silenced, silenced_by_ear
from transcribe.turns import Transcription, Turn

UID = "n1-800.1"
AUDIO = f"/recordings/{UID}/audio"
SET_ASIDE = Transcription(30.0, (), reason="the recogniser died of it")
PARTLY = Transcription(
    30.0,
    (Turn("seat", 1.0, 3.0, "请报一下卡号。"), Turn("caller", 4.0, 9.0, "六二二二零二一二三四五六七八九零")),
    engine="test",
    unheard=((10.0, 12.0), (22.0, 26.0)),
)


async def plant(house: House, folder: Path, heard: Transcription) -> None:
    now = datetime.now(UTC) - timedelta(minutes=30)
    flac = folder / "call.flac"
    seed.speech(flac, 30)
    objects = house.app.state.console.objects
    async with house.database.transaction() as session:
        session.add(seed.ended(UID, now, waited=2, talked=28))
        await seed.recording(session, objects, UID, now, flac)
        await drafts.save(session, UID, heard, seed.draft_json(), now=now, due_at=now + timedelta(hours=2))
        recording = await store.get(session, UID)
        await session.execute(delete(RecordingCheck))
    assert recording is not None
    if heard.reason is None:
        check = await renditions.make(objects, recording, silenced(heard, 30.0), silenced_by_ear(heard, 30.0))
        async with house.database.transaction() as session:
            await renditions.note(session, UID, check, now)


async def posted(client: httpx.AsyncClient, path: str, **values: str) -> httpx.Response:
    token = csrf_in((await client.get("/nowhere", headers={"accept": "text/html"})).text)
    return await client.post(path, data=values | {"csrf": token})


async def hand_to_seniors(house: House) -> None:
    """A clerk takes it and hands it on (D29): a senior takes nothing from the pile."""
    clerk = await house.client(Role.RECORDING_CLERK)
    await posted(clerk, f"/desk/draft:{UID}/take")
    token = csrf_in((await clerk.get("/nowhere", headers={"accept": "text/html"})).text)
    body = {"to": "senior", "reason": "unclear"}
    answer = await clerk.post(f"/desk/draft:{UID}/hand", json=body, headers={"x-csrf-token": token})
    assert answer.status_code == 200


async def replays(house: House) -> list[dict[str, str]]:
    async with house.database.transaction() as session:
        rows = await session.scalars(select(AuditEntry).where(AuditEntry.action == "recording.replay"))
        return [row.detail for row in rows]


@pytest.mark.parametrize("role", [role for role in Role if allows(role, Action.RECORDING_REPLAY)])
async def test_a_recording_that_was_set_aside_is_heard_by_nobody_who_has_not_taken_it(
    role: Role, house: House, tmp_path: Path
) -> None:
    await plant(house, tmp_path, SET_ASIDE)
    client = await house.client(role)
    assert (await client.get(AUDIO)).status_code == 409
    assert (await client.get(f"/recordings/{UID}/peaks")).json()["wait"] is not None
    if not allows(role, Action.RECORDING_BY_EAR):
        return
    if role is Role.SENIOR:
        await hand_to_seniors(house)
    taken = await posted(client, f"/desk/draft:{UID}/take")
    assert taken.status_code == 303
    heard = await client.get(AUDIO)
    assert heard.status_code == 200
    assert (await client.get(f"/recordings/{UID}/peaks")).json()["wait"] is None
    [row] = await replays(house)
    assert (row["why"], row["rendition"]) == ("not recognised", "original")


async def test_another_of_the_same_role_does_not_hear_it_nor_who_put_it_aside(house: House, tmp_path: Path) -> None:
    await plant(house, tmp_path, SET_ASIDE)
    clerk, senior = await house.client(Role.RECORDING_CLERK), await house.client(Role.SENIOR)
    await posted(clerk, f"/desk/draft:{UID}/take")
    assert (await clerk.get(AUDIO)).status_code == 200
    assert (await senior.get(AUDIO)).status_code == 409
    async with house.database.transaction() as session:
        await session.execute(text("UPDATE desk_items SET lease_until = now() - interval '1 minute'"))
    assert (await clerk.get(AUDIO)).status_code == 409, "the page was closed long ago"
    await hand_to_seniors(house)
    await posted(senior, f"/desk/draft:{UID}/take")
    assert (await senior.get(AUDIO)).status_code == 200
    assert (await clerk.get(AUDIO)).status_code == 409


async def test_of_a_call_that_was_recognised_in_part_the_number_stays_silent_and_what_is_near_it(
    house: House, tmp_path: Path
) -> None:
    await plant(house, tmp_path, PARTLY)
    clerk = await house.client(Role.RECORDING_CLERK)

    async def loud(start: float, end: float) -> bool:
        samples, rate = soundfile.read(io.BytesIO((await clerk.get(AUDIO)).content), dtype="float32", always_2d=True)
        return bool(np.abs(samples[int(start * rate) : int(end * rate)]).max() > 0.1)

    assert [await loud(*span) for span in ((5, 8), (10.2, 11.8), (22.2, 25.8), (27, 29))] == [False, False, False, True]
    await posted(clerk, f"/desk/draft:{UID}/take")
    assert [await loud(*span) for span in ((5, 8), (10.2, 11.8), (22.2, 25.8), (27, 29))] == [False, False, True, True]
    masked = (await clerk.get(f"/recordings/{UID}/peaks")).json()["masked"]
    assert not any(start < 24 < end for start, end in masked)
    assert [row.get("why") for row in await replays(house)] == [None, "not recognised"]
    assert (await replays(house))[1]["rendition"] == "by ear"


async def test_a_call_that_was_recognised_whole_has_nothing_to_be_heard_by_ear(house: House, tmp_path: Path) -> None:
    whole = Transcription(30.0, PARTLY.turns, engine="test")
    await plant(house, tmp_path, whole)
    clerk = await house.client(Role.RECORDING_CLERK)
    await posted(clerk, f"/desk/draft:{UID}/take")
    body = (await clerk.get(AUDIO)).content
    samples, rate = soundfile.read(io.BytesIO(body), dtype="float32", always_2d=True)
    assert np.abs(samples[5 * rate : 8 * rate]).max() < 0.1


@pytest.mark.parametrize("role", list(Role))
async def test_who_may_has_it_recognised_again_once(role: Role, house: House, tmp_path: Path) -> None:
    await plant(house, tmp_path, SET_ASIDE)
    client = await house.client(role)

    async def jobs() -> int:
        async with house.database.transaction() as session:
            query = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'transcribe.call'"
            return int((await session.execute(text(query))).scalar_one())

    may = allows(role, Action.RECORDING_RECOGNISE)
    for path in ("/recordings/recognise", f"/recordings/{UID}/recognise", f"/recordings/{UID}/recognise"):
        assert (await posted(client, path)).status_code == (303 if may else 403)
    assert await jobs() == (1 if may else 0)
    if may:
        page = (await client.get(f"/recordings/{UID}")).text
        assert "已排队" in page
        assert "Recognise it again" not in page
