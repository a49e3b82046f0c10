"""Which of a person's identities a message is about: at which it was received, and which addresses are their own.

An identity is an address, or a pattern for a whole domain ("*@example.org"). `anna+shop@example.org` belongs to
`anna@example.org`. What a message says of its recipients is the sender's word: it chooses among the identities of
the account that received it, never one of another account. Else a stranger who suspects that two addresses are one
person writes to the one and names the other, and the answer tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tui_mail.errors import UsageError
from tui_mail.mime.recipients import is_email, parse_recipients
from tui_mail.model import Message
from tui_mail.outgoing import Identity
from tui_mail.records import frozen

_DELIVERED = ("x-original-to", "delivered-to", "x-delivered-to", "envelope-to", "x-envelope-to", "apparently-to")
_RECIPIENTS_LIMIT = 2_000


@frozen
class Mine:
    """A person's identities, those of the account that received the message first; asked often."""

    identities: tuple[Identity, ...]

    @property
    def here(self) -> list[Identity]:
        """Those that may answer."""
        return [one for one in self.identities if one.account == self.identities[0].account]

    @property
    def usual(self) -> Identity:
        """The first that is an address of its own; its email is empty when all are patterns."""
        fixed = next((one for one in self.here if not _is_pattern(one)), None)
        return fixed or replace(self.identities[0], email="")

    def named(self, email: str) -> Identity | None:
        """The identity that `email` belongs to, with that very address."""
        return self.best_of([email])

    def best_of(self, emails: Iterable[str]) -> Identity | None:
        """The identity of the first address that is one exactly, else by its tag, else by a pattern."""
        emails = [email for email in emails if is_email(email)][:_RECIPIENTS_LIMIT]
        here = self.here
        for fit in (_is_same, _is_tagged, _fits_pattern):
            for email in emails:
                for one in here:
                    if fit(one, email):
                        return one if fit is _is_same else replace(one, email=email)
        return None

    def owns(self, email: str) -> bool:
        """True for the person's own address, of any account. A pattern is not enough: others live in that domain."""
        return any(_is_same(one, email) or _is_tagged(one, email) for one in self.identities)


def mine(identities: Sequence[Identity]) -> Mine:
    """Raises UsageError when there is none."""
    if not identities:
        raise UsageError("There is no identity that this message could come from.")
    return Mine(tuple(identities))


def received_as(message: Message, fields: Sequence[tuple[str, str]], own: Mine) -> Identity | None:
    """The identity that the message was sent to; `fields` are its header fields by lower-case name."""
    shown = [str(one.email) for one in (*message.to, *message.cc, *message.bcc)]
    if found := own.best_of(shown):
        return found
    delivered = []
    for name, value in fields:
        if name in _DELIVERED:
            delivered += [one.email for one in parse_recipients(value).addresses[:10]]
    return own.best_of(delivered)


def _is_pattern(identity: Identity) -> bool:
    return "*" in identity.email


def _is_same(identity: Identity, email: str) -> bool:
    return identity.email.lower() == email.lower()


def _is_tagged(identity: Identity, email: str) -> bool:
    local, _, domain = email.lower().rpartition("@")
    own_local, _, own_domain = identity.email.lower().rpartition("@")
    return domain == own_domain and "+" in local and local.partition("+")[0] == own_local


def _fits_pattern(identity: Identity, email: str) -> bool:
    """Only "*" before the "@", at either end of it or alone, has a meaning."""
    if not _is_pattern(identity):
        return False
    local, _, domain = email.lower().rpartition("@")
    own_local, _, own_domain = identity.email.lower().rpartition("@")
    before, _, after = own_local.partition("*")
    return (
        domain == own_domain and len(local) >= len(own_local) - 1 and local.startswith(before) and local.endswith(after)
    )
