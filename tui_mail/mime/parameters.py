"""`value; name=value; …` as in Content-Type and Content-Disposition, RFC 2231 and RFC 2047 names included.

Tolerates what senders do: unquoted spaces, unclosed quotes, encoded words, continuations out of order. Linear time.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from tui_mail.mime.charsets import decode
from tui_mail.mime.words import decode_words

PARAMETER_LIMIT = 500
"""Most parameters read of one field."""

_TEXT_LIMIT = 64_000
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?$)|;', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*?))?$")


def parse_parameters(text: str) -> tuple[str, dict[str, str]]:
    """The value in lower case, and its parameters by lower-case name, decoded; the first of a name counts."""
    pieces = _split(text[:_TEXT_LIMIT])
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces[1 : PARAMETER_LIMIT + 1]:
        name, equals, value = piece.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        value = _unquoted(value.strip())
        if section := _SECTION.match(name):
            base, number, star = section.groups()
            encoded = number is None or star == "*"
            sections.setdefault(base, {}).setdefault(int(number or 0), (value, encoded))
        else:
            plain.setdefault(name, decode_words(value))
    for base, numbered in sections.items():
        plain[base] = _joined(numbered)
    return pieces[0].partition("(")[0].strip().strip('"').lower(), plain


def _split(text: str) -> list[str]:
    if '"' not in text:
        return text.split(";")
    pieces: list[str] = []
    start = 0
    for mark in _PIECE.finditer(text):
        if mark[0] == ";":
            pieces.append(text[start : mark.start()])
            start = mark.end()
    pieces.append(text[start:])
    return pieces


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        end = len(value) - 1 if len(value) > 1 and value.endswith('"') else len(value)
        return _ESCAPED.sub(r"\1", value[1:end])
    return value


def _joined(numbered: dict[int, tuple[str, bool]]) -> str:
    charset = ""
    out: list[str] = []
    pending = b""
    for number in sorted(numbered):
        value, encoded = numbered[number]
        if not encoded:
            out.append(decode(pending, charset))
            pending = b""
            out.append(decode_words(value))
            continue
        if number == min(numbered) and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        pending += unquote_to_bytes(value)
    out.append(decode(pending, charset))
    return "".join(out)
