"""Header fields as they go out: folded and encoded (RFC 5322 section 2.2.3, RFC 2047, RFC 2231).

Every function here makes one field, whatever it is given: what is not printable becomes a space before it is
looked at, so that nothing typed or received can begin a line of its own.
"""

from __future__ import annotations

import re
import time
from binascii import b2a_base64
from collections.abc import Iterable, Sequence

from tui_mail.mime.recipients import Typed, clean_name, email_for_server, quoted

WIDTH = 76
"""A line is folded before it grows beyond this (RFC 2047 section 2)."""

REFERENCES_LIMIT = 30

_WORD_LENGTH = 60
"""Of an encoded word: short enough to follow any field's name on its line."""
_SUBJECT_LENGTH = 2_000
_PIECE = 60
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_PERCENT_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+)*")
_ID = re.compile(r"[!-;=?-~]{1,250}")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def one_line(text: str) -> str:
    """Typed text for a field: control characters and line ends are a space, what reorders text is gone."""
    return _CONTROL.sub(" ", _INVISIBLE.sub("", text)).strip(" ")[:_SUBJECT_LENGTH]


def text_field(name: str, text: str) -> bytes:
    """An unstructured field such as Subject."""
    return _folded(name, _text_tokens(one_line(text)))


def addresses_field(name: str, addresses: Sequence[Typed]) -> bytes:
    """An address field; domains in A-labels, a local part beyond ASCII as UTF-8 (RFC 6532). Raises UsageError."""
    tokens: list[str] = []
    for number, address in enumerate(addresses, start=1):
        comma = "," if number < len(addresses) else ""
        email = email_for_server(address.email)
        words = _phrase_tokens(clean_name(address.name))
        tokens.extend([*words, f"<{email}>{comma}"] if words else [email + comma])
    return _folded(name, tokens)


def ids_field(name: str, ids: Iterable[str]) -> bytes:
    """Message-ID, In-Reply-To or References; what is no id is left out. Empty when nothing is left."""
    tokens = [f"<{one}>" for one in sane_ids(ids)]
    return _folded(name, tokens) if tokens else b""


def token_field(name: str, tokens: Iterable[str]) -> bytes:
    """A field of ASCII tokens of our own making."""
    return _folded(name, list(tokens))


def parameters_field(name: str, value: str, parameters: Iterable[tuple[str, str]]) -> bytes:
    """Content-Type and Content-Disposition; values are quoted, or encoded and split as RFC 2231 says."""
    tokens = [value]
    for key, text in parameters:
        for written in _parameter(key, one_line(text)):
            tokens[-1] += ";"
            tokens.append(written)
    return _folded(name, tokens)


def sane_ids(ids: Iterable[str]) -> list[str]:
    """Message-IDs fit to be repeated: printable ASCII, not too long, each once, the first and the newest."""
    sane = list(dict.fromkeys(one for one in ids if _ID.fullmatch(one)))
    return sane if len(sane) <= REFERENCES_LIMIT else sane[:1] + sane[1 - REFERENCES_LIMIT :]


def date_text(when: int, offset_minutes: int | None = None) -> str:
    """The Date of RFC 5322 section 3.3, at the given offset, else at this computer's of that moment."""
    if offset_minutes is None:
        offset_minutes = time.localtime(when).tm_gmtoff // 60
    moment = time.gmtime(when + offset_minutes * 60)
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return (
        f"{_DAYS[moment.tm_wday]}, {moment.tm_mday:02} {_MONTHS[moment.tm_mon - 1]} {moment.tm_year:04} "
        f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02} {sign}{hours:02}{minutes:02}"
    )


def encoded_words(text: str) -> list[str]:
    """The text in encoded words of RFC 2047, each a whole number of characters; Q or B, what is shorter."""
    octets = text.encode("utf-8", "replace")
    as_q = sum(1 if one in _Q_SAFE or one == 0x20 else 3 for one in octets) < len(octets) * 4 // 3
    room = _WORD_LENGTH - len("=?utf-8?q??=")
    words: list[str] = []
    pending = b""
    size = 0
    for character in text:
        piece = character.encode("utf-8", "replace")
        grown = (
            size + sum(1 if one in _Q_SAFE or one == 0x20 else 3 for one in piece)
            if as_q
            else (len(pending) + len(piece) + 2) // 3 * 4
        )
        if grown > room:
            words.append(_word(pending, as_q))
            pending, size = b"", 0
            grown = sum(1 if one in _Q_SAFE or one == 0x20 else 3 for one in piece)
        pending += piece
        size = grown
    if pending:
        words.append(_word(pending, as_q))
    return words


def _word(octets: bytes, as_q: bool) -> str:
    if not as_q:
        return f"=?utf-8?b?{b2a_base64(octets, newline=False).decode('ascii')}?="
    text = "".join("_" if one == 0x20 else chr(one) if one in _Q_SAFE else f"={one:02X}" for one in octets)
    return f"=?utf-8?q?{text}?="


def _text_tokens(text: str) -> list[str]:
    """Words as they are; from the first to the last that ASCII cannot say, encoded words.

    More than one space in a row would be lost to some reader's unfolding, so then all is encoded.
    """
    words = text.split(" ")
    strange = [number for number, word in enumerate(words) if not _is_plain(word)]
    if not strange:
        return words
    if "" in words:
        return encoded_words(text)
    first, last = strange[0], strange[-1] + 1
    return [*words[:first], *encoded_words(" ".join(words[first:last])), *words[last:]]


def _is_plain(word: str) -> bool:
    return bool(word) and word.isascii() and "=?" not in word and len(word) <= WIDTH - 10


def _phrase_tokens(name: str) -> list[str]:
    if not name:
        return []
    if "=?" in name or not name.isascii() or any(len(word) > _PIECE for word in name.split(" ")):
        return encoded_words(name)
    if _PHRASE.fullmatch(name):
        return name.split(" ")
    return quoted(name).split(" ")


def _parameter(key: str, text: str) -> list[str]:
    octets = text.encode("utf-8", "replace")
    if text.isascii() and len(text) <= _PIECE:
        return [f"{key}={quoted(text)}"]
    pieces = [""]
    for character in text:
        written = "".join(
            chr(one) if one in _PERCENT_SAFE else f"%{one:02X}" for one in character.encode("utf-8", "replace")
        )
        if len(pieces[-1]) + len(written) > _PIECE - 10:
            pieces.append("")
        pieces[-1] += written
    if len(pieces) == 1 and octets:
        return [f"{key}*=utf-8''{pieces[0]}"]
    return [
        f"{key}*{number}*={'' if number else chr(39).join(('utf-8', '', ''))}{piece}"
        for number, piece in enumerate(pieces)
    ]


def _folded(name: str, tokens: Sequence[str]) -> bytes:
    """The field with its CRLF; a line is never blank, and the first token stays beside the name."""
    lines: list[str] = []
    line = name + ":"
    is_first = True
    for token in tokens:
        if not is_first and len(line) + 1 + len(token) > WIDTH and token:
            lines.append(line)
            line = ""
        line += " " + token
        is_first = False
    lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")
