"""What an IMAP server says, as plain values: pure functions from octets to data, and nothing else.

Responses come as `Pieces` (text, literal, text, …). A response that cannot be read raises Malformed here and
is skipped by the caller, so that one broken message or name never hides the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from tui_mail.errors import ProtocolViolation
from tui_mail.model import Flag
from tui_mail.net.dates import internaldate
from tui_mail.net.names import decode_name
from tui_mail.net.sets import LAST_UID, NO_UIDS, UidSet
from tui_mail.records import frozen

DEPTH = 32
"""Deepest nesting of parentheses believed."""
TOKENS = 100_000
"""Most values in one response."""

Value = bytes | None | list["Value"]
"""An atom or string, NIL, or a parenthesized list."""


class Malformed(ValueError):
    """A response that follows no grammar."""


@frozen
class FolderStatus:
    """Counters of a folder that is not open; 0 is unknown."""

    messages: int = 0
    unseen: int = 0
    uidnext: int = 0
    uidvalidity: int = 0
    highestmodseq: int = 0


@frozen
class ListedFolder:
    r"""One folder of LIST. `flags` are lower case with their backslash: `\sent`, `\noselect`."""

    name: str
    delimiter: str
    flags: frozenset[str]
    status: FolderStatus | None = None


@frozen
class FlagUpdate:
    """The flags that one message has now. `modseq` is 0 when the server did not say."""

    uid: int
    flags: Flag
    keywords: tuple[str, ...]
    modseq: int
    labels: tuple[str, ...] | None = None
    """Gmail's, None when they were not asked for."""


@frozen
class HeaderRow:
    """What a list needs of one message: `internaldate` in seconds UTC, 0 unreadable; `size` in octets; `header` raw."""

    uid: int
    flags: Flag
    keywords: tuple[str, ...]
    internaldate: int
    size: int
    modseq: int
    header: bytes
    identity: str = ""
    """The server's own name of the content, wherever it is: `gm:…` (X-GM-MSGID), `id:…` (EMAILID, RFC 8474)."""
    labels: tuple[str, ...] = ()
    """Gmail's, without that of the folder itself."""
    thread: str = ""
    """The server's own name of the conversation, in this account: `gm:…` (X-GM-THRID)."""


ALL_FLAGS = Flag.SEEN | Flag.ANSWERED | Flag.FLAGGED | Flag.DELETED | Flag.DRAFT


