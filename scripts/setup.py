"""Set up a checkout: what `make setup` runs. Needs Python 3.11 and nothing else.

Each step says in milliseconds whether it is done, does its work where it is not, and leaves nothing half done that
looks whole: it can be interrupted anywhere and run again. Writes into the checkout (`.venv`, `node_modules`, `data`)
and, with apt-get, installs the Debian packages it names.
"""

from __future__ import annotations

import argparse
import fcntl
import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
DATA = Path(os.environ.get("HOTLINE_DATA", CHECKOUT / "data")).resolve()
STAMPS = VENV / ".setup"
TORCH = "2.13.0"
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
"""Where plain CPU builds of torch lie; the registry's own Linux build brings gigabytes of CUDA."""
SUITE = "forky"
"""The Debian release that carries Asterisk 22 (LTS); bookworm and trixie carry none."""
OLDEST_ASTERISK = 20
MIRROR = "http://deb.debian.org/debian"

PACKAGES = {"ca-certificates": "/etc/ssl/certs/ca-certificates.crt"}
"""Debian package → a file (or pattern) that shows it is there."""
ASTERISK_PACKAGES = {
    "debootstrap": "/usr/sbin/debootstrap",
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
}
TEST_PACKAGES = {
    "age": "/usr/bin/age",  # what a court verifies a recording with
    "chromium": "/usr/bin/chromium",
    "fonts-noto-cjk": "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "libatomic1": "/usr/lib/*/libatomic.so.1",  # Playwright's driver, and nothing else of ours
    "libfaketime": "/usr/lib/*/faketime/libfaketime.so.1",
    "sip-tester": "/usr/bin/sipp",
}
"""For tests and benchmarks only; tests that need one skip, saying so, where it cannot be had."""


class SetupError(Exception):
    """A step that cannot be done; the message says what to do."""


@dataclass(frozen=True)
class Step:
    name: str
    done: Callable[[], bool]
    do: Callable[[], None]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Set up this checkout; what is there already is left alone.")
    parser.add_argument("--only", metavar="STEP", action="append", help="only this step (may be given again)")
    only = parser.parse_args(arguments).only
    steps = [
        Step("Debian packages", debian_done, debian),
        Step("virtual environment", venv_done, venv),
        Step("Debian packages for the tests", test_packages_done, test_packages),
        Step("torch", torch_done, torch),
        Step("Python packages", python_done, python),
        Step("console", console_done, console),
        Step("Asterisk", asterisk_done, asterisk),
        Step("speech models", models_done, models),
    ]
    unknown = set(only or []) - {step.name for step in steps}
    if unknown:
        parser.error(f"no such step: {', '.join(sorted(unknown))}; the steps are {', '.join(s.name for s in steps)}")
    try:
        check_python()
        with lock():
            for step in steps:
                if only and step.name not in only:
                    continue
                if step.done():
                    continue
                begun = time.monotonic()
                say(f"{step.name} …")
                carry_out(step)
                say(f"{step.name}: done in {time.monotonic() - begun:.0f} s")
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; run `make setup` again to go on")
        return 130
    return 0


def carry_out(step: Step) -> None:
    step.do()
    if not step.done():
        raise SetupError(f"{step.name}: finished, and yet something is missing; run `make setup` again")


def check_python() -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise SetupError(
            f"Python 3.11, 3.12 or 3.13 is needed and this is {platform.python_version()}; try `make PYTHON=python3.11`"
        )
    if sys.platform != "linux":
        raise SetupError("this system runs on Linux (Debian 12 or 13, or Ubuntu)")


