"""Draft → octets: the message that goes to the server, the copy that is kept, the draft as other programs see it.

Everything that could go wrong with what was typed is told here, before a message waits to be sent. Octets are
made once and frozen: the caller keeps them, and sends those again if it must.

ASCII throughout, lines that every server takes, so that 8BITMIME and SMTPUTF8 are needed only where nothing else
can say it: an attached message in 8 bits, an address whose local part is not ASCII. There is no User-Agent, and
nothing of this computer's name or clock beyond Date.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence

from tui_mail.errors import UsageError
from tui_mail.mime.drafts import HEADER, kept_fields
from tui_mail.mime.entities import Pieces, file_part, html_part, multipart, text_part
from tui_mail.mime.markdown import html_of
from tui_mail.mime.recipients import Typed, email_for_server, parse_recipients, server_form
from tui_mail.mime.writing import addresses_field, date_text, ids_field, sane_ids, text_field, token_field
from tui_mail.outgoing import Draft, Envelope, Purpose
from tui_mail.records import frozen

_PRIORITIES = {
    "high": b"X-Priority: 1 (Highest)\r\nImportance: high\r\n",
    "low": b"X-Priority: 5 (Lowest)\r\nImportance: low\r\n",
}
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_NOT_FOR_OTHERS = frozenset(
    {b"bcc", b"resent-bcc", b"return-path", b"delivered-to", b"x-original-to", HEADER.encode().lower()}
)
"""Who else got it, and where it has been: the first is a secret, the second stops a second delivery as a loop."""


@frozen
class Composed:
    """A message ready to be sent; its octets never change again."""

    raw: bytes
    """What goes to the server: CRLF, no Bcc."""
    kept: bytes
    """The copy for Sent: the same, with a Bcc line if there was one (then a second copy in memory)."""
    envelope: Envelope
    message_id: str
    """Without angle brackets."""


@frozen
class _People:
    sender: Typed
    to: tuple[Typed, ...]
    cc: tuple[Typed, ...]
    bcc: tuple[Typed, ...]
    reply_to: tuple[Typed, ...]

    @property
    def recipients(self) -> tuple[str, ...]:
        """Each address once, as servers want it."""
        found: dict[str, str] = {}
        for one in (*self.to, *self.cc, *self.bcc):
            email = email_for_server(one.email)
            found.setdefault(email.lower(), email)
        return tuple(found.values())


def compose(
    draft: Draft,
    files: Sequence[bytes],
    *,
    when: int,
    offset_minutes: int | None = None,
    seven_bit: bool = False,
    protect: Callable[[bytes], bytes] | None = None,
) -> Composed:
    """The draft as a message; `files` are the octets of its attachments, in order.

    `when` is the Date (epoch), at `offset_minutes` east, else at this computer's zone. `seven_bit`: the server
    takes no 8-bit body, so an attached message that has one is attached as a file. `protect` is given the MIME
    part that is to be signed or encrypted (its Content-* fields and body) and gives the one that takes its place.

    Raises UsageError with a sentence for what cannot be sent: nobody addressed, an address that is none, no
    sender, or protection asked for and none at hand.
    """
    if draft.purpose is Purpose.REDIRECT:
        raise UsageError("A redirected message goes on as it is; it cannot be written anew.")
    if (draft.sign or draft.encrypt) and protect is None:
        raise UsageError("This message is to be signed or encrypted, and that is not possible now. It was not sent.")
    people = _people(draft)
    message_id = (sane_ids([draft.message_id]) or [new_message_id(people.sender.email)])[0]
    pieces = _content(draft, files, seven_bit=seven_bit or protect is not None, keep_spaces=protect is not None)
    if protect is not None:
        pieces = [protect(b"".join(pieces))]
    before = [
        token_field("Date", [date_text(when, offset_minutes)]),
        addresses_field("From", [people.sender]),
        addresses_field("Reply-To", people.reply_to) if people.reply_to else b"",
        addresses_field("To", people.to) if people.to else b"",
        addresses_field("Cc", people.cc) if people.cc else b"",
        b"" if people.to or people.cc else b"To: undisclosed-recipients:;\r\n",
    ]
    after = [
        text_field("Subject", draft.subject) if draft.subject.strip() else b"",
        ids_field("Message-ID", [message_id]),
        *_thread_fields(draft),
        _PRIORITIES.get(draft.priority, b""),
        addresses_field("Disposition-Notification-To", [people.sender]) if draft.want_receipt else b"",
        b"MIME-Version: 1.0\r\n",
        *pieces,
    ]
    bcc = addresses_field("Bcc", people.bcc) if people.bcc else b""
    return _composed(before, after, bcc, _envelope(people, draft, message_id), message_id)


def draft_octets(draft: Draft, files: Sequence[bytes], *, when: int, source_message_id: str = "") -> bytes:
    """The draft for the Drafts folder: everything, Bcc and half-typed addresses too; `draft_from_raw` reads it back.

    What a plain message cannot say is in one field of our own (see `drafts`). Never raises for what was typed.
    """
    header = [
        token_field("Date", [date_text(when)]),
        *(addresses_field(name, people) for name, people in _readable(draft) if people),
        text_field("Subject", draft.subject) if draft.subject.strip() else b"",
        ids_field("Message-ID", [draft.message_id]),
        *_thread_fields(draft),
        _PRIORITIES.get(draft.priority, b""),
        token_field(HEADER, kept_fields(draft, source_message_id)),
        b"MIME-Version: 1.0\r\n",
    ]
    text = text_part(draft.body, is_flowed=False, keep_spaces=True)
    parts = [file_part(file, content) for file, content in zip(draft.attachments, files, strict=True)]
    return b"".join([*header, *(multipart("mixed", [text, *parts]) if parts else text)])


def new_message_id(email: str) -> str:
    """A Message-ID without angle brackets, in the domain of `email`: random, so it tells nothing of where and when."""
    address = server_form(email) or ""
    domain = address.rpartition("@")[2]
    return f"{secrets.token_hex(16)}@{domain if domain and not domain.startswith('[') else 'mail.invalid'}"


def redirected(raw: bytes, draft: Draft, *, when: int, message_id: str) -> Composed:
    """The message `raw` for the recipients of `draft`, under Resent fields (RFC 5322 section 3.6.6).

    Its own header and body stay as they are, but for line ends and for what says who got it before: Bcc,
    Return-Path, Delivered-To. `message_id` becomes Resent-Message-ID. Raises UsageError as `compose` does.
    """
    people = _people(draft)
    message_id = (sane_ids([message_id]) or [new_message_id(people.sender.email)])[0]
    before = [
        token_field("Resent-Date", [date_text(when)]),
        addresses_field("Resent-From", [people.sender]),
        addresses_field("Resent-To", people.to) if people.to else b"",
        addresses_field("Resent-Cc", people.cc) if people.cc else b"",
    ]
    if not (people.to or people.cc):
        before.append(b"Resent-To: undisclosed-recipients:;\r\n")
    after = [ids_field("Resent-Message-ID", [message_id]), for_others(raw)]
    bcc = addresses_field("Resent-Bcc", people.bcc) if people.bcc else b""
    return _composed(before, after, bcc, _envelope(people, draft, message_id), message_id)


def for_others(raw: bytes) -> bytes:
    """A message as it may be handed on: CRLF, without Bcc and without where it was delivered before."""
    if raw.startswith((b"From ", b">From ")):
        raw = raw[raw.find(b"\n") + 1 :] if b"\n" in raw else b""
    raw = _LINE_END.sub(b"\r\n", raw)
    kept: list[bytes] = []
    position = 0
    is_dropped = True
    """Also for what stands before the first field: it would go on with whatever field comes before it."""
    while position < len(raw):
        end = raw.find(b"\r\n", position)
        end = len(raw) if end < 0 else end + 2
        line = raw[position:end]
        if line == b"\r\n":
            break
        if line[:1] not in b" \t":
            found = _FIELD.match(line)
            if found is None:
                return b"".join([*kept, b"\r\n", raw[position:]])
            is_dropped = found[1].lower() in _NOT_FOR_OTHERS
        if not is_dropped:
            kept.append(line)
        position = end
    if kept and not kept[-1].endswith(b"\r\n"):
        kept.append(b"\r\n")
    return b"".join([*kept, raw[position:] or b"\r\n"])


def _people(draft: Draft) -> _People:
    sender = parse_recipients(draft.from_email)
    if len(sender.addresses) != 1 or sender.problems or "*" in draft.from_email:
        raise UsageError("Choose whom this message comes from: there is no usable From address.")
    found = []
    for typed in (draft.to, draft.cc, draft.bcc, draft.reply_to):
        parsed = parse_recipients(typed)
        if parsed.problems:
            raise UsageError(parsed.problems[0] + ".")
        found.append(parsed.addresses)
    to, cc, bcc, reply_to = found
    if not (to or cc or bcc):
        raise UsageError("This message has no recipient.")
    return _People(Typed(draft.from_name, sender.addresses[0].email), to, cc, bcc, reply_to)


def _readable(draft: Draft) -> list[tuple[str, tuple[Typed, ...]]]:
    """The address fields of a draft as far as they can be read."""
    sender = parse_recipients(draft.from_email).addresses[:1]
    fields = [("From", tuple(Typed(draft.from_name, one.email) for one in sender))]
    for name, typed in (("Reply-To", draft.reply_to), ("To", draft.to), ("Cc", draft.cc), ("Bcc", draft.bcc)):
        fields.append((name, parse_recipients(typed).addresses))
    return fields


def _thread_fields(draft: Draft) -> list[bytes]:
    return [ids_field("In-Reply-To", [draft.in_reply_to]), ids_field("References", draft.references)]


def _content(draft: Draft, files: Sequence[bytes], *, seven_bit: bool, keep_spaces: bool) -> Pieces:
    body = text_part(draft.body, keep_spaces=keep_spaces)
    if draft.markdown:
        body = multipart("alternative", [body, html_part(html_of(draft.body), keep_spaces=keep_spaces)])
    parts = [
        file_part(file, content, seven_bit=seven_bit) for file, content in zip(draft.attachments, files, strict=True)
    ]
    return multipart("mixed", [body, *parts]) if parts else body


def _envelope(people: _People, draft: Draft, message_id: str) -> Envelope:
    """Without `eight_bit`, which only the octets can tell."""
    sender = email_for_server(people.sender.email)
    recipients = people.recipients
    named = [one.email for one in (*people.to, *people.cc, *people.reply_to)]
    needs_utf8 = not all(one.isascii() for one in (sender, *recipients, *map(email_for_server, named)))
    return Envelope(
        sender=sender,
        recipients=recipients,
        utf8=needs_utf8,
        dsn=draft.want_dsn,
        envelope_id=(message_id if re.fullmatch(r"[!-*,-<>-~]{1,100}", message_id) else "") if draft.want_dsn else "",
    )


def _composed(
    before: Sequence[bytes], after: Sequence[bytes], bcc: bytes, envelope: Envelope, message_id: str
) -> Composed:
    raw = b"".join([*before, *after])
    header = sum(map(len, before))
    kept = b"".join([raw[:header], bcc, memoryview(raw)[header:]]) if bcc else raw
    envelope = Envelope(
        sender=envelope.sender,
        recipients=envelope.recipients,
        utf8=envelope.utf8,
        eight_bit=not raw.isascii(),
        dsn=envelope.dsn,
        envelope_id=envelope.envelope_id,
    )
    return Composed(raw, kept, envelope, message_id)
