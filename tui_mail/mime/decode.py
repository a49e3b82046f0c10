"""A part's body, out of its transfer encoding and its charset."""

from __future__ import annotations

import re
from binascii import Error, a2b_qp, a2b_uu

from tui_mail.mime.charsets import codec_of, decode, forced
from tui_mail.mime.structure import Entity
from tui_mail.mime.words import from_base64

TEXT_LIMIT = 2_000_000
"""Most octets of one text part that are turned into text."""

_LONGEST = 4
"""Octets that one may be encoded in, with line ends."""
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} .*\n", re.MULTILINE)
_META_CHARSET = re.compile(rb"""<meta\s[^>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_SPACES = b" \t\r\n"
_UU = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})


def payload(raw: bytes, entity: Entity, enough: int = 0) -> bytes:
    """The octets that the sender encoded. Never raises; damaged encodings yield what can be had.

    `enough`: so many will do, if there are more; what is not encoded is then not copied.
    """
    if entity.content is not None:
        return entity.content
    body = raw[entity.body : min(entity.end, entity.body + _LONGEST * enough) if enough else entity.end]
    encoding = entity.encoding
    if encoding == "base64":
        return body if entity.content_type.startswith("text/") and _is_no_base64(body) else from_base64(body)
    if encoding == "quoted-printable":
        return a2b_qp(body)
    if encoding in _UU:
        return _from_uu(body)
    return body


def payload_size(raw: bytes, entity: Entity) -> int:
    """`len(payload(…))`, without decoding base64."""
    if entity.content is not None:
        return len(entity.content)
    if entity.encoding == "base64":
        digits = raw[entity.body : entity.end].translate(None, _SPACES)
        return len(digits.rstrip(b"=")) * 3 // 4
    if entity.encoding in {"quoted-printable", *_UU}:
        return len(payload(raw, entity))
    return entity.end - entity.body


def head(raw: bytes, entity: Entity, octets: int = 64) -> bytes:
    """The first octets of `payload(…)`, for the price of these."""
    if entity.content is not None:
        return entity.content[:octets]
    start = raw[entity.body : min(entity.end, entity.body + 4 * octets + 200)]
    if entity.encoding == "base64":
        return from_base64(start)[:octets]
    if entity.encoding == "quoted-printable":
        return a2b_qp(start)[:octets]
    return start[:octets]


def text_of(raw: bytes, entity: Entity, charset: str = "") -> tuple[str, bool]:
    """The text of a text part (unsafe still), and whether it was cut at TEXT_LIMIT.

    `charset`: what a person says it is, whatever the sender said; it is ignored if it is unknown.
    """
    data = payload(raw, entity, TEXT_LIMIT + 1)
    was_cut = len(data) > TEXT_LIMIT
    data = data[:TEXT_LIMIT]
    if codec_of(charset):
        return forced(data, charset), was_cut
    charset = entity.parameters.get("charset", "")
    if entity.content_type == "text/html" and codec_of(charset) in (None, "ascii"):
        declared = _META_CHARSET.search(data[:4000])
        charset = declared[1].decode("ascii", "replace") if declared else charset
        if (codec_of(charset) or "").startswith(("utf-16", "utf-32")):
            charset = ""
    return decode(data, charset), was_cut


def _is_no_base64(body: bytes) -> bool:
    """Text that only claims to be base64: more than a twentieth of it is nothing that base64 has."""
    return len(body[:10_000].translate(None, _BASE64)) * 20 > len(body[:10_000])


def _from_uu(body: bytes) -> bytes:
    begin = _UU_BEGIN.search(body)
    if begin is None:
        return body
    out: list[bytes] = []
    for line in body[begin.end() :].split(b"\n"):
        line = line.rstrip(b"\r")
        if line == b"end":
            break
        try:
            out.append(a2b_uu(line))
        except Error:
            octets = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                out.append(a2b_uu(line[:octets]))
            except Error:
                continue
    return b"".join(out)
