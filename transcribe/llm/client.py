"""One request to the model's address: in time, within bounds, to nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from hotline.settings import LlmSettings
from transcribe.llm.errors import LlmRefused, LlmUnreachable

_MOST_BYTES = 262_144
_OK = 200


async def complete(settings: LlmSettings, body: Mapping[str, Any]) -> bytes:
    """The answer's bytes; raises LlmUnreachable or LlmRefused. Redirects are not followed, proxies not asked."""
    url = f"{settings.url.rstrip('/')}/chat/completions"
    key = settings.key.get_secret_value()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    try:
        async with asyncio.timeout(settings.timeout):  # of the whole answer, however slowly it drips
            async with (
                httpx.AsyncClient(timeout=settings.timeout, trust_env=False, follow_redirects=False) as client,
                client.stream("POST", url, json=body, headers=headers) as answer,
            ):
                if answer.status_code != _OK:
                    raise LlmRefused(f"the language model answered with status {answer.status_code}; see its own log")
                return await _read(answer)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
        raise LlmUnreachable(
            f"the language model at llm.url did not answer in {settings.timeout:g} s ({type(error).__name__})"
        ) from error


async def _read(answer: httpx.Response) -> bytes:
    held = bytearray()
    async for piece in answer.aiter_bytes():
        held += piece
        if len(held) > _MOST_BYTES:
            raise LlmRefused(f"the language model's answer is longer than {_MOST_BYTES} bytes")
    return bytes(held)
