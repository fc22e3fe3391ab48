"""Health and metrics, for the supervisor, a load balancer and Prometheus."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.params import Depends
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from console.access import Answer, Require, public
from console.pages import DIST
from console.state import console_of
from hotline import health
from hotline.accounts import Subject
from hotline.health import Check
from hotline.metrics import count_jobs
from hotline.roles import Action
from recordings import disk

router = APIRouter()
LOOPBACK = frozenset({"127.0.0.1", "::1"})
VIEWERS = Gauge("hotline_floor_viewers", "Open live-floor streams")


class FromHereOr:
    """Admits requests of this machine that no proxy has passed on, and everybody who may do `action`."""

    def __init__(self, action: Action) -> None:
        self.action = action
        self._require = Require(action, Answer.DATA)

    async def __call__(self, request: Request) -> Subject | None:
        passed_on = "x-forwarded-for" in request.headers or "forwarded" in request.headers
        if request.client is not None and request.client.host in LOOPBACK and not passed_on:
            return None
        return await self._require(request)


@router.get("/healthz", dependencies=[public()])
async def healthz() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", dependencies=[public()])
async def readyz(request: Request) -> Response:
    """Whether people can be served; 503 names what is missing."""
    console = console_of(request)
    checks = [
        *await health.readiness(console.database, console.now()),
        await asyncio.to_thread(disk.readiness, console.settings),
        Check("floor_events", console.hub.listening, "not listening to the database"),
        Check("seat_events", console.seat_hub.listening, "not listening to the database"),
        Check("scripts", (DIST / "console.js").exists(), "npm ci && npm run build makes them"),
    ]
    ready = all(check.ok for check in checks)
    listed = {check.name: "ok" if check.ok else check.detail for check in checks}
    return JSONResponse({"status": "ready" if ready else "not ready", "checks": listed}, 200 if ready else 503)


@router.get("/metrics")
async def metrics(
    request: Request, subject: Annotated[Subject | None, Depends(FromHereOr(Action.USER_MANAGE))]
) -> Response:
    console = console_of(request)
    VIEWERS.set(console.hub.viewers)
    async with console.database.transaction() as session:
        await count_jobs(session)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
