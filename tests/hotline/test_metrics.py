from __future__ import annotations

import pytest
from procrastinate.jobs import Job
from prometheus_client import REGISTRY
from sqlalchemy import text

from hotline.database import Database
from hotline.jobs import defer
from hotline.metrics import count_jobs, measured

JOB = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="test.measured")


def _ended(outcome: str) -> float:
    labels = {"task": "test.measured", "outcome": outcome}
    return REGISTRY.get_sample_value("hotline_jobs_total", labels) or 0.0


async def test_a_job_is_counted_by_what_came_of_it() -> None:
    async def good() -> str:
        return "done"

    async def bad() -> str:
        raise ValueError("no")

    assert await measured(JOB, good) == "done"
    with pytest.raises(ValueError, match="no"):
        await measured(JOB, bad)
    assert (_ended("succeeded"), _ended("failed")) == (1.0, 1.0)
    assert REGISTRY.get_sample_value("hotline_job_seconds_count", {"task": "test.measured"}) == 2.0


async def test_waiting_jobs_are_counted_and_forgotten_when_they_are_done(database: Database) -> None:
    labels = {"task": "test.waiting", "status": "todo"}
    async with database.transaction() as session:
        await defer(session, "test.waiting")
        await defer(session, "test.waiting")
        await count_jobs(session)
    assert REGISTRY.get_sample_value("hotline_jobs_queued", labels) == 2.0
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await count_jobs(session)
    assert REGISTRY.get_sample_value("hotline_jobs_queued", labels) is None
