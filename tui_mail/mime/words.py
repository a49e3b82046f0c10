"""Encoded words of RFC 2047, read as senders write them rather than as the RFC wants them.

What is put up with: words longer than 75 characters, glued together or to plain text, inside quotes, with
spaces or question marks in Q text, with damaged padding, with a character split over two words, with 8-bit
bytes beside them. Works in linear time.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64

from tui_mail.mime.charsets import codec_of, decode

_OPENING = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def decode_words(text: str) -> str:
    """`text` with its encoded words replaced by what they mean; control characters may result."""
    if "=?" not in text:
        return text
    out: list[str] = []
    pending = b""
    pending_charset = ""
    end = 0
    while opening := _OPENING.search(text, end):
        closing = text.find("?=", opening.end())
        if closing < 0:
            break
        between = text[end : opening.start()]
        if end and not between.strip(" \t"):
            between = ""
        charset = opening[1].lower()
        if pending and (between or charset != pending_charset or codec_of(charset) in _STATEFUL):
            out.append(decode(pending, pending_charset))
            pending = b""
        out.append(between)
        encoded = text[opening.end() : closing].encode("utf-8", "surrogateescape")
        pending += from_base64(encoded) if opening[2] in "bB" else _q(encoded)
        pending_charset = charset
        end = closing + 2
    out.append(decode(pending, pending_charset))
    out.append(text[end:])
    return "".join(out)


_STATEFUL = frozenset({"iso2022-jp-ext", "iso2022-jp-2", "iso2022-kr", "hz", "utf-7", "utf-16", "utf-32"})
"""Charsets whose words each begin in the initial state, so that words must not be joined."""


def from_base64(data: bytes) -> bytes:
    """What a lenient client reads: foreign characters skipped, padding mended, all up to a lone last character."""
    try:
        return a2b_base64(data)
    except Error:
        digits = _NOT_BASE64.sub(b"", data)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return a2b_base64(digits + b"=" * (-len(digits) % 4))


def _q(data: bytes) -> bytes:
    return _HEX.sub(lambda match: bytes((int(match[1], 16),)), data.replace(b"_", b" "))
