"""Real parts for every room's tests: an embedded PostgreSQL per run, an own database per test."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import create_engine

from hotline.database import Database
from hotline.embedded import EmbeddedPostgres, libpq_url
from hotline.migrations.rooms import metadata
from hotline.schema import create_all

_TEMPLATE = "hotline_template"
_numbers = itertools.count(1)


# A busy machine is no defect of ours, and what is tested must not depend on luck: the same examples every time.
hypothesis.settings.register_profile("hotline", deadline=None, derandomize=True)
# `make fuzz` looks for new ones.
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "hotline"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders of this run alone.

    pytest's usual place is closed to other accounts by every run that starts, also while an earlier one has a
    PostgreSQL or an Asterisk, which are no root, running below it.
    """
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="hotline-tests-")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Telephones and browsers live in real time, two workers share two cores, and a sound that a busy machine swallowed
    is no defect: such a test is run once more, which the report shows as RERUN. What is broken fails twice.
    """
    for item in items:
        if any(item.get_closest_marker(name) for name in ("asterisk", "browser")):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    base = Path(session.config.option.basetemp)
    if exitstatus == 0 and base.name.startswith("hotline-tests-"):  # a failed run's files tell why
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A test that runs a command line leaves its handlers to nobody."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server for this run alone; it dies with the run, even with a killed one."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: EmbeddedPostgres) -> str:
    """SQLAlchemy URL of the server's maintenance database."""
    return postgres.url("postgres")


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres, postgres_url: str) -> str:
    """Name of a database that has every table and no row."""
    assert metadata.tables, "the rooms' tables are not imported"
    _administer(postgres_url, f"CREATE DATABASE {_TEMPLATE}")
    engine = create_engine(postgres.url(_TEMPLATE))
    with engine.begin() as connection:
        create_all(connection)
    engine.dispose()
    return _TEMPLATE


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, postgres_url: str, template: str) -> Iterator[str]:
    """URL of a fresh database with every table, copied from the template."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _administer(postgres_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.url(name)
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


def _administer(url: str, statement: str) -> None:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(statement)
