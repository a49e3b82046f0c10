"""The plain data that every floor speaks of: frozen, without I/O, without behaviour beyond trivial questions.

What belongs here: what a mail client's words mean (account, folder, row, message, block, change, event).
What must never be here: how any of it is fetched, stored or painted.

Times are whole seconds since the epoch, UTC. Sizes are octets. Text that a screen may show is SafeText;
text that goes back to a server (a folder's name, a user name) is plain str.
"""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum, IntFlag, StrEnum
from typing import TYPE_CHECKING

from tui_mail.records import frozen
from tui_mail.text import SafeText

if TYPE_CHECKING:
    from tui_mail.arriving import Rule

# --- accounts ---------------------------------------------------------------------------------

CHECK_EVERY = 300
"""Seconds between two visits to a POP3 server, when the person says nothing else."""


class Security(StrEnum):
    """How a connection is protected. `none` is for loopback only, or when the person allowed it."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class Protocol(StrEnum):
    """Where mail lives: on the server (IMAP) or on this computer (POP3, and LOCAL, which no server feeds)."""

    IMAP = "imap"
    POP3 = "pop3"
    LOCAL = "local"


@frozen
class Server:
    """One leg of an account: a host, and how to log in there."""

    host: str
    port: int
    security: Security
    user: str
    auth: str = "password"
    """password | oauth2"""
    password_command: tuple[str, ...] = ()
    """argv whose first output line is the password; empty: the keyring."""
    ca_file: str = ""
    """PEM file of the authorities to trust instead of the system's."""
    fingerprint: str = ""
    """SHA-256 of the one certificate to trust, hex; set only by the person's decision."""
    allow_cleartext: bool = False


@frozen
class OAuth:
    """Where an account's access tokens come from, for the legs with `auth` "oauth2"."""

    provider: str = ""
    """google | microsoft | the https URL of an issuer (RFC 8414)."""
    client_id: str = ""
    """The person's own registration of this program."""
    scope: str = ""
    """Else the provider's for mail."""
    tenant: str = ""
    """Microsoft: of an organisation; else `common`."""
    authorization_url: str = ""
    """Of an issuer that does not publish it; so are the next two."""
    token_url: str = ""
    device_url: str = ""
    ca_file: str = ""
    """PEM file of the authorities to trust instead of the system's."""
    token_command: tuple[str, ...] = ()
    """argv whose first output line is an access token; then nothing else is needed."""


@frozen
class Account:
    """Who someone is on which servers, as config.toml says it."""

    name: str
    """The key in config.toml; unique; shown in the tree."""
    full_name: str
    email: str
    protocol: Protocol
    incoming: Server
    outgoing: Server | None = None
    keep_bodies: str = "all"
    """all | opened | "N days": which messages are kept whole on this computer."""
    delete_from_server: str = "never"
    """POP3 only."""
    check_every: int = CHECK_EVERY
    """POP3 only: seconds between two visits; a server may ask for longer pauses."""
    aliases: tuple[str, ...] = ()
    """Other addresses that mail of this account comes to and may go out from: "me@club.example",
    "Anna <anna@club.example>", "*@anna.example"."""
    signature: str = ""
    """Plain text below what is written; empty: none."""
    signatures: tuple[tuple[str, str], ...] = ()
    """(address, its own signature) of aliases."""
    language: str = "en"
    """Of "On …, … wrote:"."""
    attribution: str = ""
    """A line of one's own instead of that: {date}, {name} and {email} are filled in."""
    save_sent: str = "auto"
    """Who files sent mail: auto | copy (this program does) | server | never."""
    smime_certificate: str = ""
    """PEM file of the certificate to sign with; `smime_key` is its key, without a passphrase."""
    smime_key: str = ""
    smime_folder: str = ""
    """Where other people's certificates are, as PEM files."""
    sendmail_command: tuple[str, ...] = ()
    """argv of a program that sends instead of an outgoing server."""
    oauth: OAuth | None = None
    folders: tuple[tuple[Role, str], ...] = ()
    """Full names of folders that are for something else than the server says: (role, name)."""
    notify: tuple[str, ...] = ("inbox",)
    """Folders whose new mail is told, by name or role, where notifications are wanted."""
    rules: tuple[Rule, ...] = ()
    """What is done with its mail as it comes in."""
    authserv_ids: tuple[str, ...] = ()
    """Names that the account's own server signs its Authentication-Results with; ".example.org": any below it. Empty:
    it is learnt from the mail."""

    @property
    def can_send(self) -> bool:
        """There is a way to send."""
        return self.outgoing is not None or bool(self.sendmail_command)


