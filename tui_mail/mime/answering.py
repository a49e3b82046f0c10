"""Message → the draft that begins with it: reply, forward, redirect, edit as new, a draft taken up again.

The message is hostile. It says where answers go, who else gets them and what is quoted, so everything that a
person would not expect is among the notes, to be seen before it is followed. Only the text that was shown is
quoted; no part is decrypted, no file named, no recipient hidden. Raises nothing but MailError.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tui_mail.errors import UsageError
from tui_mail.mime.addresses import parse_addresses
from tui_mail.mime.drafts import exact_text, read_draft, shown_text, typed
from tui_mail.mime.headers import BLOCK_LIMIT, header_texts, parse_references
from tui_mail.mime.identities import Mine, mine, received_as
from tui_mail.mime.mailto import list_address
from tui_mail.mime.packed import containers, unpacked
from tui_mail.mime.quoting import QUOTE_LIMIT, attribution_line, forwarded_head, quoted_text
from tui_mail.mime.recipients import server_form
from tui_mail.mime.seals import SEALED, kind_of
from tui_mail.mime.structure import outline
from tui_mail.mime.subjects import forward_subject, reply_subject
from tui_mail.mime.writing import one_line, sane_ids
from tui_mail.model import Address, Message, Part
from tui_mail.outgoing import Draft, Identity, Protection, Purpose
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line

MANY = 10
"""More recipients than that are worth a note."""

SMALL_PICTURE = 16_000
"""Octets up to which a picture inside the text is taken for decoration and not forwarded."""

_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)  # fmt: skip


FOR_YOU_ALONE = "It is encrypted to you: nobody else who gets it can open it."
"""What is noted when an encrypted message is passed on as it is."""


@frozen
class Answer:
    """A draft, and what belongs to it but is not in it yet."""

    draft: Draft
    notes: tuple[SafeText, ...] = ()
    """What should be seen before the draft is sent."""
    carry: tuple[int, ...] = ()
    """Indexes of the original's parts that the draft takes along (`parse.attachment_bytes`)."""
    attach_original: bool = False
    """The whole original is attached, as message/rfc822 (its octets through `compose.for_others`)."""
    source_message_id: str = ""
    """The message that a draft taken up again answers or forwards, for the caller to find."""


def reply(
    raw: bytes,
    message: Message,
    identities: Sequence[Identity],
    *,
    everyone: bool = False,
    to_list: bool = False,
    selected: str = "",
    language: str = "en",
    attribution: str = "",
) -> Answer:
    """An answer to the sender, to everyone, or to the mailing list (raises UsageError when there is none).

    `selected` is quoted instead of the whole text; `attribution` is the form of the line above it
    (`quoting.attribution_line`). Identities: those of the account that received it, the usual one first.
    """
    head = _Head(raw, message, mine(identities))
    identity = head.identity()
    cc: tuple[Address, ...] = ()
    if to_list:
        to = head.list_recipients()
    elif everyone:
        to, cc = head.everyone(identity)
    else:
        to = head.sender(identity)
    to, cc = head.usable(to), head.usable(cc)
    if len(to) + len(cc) > MANY:
        head.note(f"{len(to) + len(cc)} recipients.")
    if not to and not cc:
        head.note("There is no address to answer to; add a recipient.")
    parent = sane_ids([message.message_id])
    protection = SEALED.get(kind_of(raw), Protection.NONE)
    if protection:
        head.note(
            "It came encrypted and is not open, so its text is not quoted (D opens it). "
            "Your answer will be encrypted, too (Ctrl+O changes that)."
        )
    text = "" if protection else shown_text(raw, message)
    draft = Draft(
        account=identity.account,
        from_name=identity.name,
        from_email=identity.email,
        to=typed(to),
        cc=typed(cc),
        subject=reply_subject(one_line(message.subject)),
        body=_reply_body(message, selected or text, language, attribution, identity),
        purpose=Purpose.REPLY,
        in_reply_to=parent[0] if parent else "",
        references=tuple(sane_ids([*head.ancestors(), *parent])),
        protection=protection,
        sign=bool(protection),
        encrypt=bool(protection),
    )
    return Answer(draft, tuple(head.notes))


def forward(
    raw: bytes, message: Message, identities: Sequence[Identity], *, attached: bool = False, language: str = "en"
) -> Answer:
    """The message for somebody else: its text and files in a new one, or the whole of it `attached`.

    Raises UsageError for the text of an encrypted message: whoever got that could not read it.
    """
    head = _Head(raw, message, mine(identities))
    is_sealed = kind_of(raw) in SEALED
    if is_sealed and not attached:
        raise UsageError("This message is encrypted, and nobody but you can read it. Open it first (D), then forward.")
    if is_sealed:
        head.note(FOR_YOU_ALONE)
    identity = head.identity()
    text = "" if attached else shown_text(raw, message).strip("\n")
    body = "" if attached else f"\n{forwarded_head(message, language)}\n\n{text[:QUOTE_LIMIT]}\n"
    files = () if attached else head.files(_files(raw, message))
    if len(text) > QUOTE_LIMIT:
        head.note(
            "Only the beginning of this long text is forwarded; forward it as an attachment to pass on all of it."
        )
    draft = Draft(
        account=identity.account,
        from_name=identity.name,
        from_email=identity.email,
        subject=forward_subject(one_line(message.subject)),
        body=_signed(body, identity),
        purpose=Purpose.FORWARD,
        references=tuple(sane_ids([*head.ancestors(), message.message_id])),
    )
    return Answer(draft, tuple(head.notes), files, attached)


