"""Looking recordings up, listening before the check, taking copies out, and what is said of a deleted one."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import soundfile
from sqlalchemy import delete, select

from hotline.models import AuditEntry
from hotline.roles import Role
from recordings import store
from recordings.clip_certificates import opened
from recordings.models import Recording
from recordings.replay_models import RecordingCheck, RecordingPeaks
from tests.console import seed
from tests.console.conftest import House, csrf_in
from tests.console.test_recordings_page import CARD, UID, seed_call


@pytest.fixture
async def house_with_calls(house: House, tmp_path: Path) -> House:
    """One recorded call in which a card number is said, and two without a recording."""
    await seed_call(house, tmp_path)
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        session.add(seed.ended("n1-501.1", now - timedelta(hours=3), waited=4, talked=600, seat="8002"))
        session.add(
            seed.call("n1-502.1", now - timedelta(hours=4), state="ended", outcome="abandoned", caller="13700001111",
                      service="suggestion", ended_at=now - timedelta(hours=4, seconds=-9))
        )  # fmt: skip
        session.add(seed.ended("n1-503.1", now - timedelta(days=30), waited=4, talked=60))
    return house


async def test_calls_are_found_by_what_one_remembers_of_them(house_with_calls: House) -> None:
    client = await house_with_calls.client(Role.INSPECTOR)
    expected = {
        "": {UID, "n1-501.1", "n1-502.1"},
        "number=0000": {"n1-502.1"},
        "seat=8002": {"n1-501.1"},
        "service=suggestion": {"n1-502.1"},
        "outcome=abandoned": {"n1-502.1"},
        "shortest=300": {"n1-501.1"},
        "longest=20": {"n1-502.1"},
        "words=退到银行卡": {UID},
        "words=尾号5678": set(),
        "order=yes": set(),
        "order=no&seat=8002": {"n1-501.1"},
        "sampled=no": {UID, "n1-501.1", "n1-502.1"},
        f"since={(datetime.now(UTC) - timedelta(days=40)).date()}&shortest=50&longest=100": {"n1-503.1"},
        "since=nonsense&page=-3": {UID, "n1-501.1", "n1-502.1"},
        "page=99999999": set(),
    }
    for query, found in expected.items():
        page = (await client.get(f"/recordings?{query}")).text
        shown = {uid for uid in (UID, "n1-501.1", "n1-502.1", "n1-503.1") if f"/recordings/{uid}" in page}
        assert shown == found, query


async def test_before_the_check_a_clerk_waits_and_a_leader_says_why(house_with_calls: House) -> None:
    house = house_with_calls
    async with house.database.transaction() as session:
        await session.execute(delete(RecordingCheck))
    clerk, leader = await house.client(Role.RECORDING_CLERK), await house.client(Role.SHIFT_LEADER)
    for client, may in ((clerk, False), (leader, True)):
        told = (await client.get(f"/recordings/{UID}/peaks")).json()
        assert (told["wait"] >= 30, told["unlock"]) == (True, may)
        assert (await client.get(f"/recordings/{UID}/audio")).status_code == 409
    page = (await leader.get(f"/recordings/{UID}")).text
    form = {"csrf": csrf_in(page), "reason": f"威胁 {CARD}"}
    assert (
        (await leader.post(f"/recordings/{UID}/unchecked", data=form | {"reason": " "}))
        .headers["location"]
        .endswith("?why=1")
    )
    assert (await leader.get(f"/recordings/{UID}/audio")).status_code == 409
    assert (await leader.post(f"/recordings/{UID}/unchecked", data=form)).status_code == 303
    assert (await leader.get(f"/recordings/{UID}/audio")).status_code == 200
    assert (await clerk.get(f"/recordings/{UID}/audio")).status_code == 409
    async with house.database.transaction() as session:
        row = await session.scalar(select(AuditEntry).where(AuditEntry.action == "recording.unchecked"))
    assert row is not None
    assert row.detail["reason"].startswith("威胁 ＊")


async def test_a_copy_comes_with_a_certificate_and_its_digits_only_on_demand(house_with_calls: House) -> None:
    house = house_with_calls
    client = await house.client(Role.DATA_MANAGER)
    token = csrf_in((await client.get(f"/recordings/{UID}")).text)
    form = {"csrf": token, "start": "10", "end": "30", "reason": "仲裁"}
    answer = await client.post(f"/recordings/{UID}/clip", data=form)
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        sound, certificate, page = sorted(archive.namelist(), key=len)
        assert soundfile.info(io.BytesIO(archive.read(sound))).duration == pytest.approx(20)
        statement, _ = opened(archive.read(certificate).decode())
        assert "如何核验" in archive.read(page).decode()
    assert statement.facts["silenced"]
    assert statement.facts["exported_by"] == "data_manager"
    for wrong in ({"reason": ""}, {"start": "40", "end": "20"}, {"start": "x"}, {"end": "nan"}, {"form": "exe"}):
        assert (await client.post(f"/recordings/{UID}/clip", data=form | wrong)).status_code == 422, wrong
    clear = await client.post(f"/recordings/{UID}/clip", data=form | {"clear": "1"})
    with zipfile.ZipFile(io.BytesIO(clear.content)) as archive:
        found = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith(".json"))))
    assert found["statement"]["silenced"] == []
    assert list(house.app.state.console.objects.work().glob("tmp*")) == []


async def test_what_a_browser_reports_is_bounded_by_the_recording(house_with_calls: House) -> None:
    house = house_with_calls
    client = await house.client(Role.SENIOR)
    token = csrf_in((await client.get("/recordings")).text)
    assert (await client.get(f"/recordings/{UID}/audio", headers={"range": "bytes=0-9999"})).status_code == 206
    spans = "0-3,-5-1,nan-4,1-inf,3.2-4,40-9000,x-y,7,9-8" + ",0-1" * 600
    assert (await client.post(f"/recordings/{UID}/heard", data={"csrf": token, "spans": spans})).status_code == 204
    assert (await client.post(f"/recordings/{UID}/heard", data={"spans": "0-1"})).status_code == 403
    left = {"csrf": token, "spans": "", "left": "true"}
    assert (await client.post(f"/recordings/{UID}/heard", data=left)).status_code == 204
    async with house.database.transaction() as session:
        rows = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "recording.heard")))
    assert [row.detail["seconds"] for row in rows] == [[[0, 4], [40, 45]]]
    assert rows[0].detail["served"][0][0] == 0


async def test_a_mark_is_taken_away_by_its_author_alone(house_with_calls: House) -> None:
    senior, inspector = [await house_with_calls.client(role) for role in (Role.SENIOR, Role.INSPECTOR)]
    tokens = [csrf_in((await client.get("/recordings")).text) for client in (senior, inspector)]
    made = await senior.post(f"/recordings/{UID}/marks", data={"csrf": tokens[0], "second": "99", "note": "结束"})
    assert 'data-seek="45.0"' in made.text
    remove = made.text.split('data-remove="')[1].split('"')[0]
    assert (await inspector.post(remove, data={"csrf": tokens[1]})).status_code == 404
    assert (await senior.post(remove, data={"csrf": tokens[0]})).status_code == 200
    for at in range(26):
        assert (
            await senior.post(f"/recordings/{UID}/marks", data={"csrf": tokens[0], "second": str(at)})
        ).status_code == 200
    full = await senior.post(f"/recordings/{UID}/marks", data={"csrf": tokens[0], "second": "1"})
    assert full.status_code == 409


async def test_a_waveform_that_was_never_kept_is_made_and_kept(house_with_calls: House) -> None:
    house = house_with_calls
    async with house.database.transaction() as session:
        await session.execute(delete(RecordingPeaks))
        recording = await store.get(session, UID)
    assert recording is not None
    client = await house.client(Role.SENIOR)
    first = (await client.get(f"/recordings/{UID}/peaks")).json()
    async with house.database.transaction() as session:
        assert (await session.scalar(select(RecordingPeaks.sha256))) == recording.sha256
    assert (await client.get(f"/recordings/{UID}/peaks")).json() == first
    assert len(first["peaks"]) == 2


async def test_a_recording_of_which_nothing_is_left_is_named_with_its_certificate(house_with_calls: House) -> None:
    from recordings import certificates
    from recordings.vault_models import Deletion

    house = house_with_calls
    now = datetime.now(UTC)
    async with house.database.transaction() as session:
        row = await session.scalar(select(Recording).where(Recording.call_uid == UID))
        assert row is not None
        deletion = Deletion(
            call_uid=UID, retention_class="complaint", rule="complaint 730", reason="", actor="system", role="system",
            words=True, begun_at=now,
        )  # fmt: skip
        written = await certificates.write(session, row, deletion, now)
        await session.delete(row)
    page = (await (await house.client(Role.SENIOR)).get(f"/recordings/{UID}")).text
    assert "录音已于" in page
    assert written.sha256 in page
    assert "data-player" not in page
