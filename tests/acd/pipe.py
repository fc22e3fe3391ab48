"""A database socket that can be cut and mended, without touching the server."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path

from sqlalchemy.engine import make_url


class Pipe:
    """Carries a UNIX socket of PostgreSQL below another folder; `cut` breaks every connection and lets none in."""

    def __init__(self, url: str) -> None:
        server = make_url(url)
        host = server.query["host"]
        assert isinstance(host, str)
        self._server_socket = Path(host) / f".s.PGSQL.{server.port or 5432}"
        self._folder = Path(tempfile.mkdtemp(prefix="pipe-"))
        self._path = self._folder / self._server_socket.name
        self.url = server.set(query={"host": str(self._folder)}).render_as_string(hide_password=False)
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._whole = True

    async def __aenter__(self) -> Pipe:
        self._listener = await asyncio.start_unix_server(self._accept, self._path)
        self._path.chmod(0o777)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def cut(self) -> None:
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def mend(self) -> None:
        self._whole = True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(self._server_socket)
            self._writers |= {writer, far_writer}
            await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
        finally:
            self._tasks.discard(task)


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
    sink.transport.abort()