@frozen
class Selected:
    """A folder that was opened; `flags` and `vanished` are what changed since `known` (RFC 7162 section 3.2.5)."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int
    highestmodseq: int
    """0: the server keeps none."""
    read_only: bool
    keywords_allowed: bool
    flags: list[FlagUpdate]
    vanished: UidSet
    changeable: Flag = ALL_FLAGS
    """System flags that stay when they are changed; the others a server may drop without a word. NONE: read only."""


EventKind = Literal["exists", "expunge", "vanished", "fetch", "status", "list", "bye", "ok", "renumbered"]


@frozen
class IdleEvent:
    """Something the server said unasked. `mailbox` is empty for the open folder."""

    kind: EventKind
    mailbox: str = ""
    uids: UidSet = NO_UIDS
    flags: FlagUpdate | None = None


_STATUS = re.compile(rb"(OK|NO|BAD|PREAUTH|BYE)(?: +(.*))?$", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(rb"\[([A-Za-z0-9.\-]+)(?: (.*?))?\](?: (.*))?$", re.DOTALL)
_UNTAGGED = re.compile(rb"\* (?:(\d{1,20}) )?([A-Za-z][A-Za-z0-9-]*)(?: +|$)")
_TOKEN = re.compile(
    rb'[ \t]*(?:([()])|"([^"\\]*(?:\\.[^"\\]*)*)"|((?:BODY|BINARY)\[[^\]"]*\](?:<\d+>)?|[^\s()"]+))', re.I | re.DOTALL
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)

_SYSTEM = {
    b"\\seen": Flag.SEEN,
    b"\\answered": Flag.ANSWERED,
    b"\\flagged": Flag.FLAGGED,
    b"\\deleted": Flag.DELETED,
    b"\\draft": Flag.DRAFT,
}
SYSTEM_NAMES = {
    Flag.SEEN: b"\\Seen",
    Flag.ANSWERED: b"\\Answered",
    Flag.FLAGGED: b"\\Flagged",
    Flag.DELETED: b"\\Deleted",
    Flag.DRAFT: b"\\Draft",
}


@frozen
class StatusLine:
    """OK, NO, BAD, BYE or PREAUTH with its response code (RFC 9051 section 7.1)."""

    status: str
    code: str
    data: bytes
    """What follows the code inside the brackets."""
    text: str

    @classmethod
    def parse(cls, line: bytes) -> StatusLine | None:
        """From `OK [CODE data] text`; None when the line is none of the five."""
        match = _STATUS.match(line)
        if not match:
            return None
        text = match[2] or b""
        code = _CODE.match(text)
        if code:
            return cls(match[1].decode().upper(), code[1].decode().upper(), code[2] or b"", _words(code[3]))
        return cls(match[1].decode().upper(), "", b"", _words(text))


def untagged(pieces: list[bytes]) -> tuple[str, int, list[bytes]]:
    """Kind (upper case), number (-1 none) and what follows the kind. Raises Malformed."""
    match = _UNTAGGED.match(pieces[0])
    if not match:
        raise Malformed("no untagged response")
    number = int(match[1]) if match[1] else -1
    return match[2].decode().upper(), number, [pieces[0][match.end() :], *pieces[1:]]


def values(pieces: list[bytes]) -> list[Value]:
    """The values of a response, nested as its parentheses are. Raises Malformed."""
    top: list[Value] = []
    here, count = top, 0
    stack: list[list[Value]] = []
    for number, piece in enumerate(pieces):
        if number % 2:
            here.append(piece)
            continue
        at, end = 0, len(piece.rstrip())
        while at < end:
            match = _TOKEN.match(piece, at, end)
            count += 1
            if not match or count > TOKENS:
                raise Malformed("no value, or too many")
            at = match.end()
            if match[1] == b"(":
                if len(stack) >= DEPTH:
                    raise Malformed("nested too deep")
                deeper: list[Value] = []
                here.append(deeper)
                stack.append(here)
                here = deeper
            elif match[1]:
                if not stack:
                    raise Malformed("a parenthesis too many")
                here = stack.pop()
            elif match[3] is not None:
                here.append(None if match[3].upper() == b"NIL" else match[3])
            else:
                here.append(_ESCAPED.sub(rb"\1", match[2]) if b"\\" in match[2] else match[2])
    if stack:
        raise Malformed("a parenthesis too few")
    return top


def pairs(items: list[Value]) -> dict[str, Value]:
    """`(KEY value KEY value …)` as a dictionary, keys in upper case. Raises Malformed."""
    if len(items) % 2:
        raise Malformed("a key without a value")
    found: dict[str, Value] = {}
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, bytes):
            raise Malformed("no key")
        found[key.decode("ascii", "replace").upper()] = value
    return found


def fetched(rest: list[bytes]) -> dict[str, Value]:
    """The items of a FETCH response (what follows the word FETCH). Raises Malformed."""
    parsed = values(rest)
    if len(parsed) != 1 or not isinstance(parsed[0], list):
        raise Malformed("FETCH without its list")
    return pairs(parsed[0])


def number_of(value: Value, most: int = 2**63 - 1) -> int:
    """A number, or the one number in a list (MODSEQ). 0 when it is none or beyond `most`."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > 20:
        return 0
    number = int(value)
    return number if number <= most else 0


_flag_lists: dict[bytes, tuple[Flag, tuple[str, ...]]] = {}


def flag_list(text: bytes) -> tuple[Flag, tuple[str, ...]]:
    """System flags and keywords of the text between the parentheses. Remembers: a folder has few combinations."""
    known = _flag_lists.get(text)
    if known is None:
        if len(_flag_lists) > 4_096:
            _flag_lists.clear()
        flags, keywords = Flag.NONE, []
        for word in text.split():
            system = _SYSTEM.get(word.lower())
            if system is not None:
                flags |= system
            elif not word.startswith(b"\\"):
                keywords.append(word.decode("utf-8", "replace"))
        known = _flag_lists[text] = flags, tuple(keywords)
    return known


def flags_of(items: dict[str, Value]) -> FlagUpdate | None:
    """The flags and the UID of a FETCH response; None when either is missing."""
    uid, flags = number_of(items.get("UID"), LAST_UID), items.get("FLAGS")
    if not uid or not isinstance(flags, list):
        return None
    words = [word for word in flags if isinstance(word, bytes)]
    labels = labels_of(items) if "X-GM-LABELS" in items else None
    return FlagUpdate(uid, *flag_list(b" ".join(words)), number_of(items.get("MODSEQ")), labels)


_OBJECT_ID = re.compile(rb"[A-Za-z0-9_-]{1,255}")


def identity_of(items: dict[str, Value]) -> str:
    """The server's own name of the message's content; empty when it tells none, or none that can be believed."""
    number = number_of(items.get("X-GM-MSGID"), 2**64 - 1)
    if number:
        return f"gm:{number}"
    told = items.get("EMAILID")
    if isinstance(told, list) and len(told) == 1:
        told = told[0]
    return f"id:{told.decode()}" if isinstance(told, bytes) and _OBJECT_ID.fullmatch(told) else ""


def thread_of(items: dict[str, Value]) -> str:
    """The server's own name of the conversation; empty when it tells none."""
    number = number_of(items.get("X-GM-THRID"), 2**64 - 1)
    return f"gm:{number}" if number else ""


