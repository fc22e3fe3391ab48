"""A limit on what a browser may send: the largest form here is a sheet of a few thousand characters, but for scans."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import TooLarge

LARGEST = 256 * 1024
_UPLOADS = re.compile(r"/texts(/email|/[0-9]+/scans)?")
"""Where files are sent, a few at once."""
FILES_AT_ONCE = 3


class BodyLimit:
    """ASGI middleware that stops reading after `LARGEST` bytes, where files are sent after `uploads`.

    The length that was announced does not count. It lies inside the application's error handlers, so that the person
    sees a page that says why.
    """

    def __init__(self, app: ASGIApp, *, uploads: int = LARGEST) -> None:
        self.app = app
        self.uploads = max(uploads, LARGEST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0
        largest = self.uploads if _UPLOADS.fullmatch(scope.get("path", "")) else LARGEST

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > largest:
                    raise TooLarge
            return message

        await self.app(scope, counted if scope["type"] == "http" else receive, send)
