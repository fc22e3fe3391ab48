"""Models and speech that tests of recognition use; what is absent is skipped, saying so."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile

from acd.models import Call
from hotline.clock import ManualClock
from hotline.database import Database
from hotline.heavy import HeavyWork
from hotline.jobs import JobContext
from hotline.settings import CHECKOUT, Settings, load_settings
from recordings.models import Recording
from transcribe.registry import EMBEDDING, SEGMENTATION, VOSK_KOREAN, WHISPER, Model, is_present


def model_folder(model: Model) -> Path:
    settings = load_settings()
    if not is_present(settings.models_dir, model):
        pytest.skip(f"the model {model.name} is absent; run: hotline models fetch {model.name}")
    return settings.models_dir / model.name


def speech_folder(name: str) -> Path:
    """A folder of real speech: below $HOTLINE_TEST_SPEECH, or below a folder `speech` near the checkout."""
    places = sorted(CHECKOUT.parent.glob("*/speech"))
    if os.environ.get("HOTLINE_TEST_SPEECH"):
        places.insert(0, Path(os.environ["HOTLINE_TEST_SPEECH"]))
    for place in places:
        if (place / name).is_dir():
            return place / name
    pytest.skip(f"no speech folder {name}; set HOTLINE_TEST_SPEECH to the folder that holds it")


@pytest.fixture(scope="session")
def recognising() -> Settings:
    """Settings of a machine with Whisper, segmentation and voices."""
    for model in (WHISPER, SEGMENTATION, EMBEDDING):
        model_folder(model)
    return load_settings().model_copy(update={"recogniser": "whisper"})


@pytest.fixture(scope="session")
def vosk_korean() -> Path:
    return model_folder(VOSK_KOREAN)


NOW = datetime(2026, 3, 14, 6, 0, tzinfo=UTC)
UID = "n1-1773468000.7"


@pytest.fixture
async def context(database: Database, tmp_path: Path) -> AsyncIterator[JobContext]:
    heavy = HeavyWork()
    models = Settings().models_dir
    yield JobContext(Settings(data=tmp_path / "data", models=models), database, ManualClock(NOW), heavy)
    heavy.close()


AddCall = Callable[..., Awaitable[None]]


@pytest.fixture
def add_call(context: JobContext) -> AddCall:
    """A call of nine seconds that ended 20 minutes before NOW, with its recording."""

    async def add(sound: Path | None = None, answered: float | None = 2.0, outcome: str = "answered") -> None:
        started = NOW - timedelta(minutes=20, seconds=9)
        folder = context.settings.instance_dir / "recordings"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "call.flac"
        if sound is None:
            soundfile.write(target, np.zeros((9 * 8000, 2), np.float32), 8000)
        else:
            target.write_bytes(sound.read_bytes())
        async with context.database.transaction() as session:
            session.add(
                Call(
                    uid=UID, caller="13800000000", state="ended", entered_at=started, queued_at=started,
                    answered_at=None if answered is None else started + timedelta(seconds=answered),
                    ended_at=started + timedelta(seconds=9), outcome=outcome, seat="8001",
                )
            )  # fmt: skip
            session.add(
                Recording(
                    call_uid=UID, object_key="call.flac", sha256="0" * 64, bytes=target.stat().st_size, seconds=9.0,
                    sample_rate=8000, caller_seconds=9.0, seat_seconds=9.0, caller_rms=0.1, seat_rms=0.1,
                    started_at=started, finalised_at=NOW,
                )
            )  # fmt: skip

    return add