class lock:
    """One set-up of a checkout at a time; a second one waits."""

    def __enter__(self) -> None:
        (CHECKOUT / "data").mkdir(exist_ok=True)
        self.handle = (CHECKOUT / "data" / ".setup.lock").open("w")
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this checkout is running; waiting for it")
            fcntl.flock(self.handle, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.handle.close()


# Debian packages


def debian_missing() -> list[str]:
    wanted = dict(PACKAGES)
    if not asterisk_done():
        wanted |= ASTERISK_PACKAGES
    missing = absent(wanted)
    if not has_venv():
        missing.append("python3-venv")
    if shutil.which("node") is None:
        missing += ["nodejs", "npm"]
    elif shutil.which("npm") is None:
        missing.append("npm")
    return missing


def absent(packages: dict[str, str]) -> list[str]:
    return [package for package, file in packages.items() if not any(Path("/").glob(file.removeprefix("/")))]


def debian_done() -> bool:
    return not debian_missing()


def debian() -> None:
    missing = debian_missing()
    if shutil.which("apt-get") is None:
        raise SetupError(f"install these with your system's package manager, then run this again: {' '.join(missing)}")
    say(f"  installing {' '.join(missing)}")
    run(apt("install", "-y", "--no-install-recommends", *missing), "installing Debian packages")


def test_packages_done() -> bool:
    return not absent(TEST_PACKAGES) or stamped("test-packages", absent(TEST_PACKAGES))


def test_packages() -> None:
    """Tried once: a system whose Chromium is a snap, say, runs everything but the browser's tests."""
    missing = absent(TEST_PACKAGES)
    say(f"  installing {' '.join(missing)}")
    for package in missing:
        if shutil.which("apt-get") is None or quietly(apt("install", "-y", "--no-install-recommends", package)) != 0:
            say(f"  {package} cannot be installed here; the tests that need it will skip")
    stamp("test-packages", absent(TEST_PACKAGES))


@functools.cache
def apt_options() -> tuple[str, ...]:
    """Brings apt's lists up to date once; a mirror that is a snapshot may be past its Release file's date."""
    lock, expired = ("-o", "DPkg::Lock::Timeout=900"), ("-o", "Acquire::Check-Valid-Until=false")
    if quietly([*as_root(), "apt-get", *lock, "-qq", "update"]) == 0:
        return lock
    if quietly([*as_root(), "apt-get", *lock, *expired, "-qq", "update"]) == 0:
        return (*lock, *expired)
    raise SetupError("`apt-get update` fails; mend that first")


def apt(*command: str) -> list[str]:
    return [*as_root(), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *apt_options(), *command]


def as_root() -> list[str]:
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        raise SetupError("Debian packages are missing and there is no sudo; run `make setup` as root once")
    return ["sudo"]


def has_venv() -> bool:
    if PYTHON.exists():
        return True
    probe = "import ensurepip, venv"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode == 0


# The virtual environment


def venv_done() -> bool:
    return (VENV / "bin" / "pip").exists() and stamped("venv", [venv_version()])


def venv() -> None:
    if VENV.exists() and not (PYTHON.exists() and quietly([str(PYTHON), "-c", "import pip"]) == 0):
        shutil.rmtree(VENV)  # an interrupted attempt, or one whose Python was upgraded away
    run([sys.executable, "-m", "venv", str(VENV)], "making the virtual environment")
    stamp("venv", [venv_version()])


def venv_version() -> str:
    config = VENV / "pyvenv.cfg"
    return config.read_text("utf-8") if config.exists() else ""


def torch_done() -> bool:
    return any(VENV.glob(f"lib/python*/site-packages/torch-{TORCH}*.dist-info/RECORD"))


def torch() -> None:
    """A CPU build where one can be had: from pip's own sources, or from torch's; the registry's build otherwise."""
    forget_half_installed()
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    elsewhere = ["--extra-index-url", CPU_BUILDS] if reachable(CPU_BUILDS + "/torch/") else []
    if quietly([*pip, *elsewhere, f"torch=={TORCH}+cpu"]) == 0:
        return
    say("  no CPU build of torch is to be had here; taking the registry's, which is large")
    run([*pip, f"torch=={TORCH}"], "installing torch")


def forget_half_installed() -> None:
    """Packages in whose middle pip was killed: it writes RECORD last, and takes one without it for installed."""
    for info in VENV.glob("lib/python*/site-packages/*.dist-info"):
        if not (info / "RECORD").exists():
            shutil.rmtree(info)


def reachable(url: str) -> bool:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=8):
            return True
    except (urllib.error.URLError, OSError, ValueError):
        return False


def python_done() -> bool:
    return stamped("python", [CHECKOUT / "pyproject.toml"]) and (VENV / "bin" / "hotline").exists()


def python() -> None:
    forget_half_installed()
    run(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", f"{CHECKOUT}[dev]"],
        "installing the Python packages",
    )
    stamp("python", [CHECKOUT / "pyproject.toml"])


# The console's scripts


def console_inputs() -> list[Path]:
    return [
        CHECKOUT / "package.json",
        CHECKOUT / "package-lock.json",
        *sorted((CHECKOUT / "console/scripts").glob("*")),
    ]


def console_done() -> bool:
    return stamped("console", console_inputs()) and (CHECKOUT / "console/static/dist").is_dir()


def console() -> None:
    run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], "installing the console's parts")
    run(["npm", "run", "--silent", "build"], "bundling the console's scripts")
    stamp("console", console_inputs())


# Asterisk