def labels_of(items: dict[str, Value]) -> tuple[str, ...]:
    r"""Gmail's labels: names as of folders (UTF-7), and `\Inbox` and its like."""
    told = items.get("X-GM-LABELS")
    words = told if isinstance(told, list) else []
    return tuple(decode_name(word) for word in words if isinstance(word, bytes))


def row_of(items: dict[str, Value]) -> HeaderRow | None:
    """The header row in a FETCH response in any order of items; None when UID, flags or header are missing."""
    flags = flags_of(items)
    header = next((value for key, value in items.items() if key.startswith(("BODY[HEADER", "RFC822.HEADER"))), b"")
    if flags is None or (header and not isinstance(header, bytes)) or not any(key.startswith("BODY[") for key in items):
        return None
    when, size = items.get("INTERNALDATE"), number_of(items.get("RFC822.SIZE"))
    moment = internaldate(when) if isinstance(when, bytes) else 0
    text = header if isinstance(header, bytes) else b""
    identity, labels, thread = identity_of(items), flags.labels or (), thread_of(items)
    return HeaderRow(flags.uid, flags.flags, flags.keywords, moment, size, flags.modseq, text, identity, labels, thread)


def listed(rest: list[bytes]) -> ListedFolder:
    """One LIST response (what follows the word LIST). Raises Malformed."""
    parsed = values(rest)
    if len(parsed) < 3 or not isinstance(parsed[0], list):
        raise Malformed("LIST without flags, delimiter and name")
    delimiter, name = parsed[1] or b"", parsed[2] if parsed[2] is not None else b"NIL"
    if not isinstance(delimiter, bytes) or not isinstance(name, bytes):
        raise Malformed("a list where a name belongs")
    flags = frozenset(word.decode("ascii", "replace").lower() for word in parsed[0] if isinstance(word, bytes))
    return ListedFolder(decode_name(name), delimiter.decode("utf-8", "replace")[:1], flags)


def status_of(rest: list[bytes]) -> tuple[str, FolderStatus]:
    """Name and counters of one STATUS response (what follows the word STATUS). Raises Malformed."""
    parsed = values(rest)
    if len(parsed) != 2 or not isinstance(parsed[1], list) or isinstance(parsed[0], list):
        raise Malformed("STATUS without name and counters")
    items = pairs(parsed[1])
    return decode_name(parsed[0] if parsed[0] is not None else b"NIL"), FolderStatus(
        messages=number_of(items.get("MESSAGES")),
        unseen=number_of(items.get("UNSEEN")),
        uidnext=number_of(items.get("UIDNEXT"), LAST_UID),
        uidvalidity=number_of(items.get("UIDVALIDITY"), LAST_UID),
        highestmodseq=number_of(items.get("HIGHESTMODSEQ")),
    )


def vanished(rest: list[bytes]) -> tuple[bool, UidSet]:
    """Whether it is (EARLIER), and which UIDs are gone. Raises Malformed."""
    words = rest[0].split()
    if not words:
        raise Malformed("VANISHED without a set")
    try:
        return words[0].upper() == b"(EARLIER)", UidSet.parse(words[-1])
    except ProtocolViolation as error:
        raise Malformed("VANISHED with what is no set") from error


def event_of(pieces: list[bytes]) -> IdleEvent | None:
    """What an unasked response says about folders and messages; None when it says nothing of use."""
    try:
        kind, number, rest = untagged(pieces)
        reader = _EVENTS.get(kind)
        return reader(number, rest) if reader else None
    except Malformed:
        return None


def _fetch_event(_: int, rest: list[bytes]) -> IdleEvent | None:
    items = fetched(rest)
    if "FLAGS" not in items or any(key.startswith("BODY[") for key in items):
        return None
    update = flags_of(items)
    return IdleEvent("fetch", uids=UidSet.from_uids([update.uid]) if update else UidSet(), flags=update)


_EVENTS: dict[str, Callable[[int, list[bytes]], IdleEvent | None]] = {
    "EXISTS": lambda number, rest: IdleEvent("exists"),
    "EXPUNGE": lambda number, rest: IdleEvent("expunge"),
    "VANISHED": lambda number, rest: IdleEvent("vanished", uids=vanished(rest)[1]),
    "FETCH": _fetch_event,
    "STATUS": lambda number, rest: IdleEvent("status", mailbox=status_of(rest)[0]),
    "LIST": lambda number, rest: IdleEvent("list", mailbox=listed(rest).name),
    "BYE": lambda number, rest: IdleEvent("bye"),
    "OK": lambda number, rest: IdleEvent("renumbered" if rest[0].upper().startswith(b"[UIDVALIDITY ") else "ok"),
}


def numbers_in(rest: list[bytes]) -> Iterator[int]:
    """The numbers of a SEARCH response; words such as `(MODSEQ 5)` end it."""
    for word in rest[0].split():
        if not word.isdigit():
            return
        yield int(word)


def _words(text: bytes | None) -> str:
    return (text or b"").decode("utf-8", "replace").strip()[:1_000]