# --- folders ----------------------------------------------------------------------------------


class Role(StrEnum):
    """What a folder is for (RFC 6154 special use)."""

    NONE = ""
    INBOX = "inbox"
    DRAFTS = "drafts"
    SENT = "sent"
    ARCHIVE = "archive"
    JUNK = "junk"
    TRASH = "trash"
    ALL = "all"
    FLAGGED = "flagged"
    IMPORTANT = "important"


@frozen
class Folder:
    """An IMAP mailbox (or a local one) as the store knows it; counts are of what is displayed."""

    id: int
    account: str
    name: str
    """Full name as sent to the server after decoding, never shown."""
    shown: SafeText
    """Full name, safe to show."""
    delimiter: str
    """Separates levels of `name`; empty: flat."""
    role: Role
    selectable: bool
    total: int
    unread: int
    on_server: int
    """How many messages the server said it has; `total` below it means a sync is going on."""
    version: int
    """Grows with every change of the folder or of a message in it."""
    complete: bool = False
    """True once every message of the folder is in the store."""
    arrangement: int = 0
    """Grows when a displayed message came or went: the ids of the folder are others now."""


# --- messages ---------------------------------------------------------------------------------


class Flag(IntFlag):
    """The system flags of RFC 9051 section 2.3.2, as kept in the store."""

    NONE = 0
    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


class RowState(StrEnum):
    """Whether the server knows of everything that was done to a message here."""

    SYNCED = "synced"
    PENDING = "pending"
    FAILED = "failed"


@frozen
class Address:
    """One mailbox of RFC 5322 section 3.4; either part may be empty when the header was malformed."""

    name: SafeText
    email: SafeText


class Kind(IntEnum):
    """What a message is in an inbox; kept as a number in the store."""

    UNKNOWN = 0
    PERSON = 1
    LIST = 2
    CALENDAR = 3
    NOTIFICATION = 4
    BULK = 5
    """To very many, and no list says so."""


@frozen
class HeaderFields:
    """What a list row needs to know of a message, from its header alone."""

    date: int | None
    """The Date field; None when it is absent or unreadable."""
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: SafeText
    message_id: str
    """Without angle brackets; empty when absent."""
    references: tuple[str, ...]
    """Ancestors, oldest first, In-Reply-To last if it is not among them; without angle brackets."""
    list_id: SafeText
    has_attachments: bool
    """A guess from Content-Type: multipart/mixed and friends."""
    kind: Kind = Kind.UNKNOWN


@frozen
class Row:
    """A message in a list."""

    id: int
    """Ours, for ever; survives moves and UIDVALIDITY changes."""
    account: str
    folder_id: int
    uid: int
    """0 while the server has not told us the UID in this folder."""
    date: int
    from_: tuple[Address, ...]
    to: tuple[Address, ...]
    subject: SafeText
    snippet: SafeText
    flags: Flag
    keywords: tuple[str, ...]
    size: int
    has_attachments: bool
    has_body: bool
    message_id: str
    thread: int
    state: RowState

    @property
    def unread(self) -> bool:
        """Not seen."""
        return not self.flags & Flag.SEEN

    @property
    def starred(self) -> bool:
        """Flagged."""
        return bool(self.flags & Flag.FLAGGED)


@frozen
class Conversation:
    """What a list of threads says of one beside its newest message in the folder."""

    count: int
    """Messages, those in other folders (Sent, Archive) too."""
    here: frozenset[int]
    """Those in the folder: what an action is about."""
    unread: frozenset[int]
    """Of these, what is not read…"""
    starred: frozenset[int]
    """…and what is starred."""
    people: tuple[Address, ...]
    """Who wrote, the first one first."""
    muted: bool = False


