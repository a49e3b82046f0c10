"""What a server offers, believed until its deeds show otherwise.

What belongs here: the list of extensions that a session goes by, and doing without one that the server does not know
after all. What must never be here: what an extension is used for (imap), or a provider's name (quirks).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TypeVar

from tui_mail.errors import CommandRefused
from tui_mail.net.talk import Conversation

_UNKNOWN = re.compile(
    r"(unknown|invalid|bad|unrecogni[sz]ed) (\w+ )?(command|argument|parameter|syntax|option|modifier)|unimplemented"
    r"|syntax error|(command|option|argument|extension)s? (is |are )?not (implemented|supported|recogni[sz]ed)",
    re.IGNORECASE,
)
T = TypeVar("T")

log = logging.getLogger(__name__)


class Offers(Conversation):
    """A conversation that goes by what the server offers.

    A server that refuses what it offers is taken at its deeds: the extension is dropped for the rest of the session,
    and what was wanted is done without it.
    """

    _lies: frozenset[str] = frozenset()
    """Extensions that the server offers and does not know."""

    def has(self, capability: str) -> bool:
        """True when the server offers this extension."""
        return capability in self.capabilities_now

    def without(self, *capabilities: str) -> None:
        """Believe no more that the server offers these, until the end of the session."""
        log.info("%s does not know what it offers: %s", self.host, ", ".join(capabilities))
        self._lies |= frozenset(capabilities)
        self.capabilities_now -= self._lies

    def note_capabilities(self, words: bytes) -> None:
        """Believe this list of capabilities from now on, but for what turned out to be untrue."""
        super().note_capabilities(words)
        self.capabilities_now -= self._lies

    def else_without(self, capabilities: tuple[str, ...], first: Callable[[], T], other: Callable[[], T]) -> T:
        """What `first` gives; what `other` gives, when the server does not know the extensions that `first` needs."""
        try:
            return first()
        except CommandRefused as refusal:
            if not is_unknown(refusal):
                raise
        found = other()  # where this is refused too, the extension was not to blame
        self.without(*capabilities)
        return found


def is_unknown(refusal: CommandRefused) -> bool:
    """Whether the server did not know the command, rather than not wanting to carry it out."""
    return refusal.bad or (not refusal.code and _UNKNOWN.search(refusal.detail) is not None)
