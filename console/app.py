"""The console as one web application: `create_app(settings)` is what the web process serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from cases import text_scans
from cases.standards import standards
from console import failures
from console.announcements import routes as announcements
from console.api import routes as api
from console.audit import routes as audit
from console.body import FILES_AT_ONCE, BodyLimit
from console.callbacks import routes as callbacks
from console.clerks import routes as clerks
from console.drafts import desk
from console.drafts import routes as drafts
from console.figures import routes as figures
from console.floor import routes as floor
from console.floor.board import Board
from console.floor.sessions import StreamSessions
from console.floor.stream import FloorHub
from console.headers import SecurityHeaders
from console.lexicon import routes as lexicon
from console.login import routes as login
from console.login.limit import LoginLimit
from console.menus import routes as menus
from console.messages import notices
from console.messages import routes as messages
from console.models import routes as models
from console.monitor import routes as monitor
from console.oncall import customer
from console.oncall import routes as oncall
from console.orders import routes as orders
from console.pages import DIST, STATIC, Pages
from console.phone import proxy as phone_proxy
from console.phone import routes as phone
from console.phone.sockets import PhoneSockets
from console.promise import routes as promise
from console.recordings import routes as recordings
from console.repeats import routes as repeats
from console.replay import clips as replay_clips
from console.replay import marks as replay_marks
from console.replay import routes as replay
from console.roster import routes as roster
from console.samples import routes as samples
from console.seat import registering
from console.seat import routes as seat
from console.seat.stream import SeatHub
from console.seats import routes as seats
from console.state import Console
from console.survey import routes as survey
from console.texts import routes as texts
from console.wallboard import routes as wallboard
from console.wallboard.wall import Wall
from hotline.clock import Clock, SystemClock
from hotline.database import Database
from hotline.settings import Settings
from recordings.errors import StoreUnavailable
from recordings.private import sweep
from recordings.sealed import open_objects

log = structlog.get_logger(__name__)

ROUTERS: tuple[APIRouter, ...] = (
    login.router,
    floor.router,
    wallboard.router,
    promise.router,
    seats.router,
    messages.router,
    roster.router,
    notices.router,
    seat.router,
    registering.router,
    oncall.router,
    customer.router,
    phone.router,
    monitor.router,
    drafts.router,
    desk.router,
    clerks.router,
    repeats.router,
    models.router,
    replay.router,
    replay_marks.router,
    replay_clips.router,
    recordings.router,
    samples.router,
    lexicon.router,
    figures.router,
    orders.router,
    callbacks.router,
    menus.router,
    announcements.router,
    survey.router,
    texts.router,
    audit.router,
    api.router,
)
"""Every route of the console, for the application and for the test that walks roles × routes."""
SOCKETS: tuple[APIRouter, ...] = (phone_proxy.router,)
"""Every WebSocket, likewise."""


def create_app(settings: Settings, database: Database, clock: Clock | None = None) -> FastAPI:
    """The application over an open database; whoever opened the database closes it after the application's end."""
    standards()  # a mistake in the file of limits ends the start, not an agent's search
    pages = Pages(settings.zone)
    clock = clock or SystemClock()
    board = Board(database, clock, pages, settings)
    wall = Wall(database, clock, pages, settings)
    console = Console(
        settings,
        database,
        clock,
        pages,
        board,
        FloorHub(database, {"floor": board.render, wallboard.FACE: wall.render}),
        LoginLimit(),
        open_objects(settings, database, clock),
        text_scans.work(),
        SeatHub(database),
        PhoneSockets(),
        wall=wall,
        sessions=StreamSessions(database, clock),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if not (DIST / "console.js").exists():
            log.error("console.scripts_missing", folder=str(DIST), mend="npm ci && npm run build")
        with suppress(StoreUnavailable):  # not our folder: who needs it says so
            await asyncio.to_thread(sweep, console.objects.work())
        async with asyncio.TaskGroup() as tasks:
            hubs = [tasks.create_task(hub.run()) for hub in (console.hub, console.seat_hub)]
            yield
            for hub in hubs:
                hub.cancel()
            console.bounded.close()

    app = FastAPI(title="hotline console", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.console = console
    app.add_middleware(BodyLimit, uploads=FILES_AT_ONCE * settings.texts.largest_mb << 20)
    app.add_middleware(failures.LastResort)
    app.add_middleware(SecurityHeaders, secure=settings.cookie_secure)
    failures.install(app)
    for router in (*ROUTERS, *SOCKETS):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
