"""Roles × routes, cell by cell, on the real application: the table is read off the route's own dependencies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount

from console.access import Answer, Public, Require
from console.api.routes import FromHereOr
from console.app import ROUTERS
from hotline.roles import Action, Role, allows
from tests.console.conftest import House, csrf_in

PUBLIC = {"/login", "/healthz", "/readyz"}
PERSONAL = {"/", "/logout", "/language"}
"""Routes for everybody who is logged in."""
UNKNOWN = {"call_uid": "n1-404.404", "extension": "8999", "number": "TS19700101-0001"}
UNKNOWN |= {"notice": "404", "message": "404", "shift": "404"}
ANY_UUID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Declared:
    """One route and what it says of itself."""

    method: str
    path: str
    guard: Require | Public | FromHereOr

    @property
    def address(self) -> str:
        """The path with values that name nothing."""
        return re.sub(r"\{(\w+)\}", lambda found: UNKNOWN.get(found[1], ANY_UUID), self.path)

    @property
    def is_data(self) -> bool:
        return isinstance(self.guard, FromHereOr) or (
            isinstance(self.guard, Require) and self.guard.answer is Answer.DATA
        )


def guards(route: APIRoute) -> list[Any]:
    calls: list[Callable[..., Any] | None] = [dependency.call for dependency in route.dependant.dependencies]
    return [call for call in calls if isinstance(call, Require | Public | FromHereOr)]


def declared() -> Iterator[Declared]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods or ()):
                yield Declared(method, route.path, guards(route)[0])


ROUTES = list(declared())


def test_every_route_has_exactly_one_guard() -> None:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            assert len(guards(route)) == 1, route.path


def test_the_routes_without_an_action_are_the_known_ones() -> None:
    assert {route.path for route in ROUTES if isinstance(route.guard, Public)} == PUBLIC
    free = {route.path for route in ROUTES if isinstance(route.guard, Require) and route.guard.action is None}
    assert free == PERSONAL


async def test_the_application_serves_nothing_beside_the_declared_routes_and_static_files(house: House) -> None:
    others = [route for route in house.app.routes if isinstance(route, Mount | APIRoute)]
    assert [route.path for route in others] == ["/static"]


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_reaches_what_its_actions_allow_and_nothing_else(house: House, role: Role) -> None:
    client = await house.client(role)
    token = csrf_in((await client.get("/nowhere", headers={"accept": "text/html"})).text)
    for route in ROUTES:
        if isinstance(route.guard, Public) or route.path in PERSONAL:
            continue
        action = route.guard.action
        assert isinstance(action, Action)
        answer = await ask(client, route, token)
        if allows(role, action):
            assert answer.status_code not in {401, 403}, (role, route, answer.status_code)
        else:
            assert answer.status_code == 403, (role, route, answer.status_code)
            assert "没有此项权限" in answer.text or answer.json()["error"] == "forbidden"


async def test_nobody_gets_in_without_logging_in(house: House) -> None:
    client = await house.client(None)
    for route in ROUTES:
        if isinstance(route.guard, Public):
            continue
        answer = await ask(client, route, "")
        if route.is_data:
            assert answer.status_code == 401, route
        else:
            assert answer.status_code == 303, route
            assert answer.headers["location"].startswith("/login"), route


async def test_an_unknown_thing_is_not_found_for_those_who_may_look(house: House) -> None:
    for role, path in ((Role.MANAGER, "/drafts/n1-404.404"), (Role.MANAGER, "/recordings/n1-404.404/audio"),
                       (Role.INSPECTOR, f"/samples/{ANY_UUID}"), (Role.JUNIOR, "/nowhere")):  # fmt: skip
        client = await house.client(role)
        answer = await client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 404, path
        assert "这里没有内容" in answer.text


async def ask(client: httpx.AsyncClient, route: Declared, token: str) -> httpx.Response:
    """Send a request that the guard decides on; of a stream only the head is read."""
    data = {"csrf": token} if route.method == "POST" else None
    if route.path.endswith("/stream"):
        return await head_of_stream(client, route.address)
    return await client.request(route.method, route.address, data=data)


async def head_of_stream(client: httpx.AsyncClient, address: str) -> httpx.Response:
    """The answer to a stream's request: httpx's in-process transport waits for the end, so the hub ends it."""
    import asyncio

    asking = asyncio.create_task(client.get(address))
    app = client._transport.app  # type: ignore[attr-defined]
    while not asking.done():
        app.state.console.close_streams()
        await asyncio.sleep(0.02)
    return await asking
