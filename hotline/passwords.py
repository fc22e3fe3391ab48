"""Passwords by argon2id with the library's parameters (RFC 9106, low memory); checking takes tens of milliseconds."""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 8
LONGEST = 256
"""Longer input is refused before hashing: it costs time and means a mistake."""


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher().hash, password)


async def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the stored one; with no stored one the same work is done before saying no."""
    right = await asyncio.to_thread(_verify, stored if stored is not None else _nobody(), password)
    return right and stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(stored)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that is compared when the login is unknown, so that the answer takes as long as for a known one."""
    return _hasher().hash("the password of nobody")


def _verify(stored: str, password: str) -> bool:
    if len(password) > LONGEST:
        return False
    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
