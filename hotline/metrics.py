"""Figures for Prometheus that belong to no room: the jobs and the process itself.

Each part serves its own where `metrics_port` is set; the console's `/metrics` is the web part's.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate.jobs import Job
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, start_http_server
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

JOBS = Counter("hotline_jobs_total", "Jobs a worker has ended", ["task", "outcome"])
JOB_SECONDS = Histogram(
    "hotline_job_seconds", "Time a job took", ["task"], buckets=(0.01, 0.05, 0.2, 1, 5, 20, 60, 300, 1800)
)
QUEUED = Gauge("hotline_jobs_queued", "Jobs in the database by task and status", ["task", "status"])


def serve(port: int, host: str = "127.0.0.1") -> None:
    """Answer `/metrics` on `port`; 0 means not at all."""
    if port:
        start_http_server(port, addr=host, registry=REGISTRY)


async def measured(job: Job, process: Callable[[], Awaitable[Any]]) -> Any:
    """Count one job and the time it took, whatever comes of it."""
    begun = time.monotonic()
    outcome = "failed"
    try:
        result = await process()
        outcome = "succeeded"
        return result
    finally:
        JOBS.labels(job.task_name, outcome).inc()
        JOB_SECONDS.labels(job.task_name).observe(time.monotonic() - begun)


async def count_jobs(session: AsyncSession) -> None:
    """Bring `hotline_jobs_queued` up to date."""
    rows = await session.execute(
        text(
            "SELECT task_name, status::text, count(*) FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2"
        )
    )
    QUEUED.clear()
    for task, status, count in rows:
        QUEUED.labels(task, status).set(count)
