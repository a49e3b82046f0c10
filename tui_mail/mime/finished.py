"""A message that somebody else made, ready to be sent as it is: `tui-mail send FILE`.

What belongs here: what such a message lacks (Date, Message-ID, From), who it goes to, and what must not leave with it.
Its own header fields and its body are not touched, but for line ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_mail.errors import UsageError
from tui_mail.mime.compose import Composed, for_others, new_message_id
from tui_mail.mime.headers import BLOCK_LIMIT, named_texts, parse_message_id
from tui_mail.mime.recipients import Typed, email_for_server, parse_recipients
from tui_mail.mime.writing import addresses_field, date_text, ids_field, token_field
from tui_mail.outgoing import Envelope

_LINE_END = re.compile(rb"\r\n|\r|\n")
LONGEST_LINE = 998
"""Octets of a line without its end (RFC 5321 section 4.5.3.1.6)."""


def from_raw(raw: bytes, recipients: Sequence[str], sender: Typed, *, when: int) -> Composed:
    """The message as it goes out; to `recipients`, or else to those its header names (Resent fields first).

    `sender` is whom it comes from where it does not say so. Raises UsageError for what cannot be sent.
    """
    if not raw.strip() or b"\0" in raw:
        raise UsageError("That is no message (it is empty, or holds NUL); nothing was sent.")
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    raw = _LINE_END.sub(b"\r\n", raw)
    head, blank, _ = raw.partition(b"\r\n\r\n")
    if not blank and not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    if any(len(line) > LONGEST_LINE for line in raw.split(b"\r\n")):
        raise UsageError(
            f"A line of that message is longer than {LONGEST_LINE} octets; servers break it. Nothing sent."
        )
    found: dict[str, list[str]] = {}
    for name, value in named_texts(head[:BLOCK_LIMIT] + b"\r\n\r\n"):
        found.setdefault(name.lower(), []).append(value)
    if not found:
        raise UsageError("That is no message: it does not begin with header fields. Nothing was sent.")
    senders = parse_recipients(", ".join(found.get("from", []))).addresses
    message_id = parse_message_id(found.get("message-id", [""])[0])
    missing = b""
    if "date" not in found:
        missing += token_field("Date", [date_text(when)])
    if not senders:
        if "from" in found:
            raise UsageError("The From line of that message holds no address; nothing was sent.")
        missing += addresses_field("From", [sender])
    if not message_id:
        message_id = new_message_id(sender.email)
        missing += ids_field("Message-ID", [message_id])
    whole = missing + raw
    sent = for_others(whole)
    to = tuple(dict.fromkeys(email_for_server(email) for email in recipients or _named(found)))
    if not to:
        raise UsageError("That message names no recipient (To, Cc or Bcc); nothing was sent.")
    envelope_sender = email_for_server(senders[0].email if senders else sender.email)
    envelope = Envelope(
        envelope_sender,
        to,
        utf8=not all(one.isascii() for one in (envelope_sender, *to)) or not sent.partition(b"\r\n\r\n")[0].isascii(),
        eight_bit=not sent.isascii(),
    )
    return Composed(sent, whole, envelope, message_id)


def _named(found: dict[str, list[str]]) -> list[str]:
    """The addresses that the header sends it to. Raises UsageError for one that is none."""
    fields = ("to", "cc", "bcc")
    names = [f"resent-{name}" for name in fields if f"resent-{name}" in found] or fields
    parsed = parse_recipients(", ".join(value for name in names for value in found.get(name, ())))
    if parsed.problems:
        raise UsageError(f"{parsed.problems[0]}; nothing was sent.")
    return [one.email for one in parsed.addresses]
