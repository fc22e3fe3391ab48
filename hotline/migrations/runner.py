"""Bring a database to the schema of this version, back, or compare the two."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from hotline.errors import HotlineError
from hotline.migrations.env_filter import ours
from hotline.migrations.rooms import metadata

_LOCK = 0x6D69677261746501
"""Key of the advisory lock: of several processes that start at once, one migrates and the others wait."""

_log = structlog.get_logger(__name__)


class MigrationError(HotlineError):
    code = "migration"


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations that `url` lacks; nothing to do is fine."""
    with _alembic(url) as config:
        command.upgrade(config, revision)


def downgrade(url: str, revision: str) -> None:
    """Undo migrations down to `revision`; `base` empties the database."""
    with _alembic(url) as config:
        command.downgrade(config, revision)


def current(url: str) -> tuple[str | None, str]:
    """The revision the database is at, and the one this version wants."""
    with _connect(url) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    assert wanted is not None
    return revision, wanted


def differences(url: str) -> list[str]:
    """What the database's tables have otherwise than the models say; empty when they agree."""
    with _connect(url) as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_server_default": True, "target_metadata": metadata}
        )
        return [_plain(item) for item in compare_metadata(context, metadata)]


@contextmanager
def _alembic(url: str) -> Iterator[Config]:
    config = _config()
    with _connect(url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        config.attributes["connection"] = connection
        try:
            yield config
        except CommandError as error:
            raise MigrationError(f"cannot migrate: {error}") from error
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    engine = create_engine(url, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as error:
        raise MigrationError(f"the database does not answer: {str(error.orig).strip()}") from error
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _plain(item: object) -> str:
    if isinstance(item, list):
        return "; ".join(_plain(part) for part in item)
    if isinstance(item, tuple):
        return " ".join(str(part) for part in item if part is not None)
    return str(item)
