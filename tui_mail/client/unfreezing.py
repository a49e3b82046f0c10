"""A draft made of a frozen message: for what is taken out of the outbox and has no draft any more, or never had one.

What belongs here: to whom it still is to go, and how it was protected. What must never be here: the outbox (store).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tui_mail.client.unsealing import unseal
from tui_mail.mime.headers import named_texts
from tui_mail.mime.protection import opened
from tui_mail.mime.recipients import parse_recipients, server_form, write_address
from tui_mail.mime.seals import SEALED, Kind, kind_of, signed_halves
from tui_mail.model import Account
from tui_mail.outgoing import Draft, Protection

_SIGNED = {Kind.PGP_SIGNED: Protection.PGP, Kind.SMIME_SIGNED: Protection.SMIME}


def in_clear(raw: bytes, account: Account) -> tuple[bytes, Draft]:
    """The message without what it was signed and encrypted in, and a draft that asks for the same protection.

    Raises UsageError when it cannot be opened here.
    """
    asked, kind = Draft(account.name), kind_of(raw)
    if kind in SEALED:
        raw = unseal(raw, (), account).octets or raw
        asked = replace(asked, protection=SEALED[kind], sign=True, encrypt=True)
        kind = kind_of(raw)
    if kind in _SIGNED:
        raw = opened(raw, signed_halves(raw)[0])
        asked = replace(asked, protection=_SIGNED[kind], sign=True)
    return raw, asked


def is_resent(raw: bytes) -> bool:
    """True when a message goes on under its own headers."""
    return raw[:7].lower() == b"resent-"


def resent_to(draft: Draft, raw: bytes) -> Draft:
    """A draft that sends a message on, with the recipients in the Resent fields of `raw`."""
    fields = named_texts(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    to, cc, bcc = (
        ", ".join(value for name, value in fields if name.lower() == f"resent-{field}") for field in ("to", "cc", "bcc")
    )
    return replace(draft, to=to, cc=cc, bcc=bcc)


def only_to(draft: Draft, emails: Sequence[str]) -> Draft:
    """The draft for those of its recipients who are told to servers as `emails`; who stands in no field gets a Bcc."""
    left = dict.fromkeys(emails)

    def kept(typed: str) -> str:
        people = [one for one in parse_recipients(typed).addresses if (server_form(one.email) or "") in emails]
        for one in people:
            left.pop(server_form(one.email) or "", None)
        return ", ".join(write_address(one.name, one.email) for one in people)

    to, cc, bcc = kept(draft.to), kept(draft.cc), kept(draft.bcc)
    return replace(draft, to=to, cc=cc, bcc=", ".join(filter(None, [bcc, *left])))