class BlockKind(StrEnum):
    """What a piece of a rendered message is; the screen decides how it looks."""

    TEXT = "text"
    HEADING = "heading"
    QUOTE = "quote"
    ITEM = "item"
    """An entry of a list. Its marker ("• ", "3. ") is the first span; `depth` is its nesting, from 1."""
    PRE = "pre"
    RULE = "rule"
    TABLE = "table"
    IMAGE = "image"
    SIGNATURE = "signature"
    NOTE = "note"
    """Our own words about the message ("attached message follows")."""
    HIDDEN = "hidden"
    """What the sender made invisible: no part of the text, never quoted or searched, shown only to who asks for it."""


@frozen
class Span:
    """A run of text in one style. `link` is a 1-based index into Message.links, 0 for none."""

    text: SafeText
    bold: bool = False
    italic: bool = False
    link: int = 0


@frozen
class Block:
    """A rendered piece of a message. Spans may hold newlines; PRE and TABLE are not to be re-wrapped."""

    kind: BlockKind
    spans: tuple[Span, ...]
    depth: int = 0
    """Quote depth, or nesting of a list item."""


@frozen
class Part:
    """An attachment as it is listed; its bytes are fetched by `index` when wanted."""

    index: int
    """1-based, stable for the same raw bytes."""
    filename: SafeText
    content_type: SafeText
    size: int
    inline: bool = False
    risk: SafeText = SafeText("")
    """Why opening it could do harm, as a clause ("is a program"); empty: nothing is known against it."""
    away: bool = False
    """Its content is on the server only, and `size` an estimate."""


@frozen
class Link:
    """A link of a message. `url` is openable only if `safe`; otherwise it is shown and nothing more."""

    url: SafeText
    safe: bool
    text: SafeText = SafeText("")
    claims: SafeText = SafeText("")
    """The host that its text names, where it leads to another; empty: it does not lie."""


class Severity(StrEnum):
    """How much a remark about trust matters, the worst last."""

    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    DANGER = "danger"


@frozen
class Trust:
    """One thing to know before a message is believed."""

    kind: str
    """Stable name: authentication, first_time, look_alike, reply_to, return_path, name, sender, links, trackers,
    attachments."""
    severity: Severity
    label: SafeText
    """A few words for a strip; empty: it is only told when somebody asks."""
    sentence: SafeText
    """For people, whole."""


@frozen
class Message:
    """A message, parsed for reading. It always exists, whatever the bytes were: see `warnings`."""

    date: int | None
    from_: tuple[Address, ...]
    sender: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: SafeText
    message_id: str
    headers: tuple[tuple[SafeText, SafeText], ...]
    """Every header field in order, decoded."""
    text: SafeText
    """The body as plain text."""
    blocks: tuple[Block, ...]
    attachments: tuple[Part, ...]
    links: tuple[Link, ...]
    warnings: tuple[SafeText, ...] = ()
    """What the reader should know: "The message is damaged; this is its raw text." """
    snippet: SafeText = SafeText("")
    """The first words of the visible text, one line, at most 200 characters."""
    remote_images: int = 0
    """How many images it wanted from elsewhere; none is ever fetched."""
    trackers: int = 0
    """How many of these are too small to be seen: they only tell the sender that it was opened."""
    charset: SafeText = SafeText("")
    """What its text was said to be written in; empty: nothing was said."""
    hidden: int = 0
    """How many passages its sender made invisible; their text is in blocks of that kind, as far as it is kept."""
    trust: tuple[Trust, ...] = ()
    """What speaks for and against its sender, the worst first."""
    away: SafeText = SafeText("")
    """What of it is on the server only, as a sentence; empty: all of it is here."""


# --- what happens -----------------------------------------------------------------------------


class LinkState(StrEnum):
    """What the status line says about an account."""

    STARTING = "starting"
    CONNECTING = "connecting"
    SYNCING = "syncing"
    LIVE = "live"
    WAITING = "waiting"
    """The line stands, but the server has not answered for a while."""
    STOPPED = "stopped"
    """A person stopped a download, which goes on when they say so."""
    OFFLINE = "offline"
    REFUSED = "refused"
    """Needs a person: wrong password, wrong certificate, wrong settings."""
    DISK_FULL = "disk full"
    DISK_FAILS = "disk fails"
    """The server may be well, but what it says cannot be kept on this disk."""
    UNANSWERED = "no answer"
    """Another process keeps the account up to date, and gives no sign of life."""

    @property
    def is_down(self) -> bool:
        """There is no line, and the status has a sentence that says why."""
        return self in _DOWN


