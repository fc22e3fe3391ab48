"""Scans as people send them, and as somebody sends them who means harm."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageDraw


def letter(width: int = 620, height: int = 877) -> Image.Image:
    """A sheet of paper with something on it."""
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for line in range(12):
        draw.line((60, 120 + 40 * line, width - 60 - 23 * (line % 4), 120 + 40 * line), fill=(30, 30, 60), width=3)
    draw.ellipse((width - 190, height - 190, width - 70, height - 70), outline=(180, 20, 20), width=5)
    return sheet


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG of one colour whose few bytes say that it is as large as this."""
    packer = zlib.compressobj(9)
    row = b"\0" + bytes(width // 8 + 1)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    )


def pdf_of(content: bytes, filters: bytes = b"/FlateDecode", catalogue: bytes = b"") -> bytes:
    """A PDF of one page with this stream of drawing orders."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b">>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length %d /Filter %s >>\nstream\n%s\nendstream" % (len(content), filters, content),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        size, table, size, len(out),
    )  # fmt: skip


def pdf_bomb() -> bytes:
    """Three kilobytes that unpack to half a gigabyte."""
    packer = zlib.compressobj(9)
    block = b"q " * (1 << 20)
    packed = b"".join(packer.compress(block) for _ in range(256)) + packer.flush()
    return pdf_of(zlib.compress(packed, 9), b"[/FlateDecode /FlateDecode]")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
SCRIPTED_PDF = pdf_of(zlib.compress(b"0 0 m"), catalogue=b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >> ")
