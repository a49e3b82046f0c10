"""The plain data of writing and sending: drafts, what waits in the outbox, and how far each recipient is.

What belongs here: what the words mean (identity, draft, envelope, outbox). What must never be here: how a draft
becomes octets (mime), where it is kept (store), how it is sent (net, sync).

A draft holds what a person typed, not what a parser made of it: half an address must survive a restart.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from tui_mail.records import frozen
from tui_mail.text import SafeText


@frozen
class Identity:
    """Whom a message may come from."""

    account: str
    name: str
    email: str
    """May be a pattern, "*@example.org", in config.toml; never in a draft."""
    signature: str = ""
    """Plain text below "-- ", without that line; empty: none."""


@frozen
class Attachment:
    """A file of a draft; its octets are in the store as `blob` from the moment it was attached."""

    filename: str
    content_type: str
    size: int
    blob: int = 0
    """Where the store keeps the octets; 0: not stored yet."""
    path: str = ""
    """The file on this disk that it was read from; empty: it came out of a message. Never told to anybody."""
    modified: int = 0
    """When that was changed last before it was read (ns since the epoch)."""


class Purpose(StrEnum):
    """What a draft is to the message that it began with."""

    NEW = "new"
    REPLY = "reply"
    FORWARD = "forward"
    REDIRECT = "redirect"
    """The message itself goes on to somebody else, under its own headers (RFC 5322 section 3.6.6)."""


class Protection(StrEnum):
    """Which standard signs and encrypts a draft."""

    NONE = ""
    PGP = "pgp"
    SMIME = "smime"


@frozen
class Draft:
    """A message being written. Untrusted until composed: fields may hold whatever was typed or received."""

    account: str
    from_name: str = ""
    from_email: str = ""
    to: str = ""
    """Addresses as typed, parted by commas; half-typed ones too. So are cc, bcc and reply_to."""
    cc: str = ""
    bcc: str = ""
    reply_to: str = ""
    subject: str = ""
    body: str = ""
    """As typed: LF line ends, no soft breaks."""
    attachments: tuple[Attachment, ...] = ()
    purpose: Purpose = Purpose.NEW
    source: int = 0
    """The message that it answers, forwards or redirects: marked once this one was accepted. 0 none."""
    in_reply_to: str = ""
    """Message-ID without angle brackets."""
    references: tuple[str, ...] = ()
    """Oldest first, without angle brackets."""
    markdown: bool = False
    """The body is Markdown: sent as text and as HTML (multipart/alternative)."""
    priority: str = ""
    """high | low | empty."""
    want_receipt: bool = False
    """Ask the reader's program for a receipt (RFC 8098)."""
    want_dsn: bool = False
    """Ask the servers to report delivery (RFC 3461)."""
    remind_days: int = 0
    """Remind its writer after so many days unless somebody answers; 0: no."""
    protection: Protection = Protection.NONE
    sign: bool = False
    encrypt: bool = False
    id: int = 0
    """In the store; 0: never saved."""
    message_id: str = ""
    """Its own Message-ID, without angle brackets, given when it was first saved and kept for good."""
    copy: int = 0
    """The message in the server's Drafts folder that holds what was last stored there; 0 none."""
    updated: int = 0
    """When it was last saved (epoch)."""

    @property
    def is_blank(self) -> bool:
        """True when nothing would be lost with it: no recipient, subject or file, and no text."""
        return not (self.to or self.cc or self.bcc or self.subject or self.attachments or self.body.strip())


@frozen
class Begun:
    """A draft that just began, and what should be seen before it is followed."""

    draft: Draft
    notes: tuple[SafeText, ...] = ()
    """ "Replies go to x@other.example, not to the sender." """
    is_written: bool = False
    """It says already what somebody wants to send, and is worth keeping as it is."""


@frozen
class Envelope:
    """Who is told to the servers (RFC 5321), as opposed to what stands in the message."""

    sender: str
    recipients: tuple[str, ...]
    utf8: bool = False
    """An address is not ASCII: SMTPUTF8 (RFC 6531) is needed."""
    eight_bit: bool = False
    """The octets are not 7-bit: 8BITMIME (RFC 6152) is needed."""
    dsn: bool = False
    """Delivery is to be reported (RFC 3461)."""
    envelope_id: str = ""
    """ENVID of a DSN."""


