"""A message for who reads it without a screen: as it reads there, and what stands above it there.

What belongs here: what can be found out without a secret. Everything blocks. What must never be here: lines, JSON.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui_mail.errors import MailError
from tui_mail.mime.at_sight import calendar_part, may_be_sealed
from tui_mail.mime.invitation import Invitation, read_invitation
from tui_mail.mime.seals import Kind, Seal, Trust
from tui_mail.model import Message, Row
from tui_mail.records import frozen

if TYPE_CHECKING:
    from tui_mail.client import MailClient


@frozen
class Told:
    """A message, its text, and what is known of it."""

    message: Message
    text: str
    """With the addresses that its links lead to; safe, with its tabs."""
    kind: Kind = Kind.NONE
    """How it is protected."""
    is_sealed: bool = False
    """It is encrypted, and was not opened."""
    seal: Seal | None = None
    invitation: Invitation | None = None


def told(client: MailClient, row: Row, message: Message) -> Told:
    """All of it. A signature is checked, what is signed is shown as it was signed; nothing is decrypted."""
    from tui_mail.mime.drafts import shown_text
    from tui_mail.mime.linked import linked_text

    raw = client.readable_octets(row.id)
    if raw is None:
        return Told(message, linked_text(message))
    plain = Told(message, shown_text(raw, message), invitation=_invitation(message, raw))
    return _looked_at(client, row, raw, plain) if may_be_sealed(message) and not message.away else plain


def _looked_at(client: MailClient, row: Row, raw: bytes, plain: Told) -> Told:
    from tui_mail.client.unsealing import look
    from tui_mail.mime.drafts import shown_text
    from tui_mail.mime.parse import text_from
    from tui_mail.mime.seals import SEALED

    account = next((one for one in client.accounts if one.name == row.account), None)
    try:
        found = look(raw, [one.email for one in plain.message.from_], account)
    except MailError as error:
        return replace(plain, seal=Seal(Trust.UNKNOWN, error.shown))
    plain = replace(plain, kind=found.kind, seal=found.seal, is_sealed=found.kind in SEALED)
    if found.octets is None or found.kind in SEALED:
        return plain
    inner = client.parse(found.octets)
    text = text_from(inner.blocks) if found.kind is Kind.IN_PART else shown_text(found.octets, inner)
    as_it_reads = replace(
        plain.message, text=inner.text, links=inner.links, warnings=inner.warnings, subject=inner.subject
    )
    invitation = plain.invitation or _invitation(inner, found.octets)
    return replace(plain, message=as_it_reads, text=text, invitation=invitation)


def _invitation(message: Message, raw: bytes) -> Invitation | None:
    from tui_mail.mime.attached import attached

    index = calendar_part(message)
    try:
        return read_invitation(attached(raw, index).content) if index else None
    except (ArithmeticError, LookupError, TypeError, ValueError, MailError):  # it is told of, whatever it brings
        return None
