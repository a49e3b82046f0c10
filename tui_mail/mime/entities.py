"""MIME parts as they go out: a list of octet pieces each, so that a large file is copied once and no more.

A part's pieces are its header lines, the blank line, its body; joined they are the part. What comes out is ASCII
of lines up to 78 octets, except for an attached message, which must not be encoded (RFC 2046 section 5.2.1).
"""

from __future__ import annotations

import re
import secrets
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Iterator, Sequence

from tui_mail.mime.flowed import flowed
from tui_mail.mime.writing import one_line, parameters_field
from tui_mail.outgoing import Attachment
from tui_mail.text import safe_line

Pieces = list[bytes]

LINE_LIMIT = 998
"""Octets of a line without its end (RFC 5322 section 2.1.1)."""

_PLAIN_LINE = 900
"""Up to this a line of ASCII goes out as it is: a URL is not to be cut for beauty."""
_FILE_NAME_LENGTH = 200
_BLOCK = 57 * 1_000
_LINE = 76
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,100}")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_PATH = re.compile(r"[/\\]")


def clean_text(text: str) -> str:
    """Typed text with LF line ends, without control characters other than tab and form feed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text)


def text_part(text: str, *, is_flowed: bool = True, keep_spaces: bool = False) -> Pieces:
    """text/plain of a typed text. `keep_spaces`: what signs it must find the ends of lines unchanged (RFC 3156)."""
    text = clean_text(text)
    parameters = [("charset", "utf-8")]
    if is_flowed:
        text = flowed(text)
        parameters += [("format", "flowed"), ("delsp", "no")]
    return _text("plain", text, parameters, keep_spaces=keep_spaces)


def html_part(html: str, *, keep_spaces: bool = False) -> Pieces:
    """text/html of our own making."""
    return _text("html", clean_text(html), [("charset", "utf-8")], keep_spaces=keep_spaces)


def file_part(file: Attachment, content: bytes, *, seven_bit: bool = False) -> Pieces:
    """An attached file, its octets unchanged.

    A message goes as message/rfc822 and as it is, in 7 or 8 bits; when its lines could not travel so, or the way
    is `seven_bit` only, it goes as an .eml file of no declared type instead: readers open that one, too.
    """
    kind = file.content_type.lower() if _TYPE.fullmatch(file.content_type) else "application/octet-stream"
    name = file_name(file.filename)
    if kind == "message/rfc822" and _can_travel(content) and (content.isascii() or not seven_bit):
        encoding = "7bit" if content.isascii() else "8bit"
        return [*_header(kind, [], encoding, name), content]
    if kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
        name = name if name.lower().endswith(".eml") else name + ".eml"
    charset = [("charset", "us-ascii" if content.isascii() else "utf-8")] if _is_text(kind, content) else []
    return [*_header(kind, charset, "base64", name), *base64_lines(content)]


def multipart(subtype: str, parts: Iterable[Pieces], parameters: Sequence[tuple[str, str]] = ()) -> Pieces:
    """A multipart of parts; its boundary is random and cannot occur in quoted-printable or base64."""
    boundary = "=_" + secrets.token_hex(16)
    out = [parameters_field("Content-Type", f"multipart/{subtype}", [*parameters, ("boundary", boundary)]), b"\r\n"]
    delimiter = f"--{boundary}".encode("ascii")
    for number, part in enumerate(parts):
        out.append((b"\r\n" if number else b"") + delimiter + b"\r\n")
        out.extend(part)
    out.append(b"\r\n" + delimiter + b"--\r\n")
    return out


def base64_lines(content: bytes) -> Iterator[bytes]:
    """The content in base64, in lines of 76 with CRLF between them; 57 kB at a time."""
    view = memoryview(content)
    for start in range(0, len(view), _BLOCK):
        digits = b2a_base64(view[start : start + _BLOCK], newline=False)
        lines = b"\r\n".join([digits[at : at + _LINE] for at in range(0, len(digits), _LINE)])
        yield lines if start + _BLOCK >= len(view) else lines + b"\r\n"


def file_name(name: str) -> str:
    """The last component of a file's name, safe and not too long, its ending kept."""
    name = safe_line(one_line(_PATH.split(name)[-1])).strip(" .") or "attachment"
    if len(name) > _FILE_NAME_LENGTH:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 20 else ""
        name = name[: _FILE_NAME_LENGTH - len(ending)] + ending
    return name


def _text(subtype: str, text: str, parameters: list[tuple[str, str]], *, keep_spaces: bool) -> Pieces:
    octets = text.replace("\n", "\r\n").encode("utf-8", "replace") + b"\r\n"
    lines = octets.split(b"\r\n")
    is_plain = octets.isascii() and all(len(line) <= _PLAIN_LINE for line in lines)
    if is_plain and keep_spaces:
        is_plain = not any(line.endswith((b" ", b"\t")) or line.startswith(b"From ") for line in lines)
    kind = parameters_field("Content-Type", f"text/{subtype}", parameters)
    if is_plain:
        return [kind, b"Content-Transfer-Encoding: 7bit\r\n", b"\r\n", octets]
    return [kind, b"Content-Transfer-Encoding: quoted-printable\r\n", b"\r\n", quoted_printable(octets)]


def quoted_printable(octets: bytes) -> bytes:
    """Lines that end with CRLF, encoded; the last one must have its end, or the encoder would write bare LFs."""
    return re.sub(rb"(?m)^From ", b"=46rom ", b2a_qp(octets, istext=True))


def _header(kind: str, parameters: list[tuple[str, str]], encoding: str, name: str) -> Pieces:
    return [
        parameters_field("Content-Type", kind, parameters),
        f"Content-Transfer-Encoding: {encoding}\r\n".encode("ascii"),
        parameters_field("Content-Disposition", "attachment", [("filename", name)]),
        b"\r\n",
    ]


def _can_travel(content: bytes) -> bool:
    if b"\x00" in content or _BARE.search(content):
        return False
    return max(map(len, content.split(b"\r\n"))) <= LINE_LIMIT


def _is_text(kind: str, content: bytes) -> bool:
    """Text whose charset can be told: anything else is left to the reader's guess."""
    if not kind.startswith("text/"):
        return False
    if content.isascii():
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
