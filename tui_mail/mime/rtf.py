"""Rich text, as Outlook packs it: out of its compression (MS-OXRTFCP), and its words out of the markup.

What belongs here: the words. How they look is not shown, and what is embedded in them is not taken out.
"""

from __future__ import annotations

import re
import struct

from tui_mail.mime.charsets import decode

SIZE_LIMIT = 4_000_000
"""Octets of rich text that are looked at."""

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\(.)|([{}])|([^\\{}\r\n]+)|[\r\n]", re.IGNORECASE
)
_BREAKS = {b"par": "\n", b"line": "\n", b"tab": "\t", b"row": "\n", b"cell": "  ", b"page": "\n", b"sect": "\n",
           b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
           b"bullet": "•"}  # fmt: skip
_NO_TEXT = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer listtable listoverridetable generator themedata "
    b"fldinst htmltag mhtmltag datastore latentstyles xmlnstbl".split()
)
_DEPTH_LIMIT = 500


def unpacked_rtf(data: bytes) -> bytes:
    """The rich text in a PR_RTF_COMPRESSED; empty when it is damaged."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<II", data, 4)
    if kind == 0x414C454D:  # "MELA": stored
        return data[16 : 16 + min(size, SIZE_LIMIT)]
    if kind != 0x75465A4C:  # "LZFu"
        return b""
    window = bytearray(_DICTIONARY.ljust(4096, b" "))
    write = len(_DICTIONARY)
    out = bytearray()
    position = 16
    size = min(size, SIZE_LIMIT)
    while position < len(data) and len(out) < size:
        flags = data[position]
        position += 1
        for bit in range(8):
            if flags >> bit & 1:
                if position + 2 > len(data):
                    return bytes(out)
                pair = data[position] << 8 | data[position + 1]
                position += 2
                offset, length = pair >> 4, (pair & 15) + 2
                if offset == write:
                    return bytes(out)
                for step in range(length):
                    octet = window[(offset + step) & 4095]
                    out.append(octet)
                    window[write] = octet
                    write = (write + 1) & 4095
            else:
                if position >= len(data):
                    return bytes(out)
                out.append(data[position])
                window[write] = data[position]
                write = (write + 1) & 4095
                position += 1
    return bytes(out[:size])


def rtf_text(rtf: bytes) -> str:
    """The words of rich text, unsafe still."""
    out: list[str] = []
    pending = bytearray()
    charset = "windows-1252"
    is_silent = False
    left: list[bool] = []
    skipped = 0

    def flush() -> None:
        if pending:
            out.append(decode(bytes(pending), charset))
            pending.clear()

    for token in _TOKEN.finditer(rtf[:SIZE_LIMIT]):
        word, number, octet, symbol, brace, text = token.groups()
        if brace == b"{":
            if len(left) < _DEPTH_LIMIT:
                left.append(is_silent)
        elif brace == b"}":
            is_silent = left.pop() if left else False
        elif symbol == b"*" or word in _NO_TEXT:
            is_silent = True
        elif word == b"ansicpg" and number:
            charset = f"windows-{int(number)}"
        elif word == b"htmlrtf":
            is_silent = number != b"0"
        elif is_silent:
            continue
        elif word == b"u" and number:
            flush()
            out.append(chr(int(number) & 0xFFFF))
            skipped = 1
        elif word in _BREAKS:
            flush()
            out.append(_BREAKS[word])
        elif octet:
            if not skipped:
                pending.append(int(octet, 16))
            skipped = max(0, skipped - 1)
        elif symbol:
            pending += b" " if symbol == b"~" else symbol if symbol in b"\\{}" else b""
        elif text:
            pending += text[skipped:]
            skipped = 0
    flush()
    return "".join(out).strip()
