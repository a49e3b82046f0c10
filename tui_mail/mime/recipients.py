"""What a person types as recipients → addresses, and back.

Not the reader of received fields (`addresses`): there a wrong entry must still be shown, here it must be told
before anything is sent. Only what is beyond doubt becomes an address; the rest is a problem in a person's words.
A control character never passes, so no address can begin a header line or an SMTP command of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from tui_mail.errors import UsageError
from tui_mail.records import frozen

LONGEST = 500_000
"""Characters of typed text that are read: some ten thousand recipients."""

_EMAIL_OCTETS = 254
_LOCAL_OCTETS = 64
_LABEL_LENGTH = 63
_NAME_LENGTH = 1_000
_SHOWN = 60
"""Characters of a wrong entry that a problem repeats."""

_CONTROL = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_STRUCTURE = re.compile(r'[\\"()<>,;:\[]')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ANGLE = re.compile(r'<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>')
_LITERAL = re.compile(r"\[[^\[\]\s<>,;\"()\\]*\]")
_PARENTHESIS = re.compile(r"\\.|[()]")
_ESCAPED = re.compile(r"\\(.)")
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_ATOM_ASCII = re.compile(f"[{_ATEXT}.]+")
_PHRASE = re.compile(f"[{_ATEXT}]+(?: [{_ATEXT}]+)*")
_QUOTED_LOCAL = re.compile(r'"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])+"')
_ASCII_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
_ADDRESS_LITERAL = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)
_DOTS = re.compile("[\u3002\uff0e\uff61]")
"""What IDNA reads as a dot between labels."""


@frozen
class Typed:
    """One recipient; `email` is well formed, its domain as it was typed."""

    name: str
    email: str


@frozen
class Parsed:
    """What a line of recipients says."""

    addresses: tuple[Typed, ...]
    problems: tuple[str, ...] = ()
    """One sentence for each entry that is no address, without a full stop."""


def parse_recipients(text: str) -> Parsed:
    """The recipients of a typed line: parted by commas or semicolons, names quoted or not, groups dissolved."""
    if len(text) > LONGEST:
        return Parsed((), ("These are more recipients than one message can have",))
    text = _CONTROL.sub(" ", text)
    addresses: list[Typed] = []
    problems: list[str] = []
    for entry in _entries(text):
        typed = entry.typed()
        if typed is not None:
            addresses.append(typed)
        elif shown := entry.shown(text):
            problems.append(f'"{shown}" is no address')
    return Parsed(tuple(addresses), tuple(dict.fromkeys(problems)))


def write_address(name: str, email: str) -> str:
    """An address as a person would type it, the name quoted where it must be; `parse_recipients` reads it back."""
    name = clean_name(name)
    if not name:
        return email
    if _PHRASE.fullmatch(name):
        return f"{name} <{email}>"
    if name.isascii() or _STRUCTURE.search(name):
        return f"{quoted(name)} <{email}>"
    return f"{name} <{email}>"


def quoted(text: str) -> str:
    """A quoted-string of RFC 5322 section 3.2.4."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def clean_name(name: str) -> str:
    """A display name on one line, without what a terminal or a header would obey."""
    return _CONTROL.sub(" ", _INVISIBLE.sub("", name))[:_NAME_LENGTH].strip(" ")


def is_email(email: str) -> bool:
    """True when mail could be sent there."""
    return server_form(email) is not None


def email_for_server(email: str) -> str:
    """The address with its domain in A-labels, as servers and header fields want it. Raises UsageError."""
    address = server_form(email)
    if address is None:
        raise UsageError(f'"{_CONTROL.sub(" ", email)[:_SHOWN]}" is no address.')
    return address


def server_form(email: str) -> str | None:
    """`local@domain`, the domain in A-labels, the local part as it is (RFC 5321 section 4.1.2, RFC 6531); None if bad.

    Two dots in a row or at an end of the local part, which some providers gave out, are put into quotes.
    """
    local, at, domain = email.rpartition("@")
    domain_ascii = ascii_domain(domain)
    if not (at and local and domain_ascii):
        return None
    if _QUOTED_LOCAL.fullmatch(local):
        if not _is_visible(local):
            return None
    else:
        if not _is_atom(local):
            return None
        if local.startswith(".") or local.endswith(".") or ".." in local:
            local = f'"{local}"'
    address = f"{local}@{domain_ascii}"
    octets = address.encode()
    if len(octets) > _EMAIL_OCTETS or len(local.encode()) > _LOCAL_OCTETS:
        return None
    return address


def ascii_domain(domain: str) -> str | None:
    """The domain in A-labels, lower case only where it had to be encoded; None for what is no domain.

    IDNA 2008 in what matters: ß and ς stay themselves. Python's own codec (IDNA 2003) would make another domain
    of them, and the mail would go there.
    """
    if domain.startswith("["):
        return domain if _ADDRESS_LITERAL.fullmatch(domain) else None
    if len(domain) > _EMAIL_OCTETS:
        return None
    labels = []
    for label in _DOTS.sub(".", domain).split("."):
        if not label.isascii():
            label = _a_label(label)
        if len(label) > _LABEL_LENGTH or not _ASCII_LABEL.fullmatch(label):
            return None
        labels.append(label)
    return ".".join(labels)


