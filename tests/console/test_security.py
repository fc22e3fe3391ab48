"""Log-in, cookies, forms and headers of the real application."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from console.access import SESSION_COOKIE, csrf_token, local_path
from console.body import LARGEST
from console.login.limit import FAILURES, FAILURES_OF_ADDRESS, WINDOW, LoginLimit
from hotline import logs
from hotline.models import AuditEntry
from hotline.roles import Role
from tests.console.conftest import House, csrf_in, token_of
from tests.console.seed import PASSWORD

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


async def log_in(house: House, login: str, password: str, next: str = "/") -> tuple[int, str, str]:
    """Status, location and page of a log-in through the form."""
    client = await house.client(None)
    token = csrf_in((await client.get("/login")).text)
    answer = await client.post("/login", data={"login": login, "password": password, "csrf": token, "next": next})
    return answer.status_code, answer.headers.get("location", ""), answer.text


async def test_each_role_lands_on_the_page_of_its_work(house: House) -> None:
    pages = {Role.JUNIOR: "/seat", Role.RECORDING_CLERK: "/drafts", Role.INSPECTOR: "/samples", Role.MANAGER: "/floor",
             Role.ADMINISTRATOR: "/audit", Role.SURVEYOR: "/orders"}  # fmt: skip
    for role, page in pages.items():
        client = await house.client(role)
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, page), role


async def test_a_log_in_opens_a_session_that_scripts_and_other_sites_cannot_use(house: House) -> None:
    client = await house.client(None)
    token = csrf_in((await client.get("/login")).text)
    answer = await client.post("/login", data={"login": "junior", "password": PASSWORD, "csrf": token})
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION_COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await client.get("/floor")).status_code == 200


async def test_the_cookie_is_for_tls_only_where_the_setting_says_so(house: House) -> None:
    object.__setattr__(house.settings, "cookie_secure", True)
    client = await house.client(None)
    answer = await client.get("/login")
    assert all("Secure" in line for line in answer.headers.get_list("set-cookie"))


async def test_a_log_out_ends_the_session_on_the_server(house: House) -> None:
    client = await house.client(Role.JUNIOR)
    token = csrf_in((await client.get("/floor")).text)
    kept = client.cookies[SESSION_COOKIE]
    assert (await client.post("/logout", data={"csrf": token})).status_code == 303
    client.cookies.set(SESSION_COOKIE, kept)
    assert (await client.get("/floor")).headers["location"] == "/login?next=/floor"


async def test_a_wrong_password_and_an_unknown_log_in_read_the_same(house: House) -> None:
    one = await log_in(house, "junior", "wrong wrong wrong")
    other = await log_in(house, "nobody", "wrong wrong wrong")
    assert one[0] == other[0] == 401
    assert "用户名或密码不正确" in one[2]
    assert "用户名或密码不正确" in other[2]


async def test_the_sixth_failure_has_to_wait_even_with_the_right_password(house: House) -> None:
    for _ in range(FAILURES):
        assert (await log_in(house, "junior", "wrong wrong wrong"))[0] == 401
    status, _, page = await log_in(house, "junior", PASSWORD)
    assert status == 429
    assert "失败次数过多" in page
    assert (await log_in(house, "senior", PASSWORD))[0] == 303


def test_the_wait_ends_when_the_window_has_passed() -> None:
    limit = LoginLimit()
    for second in range(FAILURES):
        limit.failed("Junior", "192.0.2.1", NOW + timedelta(seconds=second))
    assert limit.wait_seconds("junior", "192.0.2.1", NOW + timedelta(seconds=10)) == 290
    assert limit.wait_seconds("junior", "192.0.2.2", NOW + timedelta(seconds=10)) == 0
    assert limit.wait_seconds("junior", "192.0.2.1", NOW + WINDOW) == 0


def test_one_address_cannot_try_every_log_in() -> None:
    limit = LoginLimit()
    for number in range(FAILURES_OF_ADDRESS):
        limit.failed(f"user{number}", "192.0.2.1", NOW)
    assert limit.wait_seconds("another", "192.0.2.1", NOW) > 0


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "/a\r\nSet-Cookie: x=1"]
)
async def test_a_log_in_never_leads_to_another_site(house: House, target: str) -> None:
    status, location, _ = await log_in(house, "junior", PASSWORD, target)
    assert (status, location) == (303, "/")


@given(st.text())
def test_a_return_address_is_always_a_path_of_this_console(target: str) -> None:
    path = local_path(target)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert "\n" not in path


async def test_a_form_without_its_token_changes_nothing(house: House) -> None:
    client = await house.client(Role.ADMINISTRATOR)
    for data, headers in (
        ({}, {}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": csrf_token("another session")}, {}),
        ({"csrf": csrf_token(client.cookies[SESSION_COOKIE])}, {"origin": "https://evil.test"}),
    ):
        answer = await client.post("/audit/verify", data=data, headers=headers)
        assert answer.status_code == 403
        assert "表单已过期" in answer.text
    right = {"csrf": csrf_token(client.cookies[SESSION_COOKIE])}
    assert (await client.post("/audit/verify", data=right)).status_code == 200
    header = {"x-csrf-token": right["csrf"], "origin": "http://console.test"}
    assert (await client.post("/audit/verify", headers=header)).status_code == 200


@pytest.mark.parametrize("announced", [True, False])
async def test_a_form_that_never_ends_is_cut_off(house: House, announced: bool) -> None:
    client = await house.client(Role.RECORDING_CLERK)
    body = b"summary=" + b"x" * LARGEST
    form = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 4096):
            yield body[start : start + 4096]

    answer = await client.post("/language", content=body if announced else pieces(), headers=form)
    assert answer.status_code == 413
    assert "超出表单可容纳的长度" in answer.text


async def test_every_answer_carries_the_security_headers(house: House) -> None:
    client = await house.client(Role.JUNIOR)
    for path in ("/floor", "/login", "/nowhere", "/static/console.css", "/audit", "/healthz"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


async def test_pages_have_no_inline_script_or_style(house: House) -> None:
    client = await house.client(Role.MANAGER)
    for path in ("/floor", "/audit", "/nowhere"):
        page = (await client.get(path, headers={"accept": "text/html"})).text
        assert " style=" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count('<script type="module" src="/static/dist/')


async def test_log_ins_and_log_outs_are_audited(house: House) -> None:
    await log_in(house, "senior", PASSWORD)
    async with house.database.transaction() as session:
        entry = await session.scalar(select(AuditEntry).order_by(AuditEntry.seq.desc()))
    assert entry is not None
    assert (entry.actor, entry.action, entry.subject) == ("senior", "login", "user:senior")


async def test_an_expired_session_leads_to_the_log_in_and_back_to_the_form(house: House) -> None:
    client = await house.client(None)
    client.cookies.set(SESSION_COOKIE, "long gone")
    answer = await client.post(
        "/floor/seat/ready", data={"csrf": "x"}, headers={"referer": "http://console.test/floor"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/floor")


async def test_an_unexpected_failure_is_a_page_in_plain_words_and_says_nothing_of_people(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> str:
        raise RuntimeError("caller 13912345678")

    log = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # whatever earlier tests left there comes back afterwards
    logs.configure("INFO", stream=log)

    monkeypatch.setattr(house.app.state.console.board, "values", fail)
    answer = await (await house.client(Role.JUNIOR)).get("/floor", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert "系统发生意外错误" in answer.text
    assert "content-security-policy" in answer.headers
    assert "13912345678" not in answer.text + log.getvalue()
    assert "RuntimeError" in log.getvalue()


async def test_the_database_away_is_said_in_plain_words(house: House) -> None:
    token = await token_of(house.database, Role.JUNIOR)
    console = house.app.state.console
    from hotline.database import Database

    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    object.__setattr__(console, "database", away)
    client = await house.client(None)
    client.cookies.set(SESSION_COOKIE, token)
    answer = await client.get("/floor", headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert "数据库暂时没有响应" in answer.text
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200
    await away.close()


async def test_metrics_are_for_this_machine_and_for_administrators(house: House) -> None:
    import httpx

    here = httpx.ASGITransport(house.app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=here, base_url="http://console.test") as local:
        assert "hotline_floor_viewers" in (await local.get("/metrics")).text
        assert (await local.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"})).status_code == 401
    assert (await (await house.client(None)).get("/metrics")).status_code == 401
    assert (await (await house.client(Role.JUNIOR)).get("/metrics")).status_code == 403
    assert (await (await house.client(Role.ADMINISTRATOR)).get("/metrics")).status_code == 200
