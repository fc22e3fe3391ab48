"""The database objects that are not tables of ours: the audit's trigger and procrastinate's schema.

The migrations bring an installation there step by step; `create_all` does it in one go for a test's database. A test
holds the two to the same result. Whoever calls must have imported every room's tables (`hotline.migrations.rooms`).
"""

from __future__ import annotations

from procrastinate.schema import SchemaManager
from sqlalchemy import Connection

from hotline.audit import APPEND_ONLY_SQL
from hotline.database import Base


def create_all(connection: Connection) -> None:
    """Every table and object, on an empty database."""
    Base.metadata.create_all(connection)
    for statement in APPEND_ONLY_SQL:
        run_script(connection, statement)
    run_script(connection, SchemaManager.get_schema())


def run_script(connection: Connection, script: str) -> None:
    """Run SQL as it stands: several statements, per cent signs and dollar quotes included."""
    connection.execution_options(no_parameters=True).exec_driver_sql(script)
