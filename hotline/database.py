"""One engine, one owner of every transaction.

Nobody calls `session.commit()`: whoever handles a request, a job or an AMI event opens `Database.transaction()`
and everything inside is committed together, jobs deferred in it included, or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, DateTime, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base of every room's tables; times are aware, structures are JSONB."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSON().with_variant(JSONB, "postgresql"),
        list[Any]: JSON().with_variant(JSONB, "postgresql"),
    }


class Database:
    """The PostgreSQL of one installation.

    `url` is a SQLAlchemy URL with the psycopg driver, such as `postgresql+psycopg://user@host/hotline`. With a
    `pool_size` of 0 each transaction has a connection of its own: for what is asked while another transaction is open,
    which could wait for itself in a pool.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = url
        pool: dict[str, Any] = {"pool_size": pool_size, "pool_pre_ping": True} if pool_size else {"poolclass": NullPool}
        self.engine: AsyncEngine = create_async_engine(
            url,
            **pool,
            connect_args={"connect_timeout": 5},
            hide_parameters=True,  # an error's text goes to logs, a caller's words must not
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends well and rolled back when it does not."""
        async with self._sessions() as session, session.begin():
            yield session

    async def close(self) -> None:
        await self.engine.dispose()
