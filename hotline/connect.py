"""Which database these settings mean, and how a command gets at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from hotline.database import Database
from hotline.embedded import EmbeddedPostgres, borrowed, libpq_url
from hotline.settings import Settings


def database_url(settings: Settings) -> str:
    """SQLAlchemy's URL of the server in the settings, or of the embedded one (which somebody else must run)."""
    if settings.database_url is None:
        return EmbeddedPostgres(settings.instance_dir).url()
    return "postgresql+psycopg://" + libpq_url(settings.database_url.get_secret_value()).split("://", 1)[1]


@contextmanager
def usable_url(settings: Settings) -> Iterator[str]:
    """A URL that answers: an embedded server that is not running is run for the block, as short commands need it."""
    if settings.database_url is not None:
        yield database_url(settings)
        return
    with borrowed(settings.instance_dir) as url:
        yield url


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database for a short command, closed afterwards."""
    with usable_url(settings) as url:
        database = Database(url)
        try:
            yield database
        finally:
            await database.close()
