"""Whom a message of an account may come from."""

from __future__ import annotations

import re

from tui_mail.model import Account
from tui_mail.outgoing import Identity

_NAMED = re.compile(r"\s*\"?(.*?)\"?\s*<([^<>]+)>\s*")


def identities_of(account: Account) -> list[Identity]:
    """Its address, then its aliases, which may be patterns ("*@example.org")."""
    own = dict(account.signatures)
    found = [Identity(account.name, account.full_name, account.email, own.get(account.email, account.signature))]
    for alias in account.aliases:
        named = _NAMED.fullmatch(alias)
        name, email = (named[1], named[2]) if named else ("", alias)
        found.append(Identity(account.name, name or account.full_name, email, own.get(email, account.signature)))
    return found