_DOWN = (
    LinkState.OFFLINE, LinkState.REFUSED, LinkState.DISK_FULL, LinkState.DISK_FAILS, LinkState.UNANSWERED,
)  # fmt: skip


@frozen
class AccountStatus:
    """One account's line in the status bar. Replaced whole at every change."""

    account: str
    state: LinkState
    heard: float = 0.0
    """time.time() of the last byte from the server; 0 never."""
    done: int = 0
    """Messages indexed of the folders being synced…"""
    total: int = 0
    """…out of how many; 0 when nothing is being synced."""
    octets: int = 0
    """Octets of those messages that are here, where whole messages are downloaded (POP3)…"""
    octets_total: int = 0
    """…out of how many."""
    retry_at: float = 0.0
    """time.time() of the next try while it is down; of the next visit while LIVE, if it is only visited (POP3)."""
    pending: int = 0
    """Journal rows on their way to the server."""
    failed: int = 0
    """Journal rows that the server refused."""
    sentence: SafeText = SafeText("")
    """Why it is down, for people."""
    exit_code: int = 0
    """What a command line exits with because of that."""
    notice: SafeText = SafeText("")
    """What the person is to be told once about this mailbox; empty as soon as that was done."""


@frozen
class FoldersChanged:
    """Something in these folders changed (rows, counts); ask again for what you show."""

    folder_ids: frozenset[int]


@frozen
class FolderListChanged:
    """Folders came, went or were renamed."""

    account: str


@frozen
class StatusChanged:
    """An account's status is another one now."""

    status: AccountStatus


@frozen
class BodyArrived:
    """The body of this message is in the store now (or cannot be had: `problem`)."""

    message_id: int
    problem: SafeText = SafeText("")


@frozen
class Question:
    """A search, as it is asked for: the engine may be another process, and reads the words anew."""

    number: int
    text: str
    now: float
    """The moment that "newer:7d" counts from."""
    folder_ids: tuple[int, ...]


@frozen
class SearchAnswered:
    """What a server found in one folder; or (`problem`) why it was not asked, in this folder or (0) any."""

    number: int
    """Of the search, as it was given with it."""
    account: str
    folder_id: int
    message_ids: tuple[int, ...] = ()
    """Those that are known here; of the others there is no row yet."""
    unknown: int = 0
    """How many of those there are."""
    problem: SafeText = SafeText("")


@frozen
class ChangeFailed:
    """The server refused an action; the local effect was taken back."""

    change_id: int
    sentence: SafeText


@frozen
class OutgoingChanged:
    """A draft or the outbox is another one now."""


@frozen
class LinkAsked:
    """A mailto: link is to be written to; `MailClient.take_links` gives it."""


Event = (
    FoldersChanged
    | FolderListChanged
    | StatusChanged
    | BodyArrived
    | SearchAnswered
    | ChangeFailed
    | OutgoingChanged
    | LinkAsked
)


class ChangeKind(StrEnum):
    """What a person did to messages; each is one durable row of the journal."""

    FLAGS = "flags"
    MOVE = "move"
    EXPUNGE = "expunge"
    """Deleted for ever, out of the trash."""
    COPY = "copy"
    APPEND = "append"
    """A message made here is stored in a folder of the server."""
    FOLDER_CREATE = "folder_create"
    FOLDER_RENAME = "folder_rename"
    FOLDER_DELETE = "folder_delete"


class ChangeState(StrEnum):
    """Where a change stands on its way to the server."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@frozen
class Change:
    """What one key press did, as history shows it: a batch of journal rows."""

    id: int
    account: str
    kind: ChangeKind
    state: ChangeState
    """The worst of its rows: failed, running, queued, done, cancelled."""
    summary: SafeText
    """ "archived 12 messages" """
    count: int
    created: int
    batch: int = 0
    """Changes of one key press share it."""
    error: SafeText = SafeText("")
    undoable: bool = True
    why_not: SafeText = SafeText("")
    """Why it cannot be undone; empty when it can."""
    undone: bool = False
    """True when it was taken back."""
    accounts: tuple[str, ...] = ()
    """Every account it touched."""
    message_ids: tuple[int, ...] = field(default=())