@frozen
class ComposeSettings:
    """How a person writes: the table [compose] of config.toml."""

    undo_send: int = 8
    """Seconds in which sending can be taken back."""
    editor: str = ""
    """The program for Ctrl+E; empty: $VISUAL, $EDITOR, vi."""
    markdown: bool = False
    """New messages are Markdown."""
    spell_command: tuple[str, ...] = ()
    """argv of a program that speaks ispell's protocol; empty: hunspell or aspell, whichever is there."""
    address_book_command: tuple[str, ...] = ()
    """argv whose lines are "email TAB name"; "%s" is what was typed."""
    vcard_folder: str = ""
    """Contacts as .vcf files."""
    template_folder: str = ""
    """Templates as text files in the form of the editor: headers, a blank line, text."""


class Concern(StrEnum):
    """What a person may have overlooked; every one can be overridden."""

    NO_ATTACHMENT = "no-attachment"
    NO_SUBJECT = "no-subject"
    NO_BODY = "no-body"
    MANY_RECIPIENTS = "many-recipients"
    STRANGE_DOMAIN = "strange-domain"
    LIST_IN_BCC = "list-in-bcc"
    OTHER_IDENTITY = "other-identity"
    KEY_MATERIAL = "key-material"
    """Text that looks like a password or a private key."""
    TOO_LARGE = "too-large"
    CHANGED_FILE = "changed-file"
    """A file on this disk is not any more what was attached of it."""
    SECRET_QUOTED = "secret-quoted"  # noqa: S105
    """What came encrypted goes out in clear."""


@frozen
class Remark:
    """One concern, with the sentence that the person reads."""

    concern: Concern
    sentence: SafeText


class SendState(StrEnum):
    """How far a message of the outbox is; each arrow between two of them is a commit."""

    QUEUED = "queued"
    """Waits: for the undo window, its hour, a connection, or the next try."""
    SENDING = "sending"
    """Talking to the server; the final dot has not been sent."""
    UNKNOWN = "unknown"
    """The final dot may have been sent, and no answer came: the server may have it or not. Never sent again unasked.

    For the seconds in which the answer is still awaited the entry has no `error`."""
    ACCEPTED = "accepted"
    """The server has taken it over; the Sent copy is still to be seen to."""
    DONE = "done"
    FAILED = "failed"
    """Refused for good; a person must look."""
    CANCELLED = "cancelled"
    """Taken back before it was sent; it is a draft again."""


class RecipientState(StrEnum):
    """What the server said of one recipient."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    """Refused for now (4xx); tried again."""
    REFUSED = "refused"
    """Refused for good (5xx)."""
    UNKNOWN = "unknown"
    """Taken by the server, but the answer to the message itself never came."""


@frozen
class Recipient:
    """One recipient of a message in the outbox."""

    email: SafeText
    state: RecipientState = RecipientState.WAITING
    code: int = 0
    """The server's reply code; 0: none yet."""
    reply: SafeText = SafeText("")
    """The server's own words."""


@frozen
class OutboxEntry:
    """A message being sent."""

    id: int
    account: str
    message_id: str
    """Without angle brackets."""
    subject: SafeText
    recipients: tuple[Recipient, ...]
    state: SendState
    attempts: int
    next_try: int
    """Not before this moment (epoch)."""
    not_before: int
    """When the undo window ends, or the hour chosen for it."""
    created: int
    size: int
    error: SafeText = SafeText("")
    """The sentence about the last failure, for people; of what was sent: why its copy can go nowhere."""
    draft: int = 0
    """The draft that it was made of; still there until it is sent."""
    copy: SafeText = SafeText("")
    """What became of the Sent copy: "stored", "by the server", or why there is none."""
    attempt_notes: tuple[SafeText, ...] = field(default=())
    """What the server said at each try, newest last."""
    needs_person: bool = False
    """It waits for what only a person can mend: a password, a certificate."""

    @property
    def is_with_some(self) -> bool:
        """A server has taken it for one of them at least."""
        return any(one.state is RecipientState.ACCEPTED for one in self.recipients)

    @property
    def is_moving(self) -> bool:
        """It goes on by itself: it waits for its time, is being sent, or the answer to its last octet is awaited."""
        awaits_answer = self.state is SendState.UNKNOWN and not self.error
        return awaits_answer or self.state in (SendState.QUEUED, SendState.SENDING)

    @property
    def is_open(self) -> bool:
        """Not done and not taken back."""
        return self.state not in (SendState.DONE, SendState.CANCELLED)
