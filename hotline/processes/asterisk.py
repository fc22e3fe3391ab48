"""One Asterisk node: started in the foreground as its own user, watched, stopped by its process id.

    async with AsteriskNode(settings, seats) as node:
        ...                      # callers can dial
    # no process is left

Asterisk lives on when the controller dies (people go on talking), and also when the program that started it is
killed, unless `die_with_parent` is asked for. What is left so is found again by `running_pid` and ended by
`stop_left_over`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from hotline.settings import Settings
from ivr.content import Content
from ivr.errors import NodeAlreadyRunsError, NodeError
from ivr.node import SeatAccount, put_back, render_content, render_node
from ivr.paths import NodePaths, system_asterisk

BOOT_SECONDS = 60.0
STOP_SECONDS = 10.0
_LONGEST_SOCKET_PATH = 107  # sun_path in unix(7), less its final zero


class AsteriskNode:
    """The Asterisk of one instance. Several run side by side if their instance names and ports differ."""

    def __init__(
        self,
        settings: Settings,
        seats: Sequence[SeatAccount],
        *,
        content: Content | None = None,
        die_with_parent: bool = False,
    ) -> None:
        self.settings = settings
        self.seats = tuple(seats)
        self.content = content
        """What callers hear; None for the menu file of the settings."""
        self.paths = NodePaths.of(settings)
        self._die_with_parent = die_with_parent
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Render, start and wait until it is fully booted.

        Raises NodeAlreadyRunsError, NodeError (a port that is taken, a start that fails, with Asterisk's last words)
        and what `render_node` raises. Nothing is left running after an error.
        """
        await self.start_bare()
        try:
            await self._booted()
        except BaseException:
            await self.stop()
            raise

    async def start_bare(self) -> None:
        """Render and start without waiting."""
        pid = running_pid(self.paths)
        if pid is not None:
            raise NodeAlreadyRunsError(
                f"Asterisk of instance {self.settings.instance!r} runs already (process {pid}); "
                "end it with `hotline down`"
            )
        if self.paths.root is not None and os.geteuid() != 0:
            raise NodeError("Asterisk in a chroot can be started by root only; use sudo, or install a system Asterisk")
        socket_path = str(self.paths.inside(self.paths.control))
        if len(socket_path.encode()) > _LONGEST_SOCKET_PATH:
            raise NodeError(f"the path {socket_path} is too long for a socket; choose a shorter `data` folder")
        self._check_ports()
        await asyncio.to_thread(render_node, self.settings, self.seats, content=self.content, paths=self.paths)
        self.paths.control.unlink(missing_ok=True)  # left by a node that was killed
        self.paths.pid_file.unlink(missing_ok=True)
        with self._output.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.arguments("-f", die_with_parent=self._die_with_parent),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the program that started us, which stops Asterisk in order
                env=self._environment(),
            )

    async def wait(self) -> int:
        """Exit status, once the process has ended."""
        if self._process is None:
            raise NodeError("this node was not started")
        return await self._process.wait()

    async def stop(self) -> None:
        """End it, by force if it does not go within ten seconds."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def kill(self) -> None:
        """SIGKILL, as a crash would end it."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    async def command(self, line: str) -> str:
        """What Asterisk's command line answers to `line`; raises NodeError where it does not answer."""
        process = await asyncio.create_subprocess_exec(
            *self.arguments("-rx", line),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment(),
        )
        try:
            answer, _ = await asyncio.wait_for(process.communicate(), BOOT_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise NodeError(f"Asterisk did not answer {line!r} within {BOOT_SECONDS:.0f} s") from None
        if process.returncode != 0:
            raise NodeError(f"Asterisk refused {line!r}: {_last(answer.decode(errors='replace'))}")
        return answer.decode(errors="replace")

    async def set_seats(self, seats: Sequence[SeatAccount]) -> None:
        """Other seats from now on; calls in progress are not touched."""
        self.seats = tuple(seats)
        await asyncio.to_thread(render_node, self.settings, self.seats, content=self.content, paths=self.paths)
        for module in ("res_pjsip.so", "app_queue.so"):
            await self.command(f"module reload {module}")

    async def set_content(self, content: Content) -> None:
        """Other menus, days and announcements from now on; callers inside a menu go on in it.

        Raises NodeError where Asterisk did not take all of it, RenderError where it cannot be written. Then everything
        is as it was before.
        """
        before = await asyncio.to_thread(render_content, self.settings, content, self.paths)
        said = self._log_size()
        try:
            await self.command("dialplan reload")
            await self._check_dialplan(content, said)
        except NodeError:
            put_back(self.paths, before)
            await self.command("dialplan reload")
            raise
        self.content = content

    async def _check_dialplan(self, content: Content, said: int) -> None:
        """Asterisk passes over lines that it cannot read, so that what it holds is looked at."""
        held = await self.command("dialplan show")
        for number, menus in content.menus.items():
            for context in (f"hl-v{number}-start", *(f"ivr-v{number}-{name}" for name in menus.menus)):
                if f"[ Context '{context}' created by 'pbx_config' ]" not in held:
                    raise NodeError(f"Asterisk did not take {context}: {self._complaints(said)}")
        if f"hl-v{content.live}-greeting,s,1" not in await self.command("dialplan show hl-greeting"):
            raise NodeError(f"Asterisk still greets with another version: {self._complaints(said)}")

    def _log_size(self) -> int:
        messages = self.paths.log / "messages"
        return messages.stat().st_size if messages.exists() else 0

    def _complaints(self, said: int) -> str:
        """What Asterisk's log has said since it was `said` bytes long."""
        messages = self.paths.log / "messages"
        if not messages.exists():
            return "it says nothing"
        with messages.open("rb") as file:
            file.seek(said)
            return _last(file.read(20_000).decode(errors="replace")) or "it says nothing"

    @property
    def _output(self) -> Path:
        return self.paths.log / "output"

    def arguments(self, *options: str, die_with_parent: bool = False) -> list[str]:
        """The command line that runs Asterisk with `options`, as its own user and inside its chroot."""
        configuration = str(self.paths.inside(self.paths.etc / "asterisk.conf"))
        command: list[str] = []
        program = "/usr/sbin/asterisk"
        if self.paths.root is None:
            program = str(system_asterisk() or program)
            if os.geteuid() == 0:
                uid, gid = self.paths.owner()
                command += ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        else:
            uid, gid = self.paths.owner()
            command += ["chroot", f"--userspec={uid}:{gid}", "--groups=", str(self.paths.root)]
        if die_with_parent:  # after the change of user, which would clear it
            command += ["setpriv", "--pdeathsig", "TERM"]
        return [*command, program, "-C", configuration, *options]

    def _environment(self) -> dict[str, str]:
        home = str(self.paths.inside(self.paths.run))
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    async def _booted(self) -> None:
        process = self._process
        if process is None:
            raise NodeError("this node was not started")
        deadline = time.monotonic() + BOOT_SECONDS
        while True:
            if process.returncode is not None:
                raise NodeError(f"Asterisk ended while it started: {self._why()}")
            if self.paths.control.exists():
                with contextlib.suppress(NodeError):  # the socket is there a moment before it is served
                    await self.command("core waitfullybooted")
                    return
            if time.monotonic() > deadline:
                raise NodeError(f"Asterisk was not ready within {BOOT_SECONDS:.0f} s: {self._why()}")
            await asyncio.sleep(0.05)

    def _why(self) -> str:
        messages = self.paths.log / "messages"
        for source in (messages, self._output):
            if source.exists():
                with source.open("rb") as file:
                    file.seek(max(0, source.stat().st_size - 4000))
                    text = _last(file.read().decode(errors="replace"))
                if text:
                    return f"{text} (more in {source})"
        return f"see {self.paths.log}"

    def _check_ports(self) -> None:
        asterisk = self.settings.asterisk
        wanted = (
            (asterisk.bind, asterisk.sip_port, socket.SOCK_DGRAM, "HOTLINE_ASTERISK__SIP_PORT"),
            (asterisk.bind, asterisk.http_port, socket.SOCK_STREAM, "HOTLINE_ASTERISK__HTTP_PORT"),
            (asterisk.ami_bind, self.settings.ami.port, socket.SOCK_STREAM, "HOTLINE_AMI__PORT"),
        )
        for host, port, kind, variable in wanted:
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    name = "udp" if kind == socket.SOCK_DGRAM else "tcp"
                    raise NodeError(
                        f"Asterisk cannot have port {port}/{name} on {host} ({error.strerror}); "
                        f"end what uses it, or set {variable} to a free one"
                    ) from error


def running_pid(paths: NodePaths) -> int | None:
    """Process id of this instance's living Asterisk; a process that merely inherited the number does not count."""
    try:
        pid = int(paths.pid_file.read_text("ascii"))
        arguments = psutil.Process(pid).cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    configuration = str(paths.inside(paths.etc / "asterisk.conf"))
    if configuration not in arguments or "-f" not in arguments:
        return None
    inside = paths.root or Path("/")
    return pid if Path(f"/proc/{pid}/root").resolve() == inside else None


def stop_left_over(paths: NodePaths) -> bool:
    """End this instance's Asterisk that another program left behind; says whether there was one."""
    pid = running_pid(paths)
    if pid is None:
        return False
    process = psutil.Process(pid)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
    return True


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
