from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from hotline.embedded import EmbeddedPostgres, libpq_url
from hotline.migrations import runner

CATALOGUE = """
SELECT 'column', table_name || '.' || column_name,
    concat_ws(' ', udt_name, is_nullable, column_default, character_maximum_length::text)
    FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) || ' ' || tgenabled::text
    FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'sequence', sequencename, concat_ws(' ', start_value::text, increment_by::text, data_type::text)
    FROM pg_sequences WHERE schemaname = 'public'
UNION ALL SELECT 'enum', typname, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
"""


def _catalogue(url: str) -> set[tuple[str, str, str]]:
    with psycopg.connect(libpq_url(url)) as connection:
        rows = {(kind, name, " ".join(text.split())) for kind, name, text in connection.execute(CATALOGUE)}
    return {row for row in rows if "alembic_version" not in row[1] + row[2]}


@pytest.fixture
def empty_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    with psycopg.connect(libpq_url(postgres.url("postgres")), autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
        yield postgres.url("empty")
        connection.execute("DROP DATABASE empty WITH (FORCE)")


def test_the_migrations_make_what_the_models_say(empty_url: str, database_url: str) -> None:
    runner.upgrade(empty_url)
    assert runner.differences(empty_url) == []
    migrated, created = _catalogue(empty_url), _catalogue(database_url)
    assert migrated - created == set(), "only the migrations make this"
    assert created - migrated == set(), "no migration makes this"


def test_upgrade_and_downgrade_go_to_the_end_and_back_to_nothing(empty_url: str) -> None:
    assert runner.current(empty_url)[0] is None
    runner.upgrade(empty_url)
    revision, wanted = runner.current(empty_url)
    assert revision == wanted
    runner.upgrade(empty_url)
    runner.downgrade(empty_url, "base")
    assert _catalogue(empty_url) == set()
    runner.upgrade(empty_url)
    assert runner.current(empty_url)[0] == wanted


def test_two_that_upgrade_at_once_do_it_once(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(runner.upgrade, empty_url) for _ in range(3)]:
            future.result()
    revision, wanted = runner.current(empty_url)
    assert revision == wanted


def test_a_difference_is_named(database_url: str) -> None:
    with psycopg.connect(libpq_url(database_url)) as connection:
        connection.execute("ALTER TABLE users DROP COLUMN seat")
    assert [line for line in runner.differences(database_url) if "users" in line and "seat" in line]


def test_an_unknown_revision_and_a_dead_server_are_told(empty_url: str) -> None:
    with pytest.raises(runner.MigrationError, match="cannot migrate"):
        runner.upgrade(empty_url, "nonsense")
    with pytest.raises(runner.MigrationError, match="does not answer"):
        runner.upgrade("postgresql+psycopg://postgres@127.0.0.1:1/none")
