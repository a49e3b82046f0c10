"""A large message of which only the text is here: what its server says of its parts, and what was fetched of them.

Plain data, no I/O. Nothing in a message can look like any of this: the octets of an excerpt hold no marks of ours, and
what is missing from them is written down beside them, by place.
"""

from __future__ import annotations

from collections.abc import Iterator

from tui_mail.records import frozen

PARTIAL_FROM = 2_000_000
"""Octets of a message from which on only its text is fetched when it is opened."""
TEXT = "text"
"""As the part that is wished for: the excerpt."""
WHOLE = ""
"""As the part that is wished for: the message as it is."""


@frozen
class Branch:
    """A part of a message as its server tells it (BODYSTRUCTURE, RFC 9051 section 7.5.2)."""

    section: str
    """How the server calls it: "1", "2.1"; empty: a message that consists of several parts."""
    content_type: str
    encoding: str = ""
    octets: int = 0
    """As it is transferred, and as far as the server is to be believed."""
    is_attached: bool = False
    children: tuple[Branch, ...] = ()
    """An attached message has none here: it is a part like any other."""

    def leaves(self) -> Iterator[Branch]:
        """The parts that hold something, in order."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


@frozen
class Away:
    """An attachment that is on the server, wholly or but for its beginning."""

    index: int
    """The number under which the parsed excerpt lists it, as the whole message does."""
    section: str
    encoding: str
    octets: int
    """As the server tells; encoded."""

    @property
    def size(self) -> int:
        """Octets of the file, about: base64 has 57 of them in a line of 78."""
        return self.octets * 57 // 78 if self.encoding == "base64" else self.octets


@frozen
class Excerpt:
    """The header and the texts of a message, with the beginnings of its other parts, as octets to be parsed."""

    octets: bytes
    size: int
    """Octets of the whole message, as the server tells."""
    cut: int
    """Octets of text that were left on the server because there are too many."""
    away: tuple[Away, ...]
