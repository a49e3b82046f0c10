"""OpenPGP that stands in the text of a message itself (RFC 9580 section 7), as it was done before PGP/MIME.

What belongs here: telling whether the text is one armour and nothing else, and what of it stands outside. What must
never be here: keys and algorithms (`pgp_reading`).

A reader cannot see where an armour ends: its lines are text like any other. So what is outside is marked, line by line,
and what is inside is shown as gpg gives it, never as it stands. The marks are the reader's: no text that leaves it has
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui_mail.mime.charsets import decode
from tui_mail.mime.decode import payload
from tui_mail.mime.structure import Entity, outline
from tui_mail.model import Message
from tui_mail.records import frozen

OUTSIDE = "¦ "
"""Stands before every line that no signature covers."""
_MARKED = "x-outside"
"""The parameter of Content-Type that a text with such marks has."""
LIMIT = 4_000_000
"""Octets of a text that are looked at."""
_SIGNED, _SIGNATURE = b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP SIGNATURE-----"
_SIGNED_END = b"-----END PGP SIGNATURE-----"
_SEALED, _SEALED_END = b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"
_MARKS = frozenset({_SIGNED, _SIGNATURE, _SIGNED_END, _SEALED, _SEALED_END})
_CHARSET = re.compile(rb"^charset:[ \t]*([\w.:-]{1,40})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_ABOVE_ASCII = ("iso-8859-", "windows-125", "koi8", "gb", "big5", "euc-", "shift_jis", "cp125", "macintosh", "tis-")
_NAME = re.compile(r"[^\w.:-]")


@frozen
class Inline:
    """An armour in a text."""

    is_signed: bool
    """Signed and to be read by anybody; else encrypted."""
    armour: bytes
    charset: str
    """What the text around it, or the armour, says it is written in."""
    before: bytes = b""
    after: bytes = b""

    @property
    def is_whole(self) -> bool:
        """Nothing but blank lines is outside."""
        return not self.before.strip() and not self.after.strip()


def inline_of(raw: bytes) -> Inline | None:
    """The armour of a message that is one plain text; None when there is none, or not just one."""
    whole = outline(raw)
    root = whole.root
    if root.content_type != "text/plain" or root.children:
        return None
    text = payload(whole.raw, root)[:LIMIT]
    marks = _marks(text)
    found = [mark for mark, _, _ in marks]
    charset = root.parameters.get("charset", "")
    if found not in ([_SIGNED, _SIGNATURE, _SIGNED_END], [_SEALED, _SEALED_END]):
        return None
    start, end = marks[0][1], marks[-1][2]
    armour = text[start:end]
    named = _CHARSET.search(armour.replace(b"\r\n", b"\n").partition(b"\n\n")[0])
    is_signed = found[0] == _SIGNED
    if named and not is_signed:
        charset = named[1].decode("ascii", "ignore")
    return Inline(is_signed, armour, charset, text[:start], text[end:])


def has_armour(raw: bytes) -> bool:
    """Whether some text of the message holds the beginning of an armour."""
    whole = outline(raw)
    waiting: list[Entity] = [whole.root]
    while waiting:
        entity = waiting.pop()
        waiting.extend(entity.children)
        if entity.content_type == "text/plain" and not entity.children:
            text = payload(whole.raw, entity)[:LIMIT]
            if b"-----BEGIN PGP " in text and any(mark in (_SIGNED, _SEALED) for mark, _, _ in _marks(text)):
                return True
    return False


def as_part(content: bytes, charset: str, *, marked: bool = False) -> bytes:
    """What gpg gave, as the one part of a message, for `protection.opened`; `charset`: what others say of it."""
    kind = f"text/plain; charset={_trusted(content, charset)}" + (f"; {_MARKED}=marked" if marked else "")
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return head.encode("ascii", "ignore") + content


def is_marked(parameters: Mapping[str, str]) -> bool:
    """Whether a part with these parameters of Content-Type has marks in it."""
    return _MARKED in parameters


def unmarked(text: str) -> str:
    """A marked text without its marks."""
    return "\n".join(line.removeprefix(OUTSIDE) for line in text.split("\n"))


def selected_text(text: str, message: Message | None) -> str:
    """What was selected of a message on the screen, without the marks that are only there."""
    kinds = (value for name, value in message.headers if name.lower() == "content-type") if message else iter(())
    return unmarked(text) if _MARKED in next(kinds, "") else text


def with_marks(found: Inline, content: bytes = b"") -> bytes:
    """The text with all that is outside of the armour marked as such, as the one part of a message.

    `content`: what gpg made of the armour, whose own lines hold words that nobody signed; else it stands as it is.
    """
    texts = (found.before, content or found.armour, found.after)
    before, inside, after = (decode(one, _trusted(one, found.charset)) for one in texts)
    lines = [*_marked(before), *inside.replace("\r\n", "\n").split("\n"), *_marked(after)]
    return as_part("\r\n".join(lines).encode("utf-8", "replace"), "utf-8", marked=True)


def _trusted(content: bytes, charset: str) -> str:
    """What a text is read as: no signature covers a charset, which can turn one text into another."""
    name = _NAME.sub("", charset)[:40].lower()
    if content.isascii():
        return name if b"\x1b" in content and name.startswith("iso-2022-") else "us-ascii"
    try:
        content.decode()
    except UnicodeDecodeError:
        return name if name.startswith(_ABOVE_ASCII) else "utf-8"
    return "utf-8"


def _marked(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [f"{OUTSIDE}{piece}" for line in lines for piece in line.splitlines() if piece.strip()]


def _marks(text: bytes) -> list[tuple[bytes, int, int]]:
    """The lines that begin and end armours: what, from where, to where."""
    found = []
    at = 0
    while (at := text.find(b"-----", at)) >= 0:
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end].rstrip()
        if (at == 0 or text[at - 1 : at] == b"\n") and line in _MARKS:
            found.append((line, at, end))
            if len(found) > 8:
                break
        at = max(end, at + 1)
    return found
