"""Address fields of RFC 5322 section 3.4, read so that nobody can pass for somebody else.

The rule that matters: the address is what stands in angle brackets, whatever the words before it say. Only
text outside quotes, comments and brackets has structure; encoded words are decoded after the structure is
known, so a decoded comma or bracket separates nothing. Two different addresses in one entry are ambiguous
and yield no address at all, only text. One pass, linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from tui_mail.mime.words import decode_words
from tui_mail.model import Address
from tui_mail.text import SafeText, safe_line

ADDRESS_LIMIT = 2_000
"""Most addresses read from one field."""

_SIMPLE = re.compile(
    r"""(?:"([^"\\=<>]*)"\ ?|([^"\\=<>,:;()@\[\]]*))<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+)>""", re.VERBOSE
)
_BARE = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
_ATOM = r"[^\x00-\x20\x7f\"(),:;<>@\[\\\]]+"
_ADDR_SPEC = re.compile(rf'(?:{_ATOM}|"(?:[^"\\]|\\.)*")@(?:{_ATOM}|\[[^\[\]\s]*\])')
_STRUCTURE = re.compile(r'[\\"()<>,:;]')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ANGLE = re.compile(r"<([^<>]*)>")
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")
_LOOSE = re.compile(r"[ \t]*([@.])[ \t]*")
_ROUTE = re.compile(r"(?:@[^:@,]*,?)+:")
_AT_SIGNS = "@＠﹫"
_LONGEST = 1_000
"""Longest name or address kept, in characters."""

_cache: dict[str, tuple[Address, ...]] = {}
_CACHE_SIZE = 8_192


def parse_addresses(text: str) -> tuple[Address, ...]:
    """The mailboxes of an unfolded address field, groups dissolved.

    Text that is no address comes as a name without an address; empty groups and blanks come as nothing.
    """
    known = _cache.get(text)
    if known is None:
        if len(_cache) >= _CACHE_SIZE:
            _cache.clear()
        known = _parse(text)
        if len(text) < _LONGEST:
            _cache[text] = known
    return known


def pretends(address: Address) -> bool:
    """True when the name holds an address that is not the real one."""
    return any(sign in address.name for sign in _AT_SIGNS) and address.name.strip("'\"<> ") != address.email


def _parse(text: str) -> tuple[Address, ...]:
    if simple := _SIMPLE.fullmatch(text):
        quoted, words, email = simple.groups()
        return (Address(safe_line((quoted or words or "").strip()), SafeText(email)),)
    if _BARE.fullmatch(text):
        return (Address(SafeText(""), SafeText(text)),)
    found: list[Address] = []
    for entry in islice(_entries(text), 5 * ADDRESS_LIMIT):  # some are blank
        address = entry.address()
        if address is not None:
            found.append(address)
            if len(found) >= ADDRESS_LIMIT:
                break
    return tuple(found)


@dataclass(slots=True)
class _Entry:
    """What stands between two commas, told apart."""

    written: list[str] = field(default_factory=list)
    """The words as they stand, quotes and all."""
    words: list[str] = field(default_factory=list)
    """The words without their quotes."""
    angles: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Unquoted text."""
        self.written.append(text)
        self.words.append(text)

    def address(self) -> Address | None:
        """The mailbox meant; text without an address when none is; None for a blank entry."""
        words = "".join(self.words).strip()
        comment = " ".join(self.comments)
        if self.angles:
            emails = {email for angle in self.angles if (email := _in_angle(angle))}
            if len(emails) == 1 and all(_in_angle(angle) for angle in self.angles if angle.strip()):
                return Address(_shown(words or comment), _email(emails.pop()))
            text = " ".join([words, *(f"<{angle}>" for angle in self.angles if angle.strip())]).strip()
            return Address(safe_line(text, _LONGEST), SafeText("")) if text else None
        written = _LOOSE.sub(r"\1", "".join(self.written).strip())
        if "@" not in written:
            if comment and written and written.isascii() and not re.search(r'[\s"?]', written):
                return Address(_shown(comment), _email(written))
            return Address(_shown(words), SafeText("")) if words else None
        before, _, last = written.rpartition(" ")
        if _ADDR_SPEC.fullmatch(written):
            return Address(_shown(comment), _email(written))
        if "@" not in before and _BARE.fullmatch(last):
            return Address(_shown(before.replace('"', "") or comment), safe_line(last, _LONGEST))
        return Address(safe_line(words, _LONGEST), SafeText(""))


def _in_angle(angle: str) -> str:
    """The addr-spec between angle brackets, an old source route dropped; empty if it is none."""
    if "(" in angle:
        angle = _COMMENT.sub("", angle)
    email = _LOOSE.sub(r"\1", angle.strip())
    if email.startswith("@"):
        email = _ROUTE.sub("", email, count=1)
    if "@" not in email:
        return "" if re.search(r"\s", email) else email
    return email if _ADDR_SPEC.fullmatch(email) else ""


def _entries(text: str) -> Iterator[_Entry]:
    """Split at the commas and group marks that are structure."""
    entry = _Entry()
    last_semicolon = text.rfind(";")
    lone: set[str] = set()
    position = 0
    while mark := _STRUCTURE.search(text, position):
        start, character = mark.start(), mark[0]
        if start > position:
            entry.add(text[position:start])
        position = start + 1
        if character == '"' and '"' not in lone:
            if quoted := _QUOTED.match(text, start):
                position = quoted.end()
                entry.written.append(quoted[0])
                entry.words.append(_ESCAPED.sub(r"\1", quoted[1]))
            else:
                lone.add('"')
        elif character == "(" and "(" not in lone:
            end = _comment_end(text, start)
            if end:
                entry.comments.append(_ESCAPED.sub(r"\1", text[start + 1 : end - 1]).strip())
                entry.add(" ")
                position = end
            else:
                lone.add("(")
                entry.add("(")
        elif character == "<":
            if angle := _ANGLE.match(text, start):
                entry.angles.append(angle[1])
                entry.add(" ")
                position = angle.end()
        elif character in ",;" or (character == ":" and start < last_semicolon and not entry.angles):
            if character != ":":
                yield entry
            entry = _Entry()
        elif character == "\\":
            entry.add(text[start : start + 2])
            position = start + 2
        elif character not in '>"':
            entry.add(character)
    entry.add(text[position:])
    yield entry


def _comment_end(text: str, start: int) -> int:
    """Just behind the parenthesis that closes the one at `start`, 0 if none does."""
    depth = 0
    for mark in _PARENTHESIS.finditer(text, start):
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth -= 1
            if depth == 0:
                return mark.end()
    return 0


def _email(email: str) -> SafeText:
    """An address; its domain in A-labels where its letters could be taken for others."""
    if not email.isascii():
        from tui_mail.mime.domains import shown_email  # needs more than a start of the program can pay

        email = shown_email(email[:_LONGEST])
    return safe_line(email, _LONGEST)


def _shown(words: str) -> SafeText:
    return safe_line(decode_words(words[: _LONGEST * 8]).strip(), _LONGEST)