def unicode_domain(domain: str) -> str:
    """The domain as people read it; A-labels that decode to nothing sensible stay as they are."""
    from encodings.punycode import punycode_decode  # without the codec machinery, which the parser process refuses

    labels = []
    for label in domain.split("."):
        if label[:4].lower() == "xn--" and len(label) <= _LABEL_LENGTH and label.isascii():
            try:
                text = punycode_decode(label[4:], "strict")
            except UnicodeError:
                text = label
            label = text if _a_label(text) == label.lower() else label
        labels.append(label)
    return ".".join(labels)


def _a_label(label: str) -> str:
    """The A-label, or empty: for whatever is neither letter, mark, digit, hyphen nor pictograph."""
    label = unicodedata.normalize("NFKC", label.lower())
    label = unicodedata.normalize("NFC", label.lower())
    if not label or len(label) > _LABEL_LENGTH or label.startswith("-") or label.endswith("-"):
        return ""
    if label.isascii():
        return label
    if any(
        one != "-" and unicodedata.category(one)[0] not in "LMN" and unicodedata.category(one) != "So" for one in label
    ):
        return ""
    if unicodedata.category(label[0])[0] == "M":
        return ""
    from encodings.punycode import punycode_encode

    return "xn--" + punycode_encode(label).decode("ascii")


def _is_atom(local: str) -> bool:
    return _ATOM_ASCII.fullmatch("".join(filter(str.isascii, local)) or ".") is not None and _is_visible(local)


def _is_visible(local: str) -> bool:
    """What is beyond ASCII in it is letters, marks, digits, punctuation and signs (RFC 6531 leaves open which)."""
    return local.isascii() or all(
        one.isascii() or unicodedata.category(one)[0] in "LMNPS" for one in local[:_EMAIL_OCTETS]
    )


@dataclass(slots=True)
class _Entry:
    """What stands between two commas."""

    start: int
    end: int = 0
    written: list[str] = field(default_factory=list)
    """The text outside brackets and comments, as it stands."""
    words: list[str] = field(default_factory=list)
    """The same without quotes."""
    angles: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    is_broken: bool = False
    """A quote, bracket or parenthesis is left open, or text follows the address."""

    def add(self, text: str, words: str | None = None) -> None:
        if self.angles and text.strip(" "):
            self.is_broken = True
        self.written.append(text)
        self.words.append(text if words is None else words)

    def typed(self) -> Typed | None:
        if self.is_broken or len(self.angles) > 1:
            return None
        written = "".join(self.written).strip(" ")
        comment = " ".join(self.comments)
        if self.angles:
            email = self.angles[0].strip(" ")
            return _typed("".join(self.words).strip(" ") or comment, email)
        if whole := _typed(comment, written):
            return whole
        before, _, last = written.rpartition(" ")
        if before and "@" not in before:
            return _typed("".join(self.words).rpartition(" ")[0], last)
        return None

    def shown(self, text: str) -> str:
        """The entry as it stands, cut; empty for a blank one."""
        return clean_name(text[self.start : self.end].strip(" "))[:_SHOWN]


def _typed(name: str, email: str) -> Typed | None:
    if email[:7].lower() == "mailto:":
        email = email[7:]
    email = unicodedata.normalize("NFC", email)
    if not is_email(email):
        return None
    return Typed(clean_name(name), email)


def _entries(text: str) -> Iterator[_Entry]:
    """Split at the commas, semicolons and group marks that are structure; one pass."""
    entry = _Entry(0)
    last_semicolon = text.rfind(";")
    position = 0
    unclosed = False
    while mark := _STRUCTURE.search(text, position):
        start, character = mark.start(), mark[0]
        if start > position:
            entry.add(text[position:start])
        position = start + 1
        if character in ",;":
            entry.end = start
            yield entry
            entry = _Entry(position)
        elif character == '"':
            if string := _QUOTED.match(text, start):
                entry.add(string[0], _ESCAPED.sub(r"\1", string[1]))
                position = string.end()
            else:
                entry.is_broken = True
        elif character == "(":
            end = 0 if unclosed else _comment_end(text, start)
            if end:
                entry.comments.append(_ESCAPED.sub(r"\1", text[start + 1 : end - 1]))
                entry.add(" ")
                position = end
            else:
                entry.is_broken = unclosed = True
        elif character == "<":
            if angle := _ANGLE.match(text, start):
                entry.angles.append(angle[1])
                position = angle.end()
            else:
                entry.is_broken = True
        elif character == "[" and (literal := _LITERAL.match(text, start)):
            entry.add(literal[0])
            position = literal.end()
        elif character == ":" and start < last_semicolon and not entry.angles and "@" not in "".join(entry.written):
            entry = _Entry(position)
        else:
            entry.add(character)
    entry.add(text[position:])
    entry.end = len(text)
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
