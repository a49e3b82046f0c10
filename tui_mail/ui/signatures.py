"""The signature below a text, and another one in its place when the sender changes. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_mail.outgoing import Identity

_DASHES = "-- "


def identity_for(identities: Sequence[Identity], email: str, account: str = "") -> Identity | None:
    """Who has this address: by name, else by a pattern ("*@example.org"); of `account` rather than of another."""
    ranked = sorted(identities, key=lambda one: one.account != account)
    folded = email.casefold()
    named = next((one for one in ranked if one.email.casefold() == folded), None)
    if named is not None:
        return named
    domain = folded.rpartition("@")[2]
    return next((one for one in ranked if one.email.casefold() == f"*@{domain}" and domain), None)


def swap_signature(body: str, old: str, new: str) -> str:
    """The text with `new` where `old` stood, if that was left as it was; one that somebody changed stays.

    The place of a signature is after its line "-- ", at the end or above what is quoted.
    """
    if old == new:
        return body
    if old:
        found = list(re.finditer(rf"(?m)^-- ?\n{re.escape(old)}(?=\n|\Z)", body))
        if not found:
            return body
        start, end = found[0].span()
        if new:
            return f"{body[:start]}{_DASHES}\n{new}{body[end:]}"
        return body[:start].rstrip("\n") + "\n" + body[end:] if body[end:].strip() else body[:start].rstrip("\n") + "\n"
    if re.search(r"(?m)^-- ?$", body):  # it has one of its own
        return body
    return f"{body.rstrip(chr(10))}\n\n{_DASHES}\n{new}\n" if body.strip() else f"\n\n{_DASHES}\n{new}\n"
