"""Alembic migrations of the whole schema; part of the composition root, so it knows every room's tables."""