def redirect(raw: bytes, message: Message, identities: Sequence[Identity]) -> Answer:
    """The message itself for somebody else (`compose.redirected`); only recipients are to be typed."""
    head = _Head(raw, message, mine(identities))
    identity = head.identity()
    draft = Draft(
        account=identity.account,
        from_name=identity.name,
        from_email=identity.email,
        subject=one_line(message.subject),
        purpose=Purpose.REDIRECT,
    )
    head.note("It goes on unchanged, under its own sender's name; answers go to that sender.")
    if kind_of(raw) in SEALED:
        head.note(FOR_YOU_ALONE)
    return Answer(draft, tuple(head.notes))


def edit_as_new(raw: bytes, message: Message, identities: Sequence[Identity]) -> Answer:
    """A new message with the recipients, subject, text and files of this one. Bcc is told, not taken over."""
    head = _Head(raw, message, mine(identities))
    own = next((one for sender in message.from_ if (one := head.own.named(sender.email))), None)
    identity = own or head.identity()
    if message.bcc:
        head.note(f"It went to {len(message.bcc)} more in Bcc, who are not addressed again: {typed(message.bcc)}")
    draft = Draft(
        account=identity.account,
        from_name=identity.name,
        from_email=identity.email,
        to=typed(message.to),
        cc=typed(message.cc),
        subject=one_line(message.subject),
        body=exact_text(raw, message),
    )
    return Answer(draft, tuple(head.notes), tuple(part.index for part in _files(raw, message)))


def draft_from_raw(raw: bytes, message: Message, identities: Sequence[Identity]) -> Answer:
    """A draft out of the Drafts folder, ours or another program's: with its Bcc, its thread and its Message-ID."""
    head = _Head(raw, message, mine(identities))
    found = read_draft(raw, message, head.own.usual.account)
    draft = found.draft
    identity = head.own.named(draft.from_email)
    if identity is not None:
        draft = replace(draft, account=identity.account)
    elif draft.from_email:
        head.note(f"This draft comes from {draft.from_email}, which is no address of this account.")
    elif not found.is_ours:
        usual = head.own.usual
        draft = replace(draft, from_name=usual.name, from_email=usual.email)
    return Answer(
        draft,
        tuple(head.notes),
        tuple(part.index for part in _files(raw, message, as_typed=found.is_ours)),
        source_message_id=found.source_message_id
        or (draft.in_reply_to if draft.purpose is not Purpose.FORWARD else ""),
    )


