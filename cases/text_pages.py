"""A scan that somebody sent → pictures made anew from what can be seen on it; nothing else of the file goes on.

Runs in a process with limits (`hotline.bounded`). What a file is, its first bytes say, not its name. Metadata, layers,
scripts, and whatever hides behind an image's end stay behind, as only the pixels are carried over.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import pypdfium2
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from cases.errors import CaseError

PDF_DPI = 150
LONGEST_SIDE = 2600
"""Pixels of a rendered PDF page: A4 at 150 dots per inch has 1754, and a sheet of ten metres no more than this."""
_MARKS = (
    (b"%PDF-", "pdf"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)


_FAILED = (
    OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError, AttributeError, RuntimeError,
    struct.error, Image.DecompressionBombError, pypdfium2.PdfiumError,
)  # fmt: skip
"""What Pillow and pdfium make of bytes that lie: a TIFF without a width is a TypeError."""


class ScanKind(StrEnum):
    PDF = "pdf"
    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    EML = "eml"
    """An e-mail, which is kept as it came and has no pages; its words are the entry's."""


class Refusal(StrEnum):
    """Why a file cannot be taken."""

    UNKNOWN_KIND = "unknown_kind"
    DAMAGED = "damaged"
    LOCKED = "locked"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FILES = "too_many_files"
    TOO_MUCH = "too_much"
    """It broke, or overstrained, the program that reads it."""


class ScanRefused(CaseError):
    """The file cannot be taken as a scan; the sentence says why, for the person who sent it."""

    code: ClassVar[str] = "scan_refused"

    def __init__(self, why: Refusal, message: str) -> None:
        super().__init__(message)
        self.why = why

    def __reduce__(self) -> tuple[type[ScanRefused], tuple[Refusal, str]]:
        return type(self), (self.why, str(self))  # it comes out of another process


@dataclass(frozen=True, slots=True)
class PageLimits:
    pages: int
    megapixels: int


@dataclass(frozen=True, slots=True)
class Page:
    """One picture; `type` is its media type."""

    path: Path
    sha256: str
    bytes: int
    type: str
    width: int
    height: int


def kind_of(head: bytes) -> ScanKind | None:
    """What the first bytes of a file say that it is."""
    return next((ScanKind(kind) for mark, kind in _MARKS if head.startswith(mark)), None)


def pages_of(source: Path, folder: Path, limits: PageLimits) -> tuple[ScanKind, tuple[Page, ...]]:
    """Every page of `source` as a picture in `folder`. Raises ScanRefused."""
    with source.open("rb") as file:
        kind = kind_of(file.read(64))
    if kind is None:
        raise ScanRefused(
            Refusal.UNKNOWN_KIND,
            "this is no PDF, JPEG, PNG or TIFF, whatever its name says; scan or print it as one of them",
        )
    pages: list[Page] = []
    try:
        for picture in _of_pdf(source, limits) if kind is ScanKind.PDF else _of_image(source, kind, limits):
            pages.append(_kept(picture, folder / f"{len(pages) + 1}"))
    except _FAILED as error:
        raise ScanRefused(Refusal.DAMAGED, f"its {kind.value.upper()} is damaged or cut off; scan it again") from error
    if not pages:
        raise ScanRefused(Refusal.EMPTY, "it has no pages; scan it again")
    return kind, tuple(pages)


def _of_image(source: Path, kind: ScanKind, limits: PageLimits) -> Iterator[Image.Image]:
    most = limits.megapixels * 1_000_000
    Image.MAX_IMAGE_PIXELS = most
    try:
        opened = Image.open(source, formats=(kind.value.upper(),))
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        if isinstance(error, Image.DecompressionBombError):
            raise ScanRefused(Refusal.TOO_MANY_PIXELS, _too_large(limits)) from error
        raise ScanRefused(Refusal.DAMAGED, f"its {kind.value.upper()} is damaged or cut off; scan it again") from error
    with opened:
        for number, frame in enumerate(ImageSequence.Iterator(opened)):
            if number == limits.pages:
                raise ScanRefused(Refusal.TOO_MANY_PAGES, f"it has more than {limits.pages} pages; split it")
            if frame.width * frame.height > most:
                raise ScanRefused(Refusal.TOO_MANY_PIXELS, _too_large(limits))
            frame.load()
            yield ImageOps.exif_transpose(frame)


def _of_pdf(source: Path, limits: PageLimits) -> Iterator[Image.Image]:
    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ScanRefused(Refusal.LOCKED, "this PDF is locked with a password; send it without one") from error
        raise
    try:
        if len(document) > limits.pages:
            raise ScanRefused(
                Refusal.TOO_MANY_PAGES, f"it has {len(document)} pages, more than {limits.pages}; split it"
            )
        for number in range(len(document)):
            yield _rendered(document[number])
    finally:
        document.close()


def _rendered(page: Any) -> Image.Image:
    """Without forms and their scripts, which pdfium would only run if it were asked to."""
    longest = max(page.get_size()) or 1.0
    scale = min(PDF_DPI / 72, LONGEST_SIDE / longest)
    try:
        picture: Image.Image = page.render(scale=scale, may_draw_forms=False).to_pil()
    finally:
        page.close()
    return picture


def _kept(picture: Image.Image, target: Path) -> Page:
    """Black and white, and grey, as PNG; colour as JPEG. Written from the pixels alone."""
    plain = _flat(picture)
    grey = plain.mode in {"1", "L"}
    path = target.with_suffix(".png" if grey else ".jpg")
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    if grey:
        bare.save(path, "PNG", optimize=False)
    else:
        bare.save(path, "JPEG", quality=85)
    data = path.read_bytes()
    kind = "image/png" if grey else "image/jpeg"
    return Page(path, hashlib.sha256(data).hexdigest(), len(data), kind, bare.width, bare.height)


def _flat(picture: Image.Image) -> Image.Image:
    """In one of the modes 1, L and RGB, on white where it is see-through."""
    if picture.mode in {"1", "L", "RGB"} and "transparency" not in picture.info:
        return picture
    if picture.mode in {"I", "I;16", "F"}:
        return picture.convert("L")
    if picture.mode in {"LA", "PA", "RGBA", "P", "L", "RGB"}:
        above = picture.convert("RGBA")
        white = Image.new("RGBA", above.size, "white")
        white.alpha_composite(above)
        return white.convert("RGB")
    return picture.convert("RGB")


def _too_large(limits: PageLimits) -> str:
    return f"a page of it has more than {limits.megapixels} million pixels; scan it with fewer dots per inch"
