"""A real Asterisk with next to nothing loaded: manager interface, two lines of dialplan, Local channels."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path

import pytest

from hotline.settings import Settings
from ivr.errors import NoAsteriskError
from ivr.paths import NodePaths
from tests.acd.scripted_ami import SECRET

MODULES = (
    "pbx_config",
    "res_manager_devicestate",
    "res_timing_timerfd",
    "app_userevent",
    "app_echo",
    "func_devstate",
    "func_channel",
    "bridge_simple",
)
DIALPLAN = """
[default]
exten => hold,1,Answer()
 same => n,Set(HL_STATE=waiting)
 same => n,UserEvent(Hotline,Kind: queued,Call: ${UNIQUEID},Name: ${NAME})
 same => n,Echo()
exten => talk,1,Answer()
 same => n,Wait(60)
exten => boom,1,UserEvent(Hotline,Kind: boom,Number: ${SHELL_FREE})
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class SmallAsterisk:
    """One instance in a folder of its own; `kill` and `start` again keep its port and configuration."""

    def __init__(self) -> None:
        self.port = free_port()
        name = f"link-{uuid.uuid4().hex[:10]}"
        try:
            self.paths = NodePaths.of(Settings(instance=name))
        except NoAsteriskError as error:
            pytest.skip(str(error))
        self._process: subprocess.Popen[bytes] | None = None
        for folder in self.paths.folders:
            folder.mkdir(parents=True, exist_ok=True)
        for file, text in self._files().items():
            (self.paths.etc / file).write_text(text)

    async def start(self) -> None:
        """Return once the manager interface answers."""
        conf = str(self.paths.inside(self.paths.etc / "asterisk.conf"))
        command = ["/usr/sbin/asterisk", "-f", "-C", conf]
        if self.paths.root is not None:
            command = ["chroot", str(self.paths.root), *command]
        command = ["setpriv", "--pdeathsig", "KILL", *command]  # a killed test run leaves no Asterisk behind
        with (self.paths.base / "output").open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                if self._process.poll() is not None:
                    pytest.fail(f"Asterisk ended at once: {(self.paths.base / 'output').read_text()[-2000:]}")
                await asyncio.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
                self.signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            self.paths.control.unlink(missing_ok=True)

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.paths.base, ignore_errors=True)

    def _files(self) -> dict[str, str]:
        def inside(path: Path) -> str:
            return str(self.paths.inside(path))

        loads = "\n".join(f"load = {module}.so" for module in MODULES)
        return {
            "asterisk.conf": (
                f"[directories](!)\nastetcdir => {inside(self.paths.etc)}\n"
                f"astmoddir => {self.paths.modules}\nastvarlibdir => {inside(self.paths.state)}\n"
                f"astdbdir => {inside(self.paths.state)}\nastkeydir => {inside(self.paths.state)}\n"
                f"astdatadir => /usr/share/asterisk\nastagidir => {inside(self.paths.state)}\n"
                f"astspooldir => {inside(self.paths.spool)}\nastrundir => {inside(self.paths.run)}\n"
                f"astlogdir => {inside(self.paths.log)}\n[options]\nsystemname = link\n"
            ).replace("](!)", "]"),
            "logger.conf": "[general]\n[logfiles]\nmessages => warning,error,notice\n",
            "modules.conf": f"[modules]\nautoload = no\n{loads}\n",
            "extensions.conf": DIALPLAN,
            "manager.conf": (
                f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = {self.port}\nwebenabled = no\n"
                f"[controller]\nsecret = {SECRET}\nread = system,call,user,agent\n"
                "write = call,originate,reporting\nwritetimeout = 2000\n"
                "eventfilter(name(FullyBooted)) =\neventfilter(name(UserEvent)) =\n"
                "eventfilter(name(OriginateResponse)) =\neventfilter(name(Hangup)) =\n"
            ),
        }
