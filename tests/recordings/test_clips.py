"""A copy that leaves the house: what is in it, what its certificate says, and that neither can be changed unnoticed."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sqlalchemy import select

from hotline.models import AuditEntry
from hotline.roles import Action, Denied, Role, allows
from hotline.settings import Settings
from recordings import renditions
from recordings.clip_certificates import BadCertificate, Statement, fingerprint, opened, signed
from recordings.clip_check import check, check_alone
from recordings.clips import BadClip, By, Clip, Form, Wish, export
from recordings.errors import DiskFull, NotChecked
from recordings.finalise import Node, attempt
from recordings.store import RecordingView
from tests.recordings.conftest import AddCall
from tests.recordings.sounds import NOW, leave, tone
from tests.recordings.test_replay import person

UID = "n1-1763700000.7"
DIGITS = (1.0, 2.5)
BY = By("hu", "manager")


@pytest.fixture
async def recording(node: Node, add_call: AddCall) -> RecordingView:
    """Four seconds of tone, looked through: a number is said in some of them."""
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    made = await attempt(node, UID)
    found = await renditions.make(node.objects, made, [DIGITS])
    async with node.database.transaction() as session:
        await renditions.note(session, UID, found, NOW)
    return made


async def take(node: Node, folder: Path, **wish: object) -> Clip:
    folder.mkdir(exist_ok=True)
    asked = Wish(UID, **({"reason": "仲裁委员会第12号案"} | wish))  # type: ignore[arg-type]
    return await export(node.database, node.objects, node.settings, BY, asked, folder=folder, now=NOW)


async def judged(node: Node, made: Clip) -> dict[str, bool | None]:
    report = await check(node.database, node.objects, node.settings, made.sound, made.certificate)
    return {each.name: each.good for each in report.findings}


def loudness(path: Path, start: float, end: float) -> float:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return float(np.abs(samples[int(start * rate) : int(end * rate)]).max())


@pytest.mark.parametrize("form", list(Form))
async def test_a_clip_is_silenced_certified_and_fits_the_original(
    form: Form, node: Node, recording: RecordingView, tmp_path: Path
) -> None:
    made = await take(node, tmp_path / "out", start=0.5, end=3.5, form=form)
    assert soundfile.info(made.sound).duration == pytest.approx(3.0)
    assert loudness(made.sound, 0.5, 2.0) < 0.03 < loudness(made.sound, 2.2, 3.0)
    assert made.statement.facts["silenced"] == [list(DIGITS)]
    assert await judged(node, made) == dict.fromkeys(["signature", "clip", "key", "audit", "original", "sound"], True)
    async with node.database.transaction() as session:
        row = await session.scalar(select(AuditEntry).where(AuditEntry.action == "recording.export"))
    assert row is not None
    assert (row.actor, row.subject, row.detail["reason"]) == ("hu", f"call:{UID}", "仲裁委员会第12号案")
    assert made.statement.facts["audit"] == {"seq": row.seq, "digest": row.digest}
    page = made.page.read_text("utf-8")
    assert recording.sha256 in page
    assert fingerprint(node.settings) in page


async def test_the_whole_call_is_the_stored_file_itself(node: Node, recording: RecordingView, tmp_path: Path) -> None:
    made = await take(node, tmp_path / "out", clear=True)
    assert made.statement.facts["clip"]["sha256"] == recording.sha256
    assert made.statement.facts["silenced"] == []
    assert all((await judged(node, made)).values())


async def test_one_byte_more_or_another_word_is_noticed(node: Node, recording: RecordingView, tmp_path: Path) -> None:
    made = await take(node, tmp_path / "out", start=0, end=1)
    whole = made.sound.read_bytes()
    made.sound.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert (await judged(node, made))["clip"] is False
    made.sound.write_bytes(whole)
    text = made.certificate.read_text("utf-8")
    made.certificate.write_text(text.replace('"to": 1.0', '"to": 2.0'), "utf-8")
    assert await judged(node, made) == {"signature": False}
    with pytest.raises(BadCertificate):
        opened(text.replace(UID, "n1-1.1"))
    for nonsense in ("", "[]", "{}", '{"statement": 3, "public_key": "!", "signature": ""}', "[" * 5000):
        with pytest.raises(BadCertificate):
            opened(nonsense)


async def test_a_certificate_of_another_key_is_not_ours(node: Node, recording: RecordingView, tmp_path: Path) -> None:
    made = await take(node, tmp_path / "out", start=0, end=1)
    (node.settings.instance_dir / "secrets" / "clip-certificates").unlink()
    found = await judged(node, made)
    assert (found["signature"], found["key"]) == (True, False)


@pytest.mark.parametrize(
    "facts",
    [
        {}, [], {"clip": None}, {"audit": {"seq": "x", "digest": 1}},
        {"audit": {"seq": 2**70, "digest": "x"}}, {"silenced": [[0]]}, {"from": float("nan")}, {"call": 7},
    ],
)  # fmt: skip
def test_a_certificate_that_a_stranger_signed_over_nonsense_is_refused(facts: Any, tmp_path: Path) -> None:
    whole = {
        "clip": {"sha256": "x", "samples_sha256": "x"}, "original": {"sha256": "x"}, "call": "n1-1.1", "from": 0.0,
        "to": 1.0, "silenced": [[0.5, 0.6]], "audit": {"seq": 1, "digest": "x"},
    }  # fmt: skip
    settings = Settings(data=tmp_path)
    assert opened(json.dumps(signed(settings, Statement(whole))))
    told = whole | facts if isinstance(facts, dict) and facts else facts
    with pytest.raises(BadCertificate):
        opened(json.dumps(signed(settings, Statement(told))))


def test_without_the_store_signature_and_file_can_be_checked(tmp_path: Path) -> None:
    clip, certificate = tmp_path / "a.flac", tmp_path / "a.json"
    clip.write_bytes(b"fLaC")
    certificate.write_text(json.dumps({"statement": {}}), "utf-8")
    statement, _, findings = check_alone(clip, certificate)
    assert statement is None
    assert [each.good for each in findings] == [False]


@pytest.mark.parametrize(
    "wish",
    [{"start": 3.0, "end": 2.0}, {"start": 0.0, "end": 99.0}, {"start": -1.0}, {"end": float("nan")}, {"reason": "  "},
     {"reason": "长" * 201}],
)  # fmt: skip
async def test_what_cannot_be_cut_is_refused_and_leaves_nothing(
    wish: dict[str, object], node: Node, recording: RecordingView, tmp_path: Path
) -> None:
    with pytest.raises(BadClip):
        await take(node, tmp_path / "out", **wish)
    assert list((tmp_path / "out").iterdir()) == []


async def test_a_recording_that_is_not_checked_leaves_only_with_its_digits(
    node: Node, add_call: AddCall, tmp_path: Path
) -> None:
    await add_call(UID, 4)
    leave(node.spool, UID, tone(4), tone(4))
    await attempt(node, UID)
    with pytest.raises(NotChecked):
        await take(node, tmp_path / "out")
    assert (await take(node, tmp_path / "out", clear=True)).sound.exists()


@pytest.mark.parametrize("role", list(Role))
def test_a_person_exports_exactly_when_the_table_says_so(role: Role) -> None:
    for clear in (False, True):
        wanted = allows(role, Action.RECORDING_EXPORT) and (not clear or allows(role, Action.SENSITIVE_VIEW))
        if wanted:
            assert By.person(person(role), clear=clear).role == role.value
        else:
            with pytest.raises(Denied):
                By.person(person(role), clear=clear)


async def test_a_copy_is_audited_before_it_is_there_and_taken_again_it_replaces_the_first(
    node: Node, recording: RecordingView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("hotline.audit.record", _refuse)
        with pytest.raises(RuntimeError):
            await take(node, folder, start=0.5, end=3.5)
    assert list(folder.iterdir()) == [], "in clear, and nobody would know of it"
    first = await take(node, folder, start=0.5, end=3.5)
    again = await take(node, folder, start=0.5, end=3.5)
    assert first.sound == again.sound
    assert stat.S_IMODE(again.sound.stat().st_mode) == 0o600
    assert set((await judged(node, again)).values()) == {True}
    assert list(node.objects.work().iterdir()) == []


async def test_a_copy_for_which_there_is_no_room_is_refused_in_a_sentence(
    node: Node, recording: RecordingView, small_disk: Path
) -> None:
    (small_disk / "full").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    with pytest.raises(DiskFull, match="no room to write the copy"):
        await take(node, small_disk, start=0.5, end=3.5)
    assert [path.name for path in small_disk.iterdir()] == ["full"]


async def _refuse(*_: object, **__: object) -> None:
    raise RuntimeError("the database is away")
