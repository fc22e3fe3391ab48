"""The controller follows clerks' work and redeployments that others write: a played Asterisk, a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from acd import clerks, deploy
from acd.words import Level, Service
from hotline.clock import SystemClock
from hotline.database import Database
from tests.acd.play import playing


async def test_a_clerk_takes_a_call_when_the_last_draft_is_entered(database: Database) -> None:
    async with database.transaction() as session:
        await clerks.work_came(session, "draft:n1-0.1", due_at=SystemClock().now())
    async with playing(database) as play:
        await play.ready("8301", level=Level.CLERK)
        play.registered("8301")
        play.link.emit("DeviceStateChange", {"Device": "PJSIP/8301", "State": "NOT_INUSE"})
        play.queue("n1-1.1")
        await play.becomes("SELECT count(*) FROM calls", 1)
        await play.becomes("SELECT reachable FROM seats", True)
        assert play.rings() == []
        async with database.transaction() as session:
            await clerks.work_done(session, "draft:n1-0.1")
        assert (await play.rung(1))[1] == "8301"


async def test_a_redeployment_is_used_at_once_and_ends_by_itself(database: Database) -> None:
    async with playing(database, "8001") as play:
        now = play.clock.now()
        only_reports = deploy.Staffing(Level.JUNIOR, {Service.REPORT: 3})
        async with database.transaction() as session:
            await deploy.redeploy(session, "8001", only_reports, until=now + timedelta(seconds=2), now=now)
        play.queue("n1-1.1", Service="report")
        assert (await play.rung(1))[0] == "n1-1.1"
        play.tell("ended", "n1-1.1")
        play.queue("n1-2.1", Service="complaint")
        await play.becomes("SELECT normal IS NULL AND redeployed_until IS NULL FROM seats", True)
        assert (await play.rung(2))[0] == "n1-2.1"
