"""What is inside an attachment, as far as it is text: a Document.

What belongs here: tables, patches, cards and plain text as paragraphs. What must never be here: Textual, reading mail.
Everything here runs in a thread; a picture is decoded elsewhere (`client/looking`).
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Callable
from itertools import islice

from tui_mail.mime.at_sight import is_calendar
from tui_mail.mime.attached import Attached
from tui_mail.mime.charsets import decode
from tui_mail.mime.pictures import is_picture
from tui_mail.mime.risks import in_words
from tui_mail.model import Message
from tui_mail.sizes import size_label
from tui_mail.text import safe_block, safe_line
from tui_mail.ui.widgets.cells import clip, width
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.message_document import message_document
from tui_mail.ui.widgets.raster import NO_CANVAS, Canvas
from tui_mail.ui.widgets.row_text import Calendar

SHOWN = 400_000
"""Octets of a text that are shown."""
ROWS = 2_000
COLUMNS = 40
CELL = 32
"""Widest cell of a table."""

_TEXT_ENDINGS = (
    "txt text log md markdown rst json jsonl yaml yml toml ini cfg conf xml csv tsv patch diff py c h cc cpp hpp rs go "
    "js ts java kt swift rb pl php lua sh bash zsh fish sql css scss tex bib org adoc asc pem crt vcf ics srt sub po "
    "html htm svg"
)
_TEXTS = frozenset(_TEXT_ENDINGS.split())
_TEXT_TYPES = ("application/json", "application/xml", "application/x-sh", "application/yaml", "application/toml",
               "application/pgp-keys", "application/pgp-signature", "application/sql", "message/delivery-status",
               "message/disposition-notification", "message/global-delivery-status")  # fmt: skip
_PATCH_LOOKS = (("@@", "hunk"), ("+++", "heading"), ("---", "heading"), ("+", "added"), ("-", "removed"),
                ("diff ", "heading"), ("Index:", "heading"), ("index ", "quiet"), ("From ", "quiet"))  # fmt: skip


def preview(
    file: Attached,
    parse: Callable[[bytes], Message],
    calendar: Calendar,
    me: frozenset[str],
    canvas: Canvas = NO_CANVAS,
) -> Document:
    """What can be seen of an attachment; `parse` reads a message or HTML where it can do no harm.

    `canvas`: the room for a picture.
    """
    kind, ending = file.part.content_type.casefold(), file.part.filename.casefold().rpartition(".")[2]
    if kind in ("message/rfc822", "message/global") or ending == "eml":
        return message_document(parse(file.content), None, calendar, me)
    warning = in_words(file.part.risk)
    head = [Paragraph((("⚠ ", "warning"), (warning, "warning"))), Paragraph(())] if warning else []
    if kind == "text/html" or ending in ("html", "htm"):
        message = parse(b"Content-Type: text/html; charset=%s\r\n\r\n" % _ascii(file.charset) + file.content)
        whole = message_document(message, None, calendar, me)
        return Document(head, whole.body)
    if kind.startswith("image/") or is_picture(file.content):
        return Document(head, _picture(file.content, kind, canvas))
    return Document(head, _body(file, kind, ending, me))


def _body(file: Attached, kind: str, ending: str, me: frozenset[str]) -> list[Paragraph]:
    if not (kind.startswith("text/") or kind.startswith(_TEXT_TYPES) or ending in _TEXTS):
        return [_quiet(f"{kind}, {size_label(file.part.size)}: nothing to show as text.")]
    if b"\x00" in file.content[:4000] and not file.content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return [_quiet(f"{kind}, {size_label(file.part.size)}: it calls itself text, and is none.")]
    text = decode(file.content[:SHOWN], file.charset)
    if is_calendar(kind, file.part.filename):
        lines = _calendar(file.content, me) or [_line(line) for line in safe_block(text).split("\n")]
    elif kind in ("text/vcard", "text/x-vcard", "text/directory") or ending == "vcf":
        lines = _card(text)
    elif kind in ("text/csv", "text/tab-separated-values") or ending in ("csv", "tsv"):
        lines = _table(text, tabs=kind.endswith("separated-values") or ending == "tsv")
    elif kind in ("text/x-patch", "text/x-diff") or ending in ("patch", "diff"):
        lines = [_line(line, _patch_look(line)) for line in safe_block(text).split("\n")]
    else:
        lines = [_line(line) for line in safe_block(text).split("\n")]
    if len(file.content) > SHOWN:
        lines.append(_quiet(f"Only the first {size_label(SHOWN)} of {size_label(len(file.content))} are shown."))
    return lines


def _picture(content: bytes, kind: str, canvas: Canvas) -> list[Paragraph]:
    """What it is, and itself where that can be."""
    words = [_quiet(picture_words(content, kind))]
    if not canvas.cells:
        return [*words, _quiet("This terminal has no colours to show it in.")]
    from tui_mail.client.looking import look

    found = look(content, *canvas.pixels)
    if isinstance(found, str):
        return [*words, _quiet(found)]
    return [*words, Paragraph(()), *canvas.painted(found)]


def picture_words(content: bytes, kind: str) -> str:
    """What is known of a picture without decoding it."""
    size = _picture_size(content)
    pixels = f", {size[0]:,} × {size[1]:,} pixels" if size else ""
    return f"A picture: {safe_line(kind)}, {size_label(len(content))}{pixels}."


def _picture_size(content: bytes) -> tuple[int, int] | None:
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack(">II", content[16:24])
        if content[:4] == b"GIF8":
            return struct.unpack("<HH", content[6:10])
        if content.startswith(b"\xff\xd8"):
            return _jpeg_size(content)
    except struct.error:
        pass
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            high, wide = struct.unpack(">HH", content[at + 5 : at + 9])
            return wide, high
        at += 2 + max(2, length)
    return None


def _table(text: str, *, tabs: bool) -> list[Paragraph]:
    beginning = text[:4_000]
    delimiter = "\t" if tabs else max(",;\t|", key=beginning.count)
    try:
        found = list(islice(csv.reader(text.splitlines(), delimiter=delimiter), ROWS))
    except csv.Error:
        return [_line(line) for line in safe_block(text).split("\n")]
    rows = [[safe_line(cell, 200) for cell in row[:COLUMNS]] for row in found if row]
    wide = [0] * max((len(row) for row in rows), default=0)
    for row in rows:
        for at, cell in enumerate(row):
            wide[at] = max(wide[at], min(CELL, width(cell)))
    lines = []
    for number, row in enumerate(rows):
        cells = [clip(cell, CELL) for cell in row]
        words = "  ".join(cell + " " * (wide[at] - width(cell)) for at, cell in enumerate(cells))
        lines.append(_line(words.rstrip(), "heading" if number == 0 else ""))
    if len(found) >= ROWS:
        lines.append(_quiet(f"Only the first {ROWS:,} rows are shown."))
    return lines


def _calendar(content: bytes, me: frozenset[str]) -> list[Paragraph]:
    from tui_mail.mime.invitation import read_invitation
    from tui_mail.ui.widgets.invitation_card import card

    invitation = read_invitation(content)
    if invitation is None:
        return []
    return card(invitation, (invitation.organizer,) if invitation.organizer else (), me, "")


def _card(text: str) -> list[Paragraph]:
    from tui_mail.mime.vcards import card_lines

    lines = list[Paragraph]()
    for card in card_lines(text):
        lines += [Paragraph(())] if lines else []
        for number, (name, value) in enumerate(card):
            if number == 0:
                lines.append(Paragraph(((value, "heading"),)))
            else:
                lines.append(Paragraph(((value, ""),), ((f"{name:<10} ", "quiet"),), ((" " * 11, ""),)))
    return lines or [_line(line) for line in safe_block(text).split("\n")]


def _patch_look(line: str) -> str:
    return next((look for beginning, look in _PATCH_LOOKS if line.startswith(beginning)), "")


def _line(text: str, look: str = "") -> Paragraph:
    return Paragraph(((text, look),) if text else (), kept=True)


def _quiet(words: str) -> Paragraph:
    return Paragraph(((words, "quiet"),))


def _ascii(charset: str) -> bytes:
    clean = "".join(one for one in charset if one.isalnum() or one in "-_")[:40]
    return clean.encode("ascii", "ignore") or b"utf-8"
