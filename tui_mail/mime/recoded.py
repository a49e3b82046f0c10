"""A message under another charset than its sender named, for when letters are wrong: the person knows better.

What belongs here: rewriting what the header fields of its text parts say, and nothing else of it; the charsets that a
person can choose from. What must never be here: decoding.
"""

from __future__ import annotations

import re

from tui_mail.mime.charsets import codec_of
from tui_mail.mime.structure import Entity, outline

CHOICES = (
    ("utf-8", "Unicode"), ("windows-1252", "Western European"), ("iso-8859-15", "Western European, with €"),
    ("windows-1250", "Central European"), ("iso-8859-2", "Central European"), ("windows-1251", "Cyrillic"),
    ("koi8-r", "Cyrillic, Russian"), ("koi8-u", "Cyrillic, Ukrainian"), ("iso-8859-5", "Cyrillic"),
    ("cp866", "Cyrillic, DOS"), ("windows-1253", "Greek"), ("windows-1254", "Turkish"), ("windows-1255", "Hebrew"),
    ("windows-1256", "Arabic"), ("windows-1257", "Baltic"), ("windows-1258", "Vietnamese"), ("windows-874", "Thai"),
    ("gb18030", "Chinese, simplified"), ("big5", "Chinese, traditional"), ("shift_jis", "Japanese"),
    ("euc-jp", "Japanese"), ("iso-2022-jp", "Japanese, 7 bit"), ("euc-kr", "Korean"), ("macintosh", "Mac Roman"),
    ("cp850", "Western European, DOS"), ("cp437", "American, DOS"), ("utf-16", "Unicode, 16 bit"),
    ("utf-7", "Unicode, 7 bit"),
)  # fmt: skip

_TYPE = re.compile(rb"^content-type[ \t]*:.*(?:\r?\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)
_CHARSET = re.compile(rb";\s*charset\*?\s*=\s*(?:\"[^\"]*\"|[^;\s]*)", re.IGNORECASE)


def with_charset(raw: bytes, charset: str) -> bytes:
    """The message with every text part said to be in `charset`. Raises ValueError for one that is not known."""
    if codec_of(charset) is None:
        raise ValueError(charset)
    whole = outline(raw)
    done, at = list[bytes](), 0
    for entity in sorted(_texts(whole.root), key=lambda one: one.body):
        blank = 2 if whole.raw[entity.body - 2 : entity.body] == b"\r\n" else 1
        start = whole.raw.rfind(entity.header, at, entity.body) if entity.header else entity.body - blank
        if start < at:
            continue
        done += [whole.raw[at:start], _renamed(entity.header, charset.encode())]
        at = start + len(entity.header)
    return b"".join([*done, whole.raw[at:]])


def _texts(root: Entity) -> list[Entity]:
    found, waiting = list[Entity](), [root]
    while waiting:
        entity = waiting.pop()
        waiting.extend(entity.children)
        if not entity.children and entity.content_type.startswith("text/"):
            found.append(entity)
    return found


def _renamed(header: bytes, charset: bytes) -> bytes:
    written = _TYPE.search(header)
    if written is None:
        return b"Content-Type: text/plain; charset=" + charset + b"\r\n" + header
    field = _CHARSET.sub(b"", written[0]).rstrip().rstrip(b";") + b"; charset=" + charset
    end = b"\r" if written[0].endswith(b"\r") else b""
    return header[: written.start()] + field + end + header[written.end() :]