class _Head:
    """The header of the message that is answered, and what is to be noted about it."""

    def __init__(self, raw: bytes, message: Message, own: Mine) -> None:
        self.message = message
        self.own = own
        self.fields = header_texts(outline(raw[: BLOCK_LIMIT * 2]).root.header)
        self.notes: list[SafeText] = []
        self.is_own = any(self.own.owns(one.email) for one in message.from_) or (
            not self.texts("received") and any(self.own.named(one.email) for one in message.from_)
        )

    def note(self, sentence: str) -> None:
        self.notes.append(safe_line(sentence))

    def texts(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    def identity(self) -> Identity:
        """At which it was received; of an own message, that which wrote it."""
        if self.is_own:
            written_by = next((one for sender in self.message.from_ if (one := self.own.named(sender.email))), None)
            if written_by is not None:
                return written_by
        found = received_as(self.message, self.fields, self.own)
        if found is None and (elsewhere := [one.email for one in self.message.to if self.own.owns(one.email)]):
            self.note(f"It is addressed to {elsewhere[0]}, which belongs to another of your accounts.")
        return found or self.own.usual

    def ancestors(self) -> tuple[str, ...]:
        return parse_references(", ".join(self.texts("references")), ", ".join(self.texts("in-reply-to")[:1]))

    def sender(self, identity: Identity) -> tuple[Address, ...]:
        """Whom an answer goes to: of an own message its recipients again, else Reply-To, else From."""
        if self.is_own and (others := self.without_own(self.message.to, identity)):
            return others
        return self.reply_target(identity)

    def reply_target(self, identity: Identity) -> tuple[Address, ...]:
        senders = self.message.from_ or self.message.sender
        wanted = self.without_own(self.message.reply_to, identity)
        if not any(one.email for one in wanted):  # there is none, or it is the person's own
            return senders or self.message.reply_to
        known = {one.email.lower() for one in self.message.from_}
        elsewhere = [one for one in wanted if one.email and one.email.lower() not in known]
        post = list_address(self.texts("list-post"))
        if post and any(one.email.lower() == post.lower() for one in elsewhere):
            self.note(f"Answers go to the mailing list {post}, not to the sender alone.")
        strangers = [
            one.email for one in elsewhere if not _is_akin(one.email, known) and one.email.lower() != post.lower()
        ]
        if strangers:
            sender = next((one.email for one in senders if one.email), "")
            self.note(f"Replies go to {', '.join(strangers[:5])}, not to the sender{f' {sender}' if sender else ''}.")
        return wanted

    def everyone(self, identity: Identity) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
        """(To, Cc) of an answer to all: Mail-Followup-To if the message has it, else sender and recipients."""
        if self.is_own:
            to = self.without_own(self.message.to, identity)
            cc = _less(self.without_own(self.message.cc, identity), to)
            if to or cc:
                return to or cc, cc if to else ()
        followup = parse_addresses(", ".join(self.texts("mail-followup-to")))
        wanted = _once(self.without_own([one for one in followup if one.email], identity))
        if wanted:
            self.note_followup(wanted)
            return wanted, ()
        target = self.reply_target(identity)
        to = _once([*(self.without_own(target, identity)), *self.without_own(self.message.to, identity)])
        cc = _less(self.without_own(self.message.cc, identity), to)
        return (to or cc or _once(target)), cc if to else ()

    def note_followup(self, wanted: Sequence[Address]) -> None:
        shown = {one.email.lower() for one in (*self.message.from_, *self.message.to, *self.message.cc)}
        strangers = [one.email for one in wanted if one.email.lower() not in shown]
        self.note(f"The sender asks that answers to everyone go to {_some(wanted)}.")
        if strangers:
            self.note(f"Not among those who got the message: {', '.join(strangers[:5])}.")

    def list_recipients(self) -> tuple[Address, ...]:
        posts = self.texts("list-post")
        if any(text.strip().upper().startswith("NO") for text in posts):
            raise UsageError("This mailing list takes no messages.")
        post = list_address(posts)
        if not post:
            raise UsageError("This message does not say that it comes from a mailing list.")
        shown = {one.email.lower() for one in (*self.message.to, *self.message.cc, *self.message.reply_to)}
        if post.lower() not in shown:
            self.note(f"The mailing list's address is {post}, which the message was not sent to.")
        return (Address(SafeText(""), safe_line(post)),)

    def without_own(self, people: Iterable[Address], identity: Identity) -> tuple[Address, ...]:
        chosen = identity.email.lower()
        return tuple(one for one in people if one.email.lower() != chosen and not self.own.owns(one.email))

    def usable(self, people: Sequence[Address]) -> tuple[Address, ...]:
        """Those that mail can be sent to; each once."""
        bad = [one for one in people if server_form(one.email) is None]
        if bad:
            shown = "; ".join((one.email or one.name)[:60] for one in bad[:5])
            self.note(f"Left out, because it is no address: {shown}")
        return _once(one for one in people if server_form(one.email) is not None)

    def files(self, parts: Iterable[Part]) -> tuple[int, ...]:
        """What a forwarded text takes along: all but decoration and signatures, which mean nothing there."""
        kept = []
        small = 0
        for part in parts:
            if part.inline and part.content_type.startswith("image/") and part.size <= SMALL_PICTURE:
                small += 1
            elif part.content_type not in _SIGNATURES:
                kept.append(part.index)
        if small:
            self.note(f"{small} small {'picture' if small == 1 else 'pictures'} of its layout left out.")
        return tuple(kept)


def _files(raw: bytes, message: Message, *, as_typed: bool = False) -> list[Part]:
    """The files of a message, none of them twice: what a container held, which every program can read, instead of it.

    `as_typed`: as the message holds them, where its text holds what was taken out of that.
    """
    if not message.attachments:
        return []
    whole = outline(raw)
    twice = unpacked(whole) if as_typed else containers(whole)
    return [part for part in message.attachments if part.index not in twice]


def _reply_body(message: Message, text: str, language: str, form: str, identity: Identity) -> str:
    quote = quoted_text(text)
    above = attribution_line(message, language, form)
    return _signed("\n".join(["", "", *([above] if above and quote else []), *([quote] if quote else [])]), identity)


def _signed(body: str, identity: Identity) -> str:
    """With the identity's signature below: behind a forwarded text, too, because a reader takes all below for it."""
    if not identity.signature.strip():
        return body
    return body.rstrip("\n") + "\n\n-- \n" + identity.signature.rstrip()


def _once(people: Iterable[Address]) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for one in people:
        found.setdefault(one.email.lower(), one)
    return tuple(found.values())


def _less(people: Iterable[Address], others: Iterable[Address]) -> tuple[Address, ...]:
    known = {one.email.lower() for one in others}
    return _once(one for one in people if one.email.lower() not in known)


def _is_akin(email: str, known: Iterable[str]) -> bool:
    """In a domain of one of the known addresses, or above or below it."""
    domain = email.lower().rpartition("@")[2]
    others = {one.rpartition("@")[2] for one in known}
    return any(domain == one or domain.endswith("." + one) or one.endswith("." + domain) for one in others if one)


def _some(people: Sequence[Address]) -> str:
    shown = ", ".join(one.email for one in people[:5])
    return shown + (f" and {len(people) - 5} more" if len(people) > 5 else "")