def system_asterisk() -> str | None:
    """The version of the machine's own Asterisk where it is new enough."""
    found = shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        return None
    answer = subprocess.run([found, "-V"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Asterisk (?:certified/)?(\d+)", answer)
    return answer.strip() if version and int(version[1]) >= OLDEST_ASTERISK else None


def asterisk_done() -> bool:
    return (DATA / "asterisk/usr/sbin/asterisk").exists() or system_asterisk() is not None


def asterisk() -> None:
    """Debian's Asterisk in a folder of its own; built beside its place and renamed when it is whole."""
    target, growing = DATA / "asterisk", DATA / "asterisk.new"
    if os.geteuid() != 0 and not as_root():
        raise SetupError("Asterisk's folder can be made by root only; run `make setup` as root once")
    if growing.exists():
        run([*as_root(), "rm", "-rf", "--one-file-system", str(growing)], "clearing an interrupted attempt")
    DATA.mkdir(parents=True, exist_ok=True)
    script = Path("/usr/share/debootstrap/scripts") / SUITE
    if not script.exists():
        script = script.with_name("sid")  # an older debootstrap knows sid, which is made the same way
    mirrors = list(dict.fromkeys([*apt_mirrors(), MIRROR]))
    for mirror in mirrors:
        say(f"  fetching Asterisk from Debian {SUITE} ({mirror}); about a minute")
        log = DATA / "asterisk.log"
        with log.open("wb") as output:
            status = subprocess.run(
                [
                    *as_root(),
                    "debootstrap",
                    "--variant=minbase",
                    "--include=asterisk,ca-certificates",
                    SUITE,
                    str(growing),
                    mirror,
                    str(script),
                ],
                stdout=output,
                stderr=output,
                check=False,
                env=with_system_programs(),
            ).returncode
        if status == 0 and (growing / "usr/sbin/asterisk").exists():
            break
        run([*as_root(), "rm", "-rf", "--one-file-system", str(growing)], "clearing a failed attempt")
    else:
        tail = "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-5:])
        raise SetupError(
            f"debootstrap failed; its log {log} ends:\n{tail}\nA system Asterisk >= {OLDEST_ASTERISK} does as well."
        )
    shutil.rmtree(growing / "var/cache/apt/archives", ignore_errors=True)
    if target.exists():
        run([*as_root(), "rm", "-rf", "--one-file-system", str(target)], "removing an unusable Asterisk")
    run([*as_root(), "mv", str(growing), str(target)], "putting Asterisk in its place")


def with_system_programs() -> dict[str, str]:
    """debootstrap calls programs of /usr/sbin, which a plain user's PATH leaves out."""
    return os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}


def apt_mirrors() -> list[str]:
    """Debian mirrors this machine uses already: the nearest, and the ones a closed network lets through."""
    if not Path("/etc/debian_version").exists() or "ubuntu" in Path("/etc/os-release").read_text("utf-8").lower():
        return []
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(file.read_text("utf-8", errors="replace") for file in files if file.is_file())
    return re.findall(r"^(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(https?://\S*/debian/?)(?=\s|$)", text, re.MULTILINE)


# Speech models


def models_inputs() -> list[Path]:
    return [CHECKOUT / "transcribe/registry.py"]


def models_done() -> bool:
    return stamped("models", models_inputs()) and (DATA / "models").is_dir()


def models() -> None:
    run([str(VENV / "bin/hotline"), "models", "fetch", "--tests"], "fetching the speech models", show=True)
    stamp("models", models_inputs())


# Stamps: what a step was done for


def stamp(name: str, inputs: Iterable[Path | str]) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    temporary = STAMPS / f"{name}.new"
    temporary.write_text(digest(inputs))
    temporary.replace(STAMPS / name)


def stamped(name: str, inputs: Iterable[Path | str]) -> bool:
    path = STAMPS / name
    return path.exists() and path.read_text() == digest(inputs)


def digest(inputs: Iterable[Path | str]) -> str:
    total = hashlib.sha256(str(CHECKOUT).encode())  # a moved checkout is set up again: its environment names its place
    for item in inputs:
        content = item.read_bytes() if isinstance(item, Path) and item.is_file() else str(item).encode()
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest()


# Commands


def run(command: Sequence[str], doing: str, *, show: bool = False) -> None:
    """Run it; SetupError with the end of what it said when it fails. `show` lets its progress through."""
    result = subprocess.run(
        command, cwd=CHECKOUT, check=False, text=True, errors="replace",
        stdout=None if show else subprocess.PIPE, stderr=None if show else subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if result.returncode != 0:
        said = "" if show else "\n" + "\n".join((result.stdout or "").splitlines()[-15:])
        raise SetupError(f"{doing} failed ({' '.join(command[:6])} …){said}")


def quietly(command: Sequence[str]) -> int:
    return subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, stdin=subprocess.DEVNULL).returncode


def say(line: str) -> None:
    sys.stdout.write(f"setup: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
