"""A limit on what a browser may send: the largest form here is a sheet of a few thousand characters."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.errors import TooLarge

LARGEST = 256 * 1024


class BodyLimit:
    """ASGI middleware that stops reading after `LARGEST` bytes, whatever length was announced.

    It lies inside the application's error handlers, so that the person sees a page that says why.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > LARGEST:
                    raise TooLarge
            return message

        await self.app(scope, counted if scope["type"] == "http" else receive, send)
