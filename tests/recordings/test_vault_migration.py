"""An installation from before sealing: its recordings have rows, and what is open holds them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from hotline.embedded import EmbeddedPostgres, libpq_url
from hotline.migrations import runner

BEFORE = """
INSERT INTO users (id, login, name, role, password_hash, disabled, created_at)
    VALUES ('00000000-0000-0000-0000-000000000001', 'wu', 'Wu', 'recording_clerk', 'x', false, now());
INSERT INTO recordings (id, call_uid, object_key, sha256, bytes, seconds, sample_rate, caller_seconds, seat_seconds,
        caller_rms, seat_rms, started_at, finalised_at, recovered)
    VALUES (gen_random_uuid(), 'n1-1.1', '2026/11/20/n1-1.1.flac', 'abc', 12, 1, 16000, 1, 1, 0.1, 0.1, now(), now(), false);
INSERT INTO orders (number, kind, call_uid, business, urgent, fields, corrected, owner_id, state, received_at, created_at,
        entry_due_at, reply_due_at, closed_at)
    SELECT number, 'complaint', uid, 'mobile', false, '{}', '[]', '00000000-0000-0000-0000-000000000001', state, now(), now(),
        now(), now(), closed
    FROM (VALUES ('TS1', 'n1-1.1', 'open', NULL), ('TS2', 'n1-2.1', 'closed', now())) AS o (number, uid, state, closed);
INSERT INTO drafts (id, call_uid, kind, business, urgent, fields, state, created_at, due_at)
    SELECT gen_random_uuid(), uid, 'complaint', 'mobile', false, '{}', state, now(), now()
    FROM (VALUES ('n1-4.1', 'pending'), ('n1-5.1', 'confirmed')) AS d (uid, state);
INSERT INTO qa_draws (id, day, seed, rate, algorithm, population, drawn_at, drawn_by)
    VALUES ('00000000-0000-0000-0000-000000000002', '2026-11-20', 1, 0.05, 'x', '[]', now(), 'x');
INSERT INTO qa_samples (id, draw_id, call_uid, day, business, seat)
    VALUES ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000002', 'n1-3.1', '2026-11-20', 'x', 'x');
"""  # noqa: E501 - rows


@pytest.fixture
def old_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    with psycopg.connect(libpq_url(postgres.url("postgres")), autocommit=True) as connection:
        connection.execute("CREATE DATABASE before_sealing")
        yield postgres.url("before_sealing")
        connection.execute("DROP DATABASE before_sealing WITH (FORCE)")


def test_what_was_stored_and_what_is_open_is_known_after_the_upgrade(old_url: str) -> None:
    runner.upgrade(old_url, "0002")
    with psycopg.connect(libpq_url(old_url), autocommit=True) as connection:
        connection.execute(BEFORE)
    runner.upgrade(old_url)
    with psycopg.connect(libpq_url(old_url), autocommit=True) as connection:
        stored = connection.execute("SELECT key, call_uid, stored_bytes, stored_sha256, day_key FROM stored_objects")
        assert stored.fetchall() == [("2026/11/20/n1-1.1.flac", "n1-1.1", 12, "abc", None)]
        held = connection.execute("SELECT call_uid, reason FROM recording_holds WHERE until IS NULL ORDER BY 1")
        assert held.fetchall() == [("n1-1.1", "case"), ("n1-3.1", "sample"), ("n1-4.1", "work")]
        kinds = connection.execute("SELECT call_uid, kind, business FROM recording_kinds ORDER BY 1")
        assert kinds.fetchall() == [("n1-1.1", "complaint", "mobile"), ("n1-2.1", "complaint", "mobile")]
