"""Small files to attach: real ones, so that a viewer opens them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache

from tui_mail.demo.sample.letters import Body, file

FILES = {
    "floor-plan.pdf": "Plan of the upper floor",
    "before-after.png": "",
    "offer-port-marin.pdf": "Offer to the harbour of Port Marin",
    "invoice.pdf": "Invoice",
    "notes.zip": "",
    "minutes.pdf": "Minutes of the meeting",
    "tides.csv": "",
    "Übersicht.pdf": "Übersicht der Anlegestellen",
    "photos.zip": "",
}
"""File names and, for documents, the title inside."""

EVERYDAY = ("minutes.pdf", "notes.zip", "tides.csv", "before-after.png", "invoice.pdf", "photos.zip", "Übersicht.pdf")


@cache
def attachment(name: str) -> Body:
    """The file as a part of a message."""
    if name.endswith(".pdf"):
        return file(name, "application/pdf", _pdf(FILES[name]))
    if name.endswith(".png"):
        return file(name, "image/png", _png(320, 180))
    if name.endswith(".csv"):
        return file(name, "text/csv", _csv())
    pictures = {f"quay-{number}.png": _png(160, 90, number * 37) for number in range(1, 4)}
    texts = {"README.txt": b"Notes from the quay.\r\n", "tides.csv": _csv()}
    return file(name, "application/zip", _zip(pictures if name == "photos.zip" else texts))


def _pdf(title: str) -> bytes:
    """One page with a title and a few lines (PDF 1.4, no compression)."""
    lines = [title, "", "Tidewater, Quay 4", "This page is part of the demo and means nothing."]
    text = "BT /F1 20 Tf 72 760 Td 26 TL " + " T* ".join(f"({line}) Tj" for line in lines) + " ET"
    stream = text.encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _png(width: int, height: int, shift: int = 0) -> bytes:
    """Sky, sea and a sun, in true colour (RFC 2083)."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            sun = (x - width * 3 // 4) ** 2 + (y - height // 4) ** 2 < (height // 9) ** 2
            if sun:
                rows += bytes((255, 214, 90))
            elif y < height * 3 // 5:
                rows += bytes((120 + y % 90, 180 + y % 60, 235 - shift % 60))
            else:
                rows += bytes((20 + shift % 40, 90 + (x + y * 3) % 30, 140 + y % 60))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 12, 0, 0)), data)
    return out.getvalue()


def _csv() -> bytes:
    rows = ["port,time,height_m"]
    rows += [f"Port Marin,{hour:02d}:{hour * 7 % 60:02d},{(hour * 13 % 31) / 10:.1f}" for hour in range(24)]
    return "\r\n".join(rows).encode() + b"\r\n"
