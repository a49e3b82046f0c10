r"""What the server itself did wrong during a walk, told by its own log: for no client can prevent or repair that.

What belongs here: reading Dovecot's mail_log, and the two things that its MOVE and COPY are known to do, because they
look at a folder as the session saw it last, and take no lock over both folders:

* two sessions move one message at the same moment, and both are told OK: both copy it, and both remove it. The log has
  two expunges of one UID of one folder. RFC 6851 3.3 forbids it.
* a session moves or copies a message, on which another one has changed flags a moment before, and takes the old ones
  along. The log has a removal with other flags than were last set.

Cyrus and Courier keep no such log, and nothing of what they do is excused.

What must never be here: what a client did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.courier import Courier
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot
from tests.sync.operations import SERVERS

Walked = Dovecot | Cyrus | Courier
WALKED = (*SERVERS, "cyrus", "courier")
"""Names of servers on which there are walks."""

_OPTIONS: dict[str, Any] = {
    "plugin/mail_log_events": "expunge save copy flag_change mailbox_create mailbox_rename mailbox_delete",
    "plugin/mail_log_fields": "uid box subject flags",
}
_LINE = re.compile(
    r"imap\((?P<user>\w+)\)<(?P<session>[^>]*)>.*: Info:"
    r" (?P<event>save|copy from [^:]*|expunge|flag_change): box=(?P<box>.*?), uid=(?P<uid>\d+),"
    r" subject=(?P<token>T\d+).*?, flags=\((?P<flags>[^)]*)\)"
)
_FOLDER = re.compile(r"imap\((?P<user>\w+)\).*: Info: Mailbox (?:created|renamed|deleted): (?P<names>.*)")


@dataclass(slots=True)
class Witness:
    """Of one user's messages, by token."""

    doubled: dict[str, int] = field(default_factory=dict)
    """How many copies the server made of it that nobody asked for."""
    flags: dict[str, set[str]] = field(default_factory=dict)
    """Flags of it that the server lost, or brought back."""


def telling(name: str, **more: Any) -> Walked:
    """A server of WALKED; a Dovecot keeps such a log, and `more` is of its options."""
    if name not in SERVERS:
        return Cyrus() if name == "cyrus" else Courier()
    return Dovecot(plugins="notify mail_log", **_OPTIONS, **SERVERS[name], **more)


def hear(server: Walked, user: str) -> Witness:
    """All that the log says so far; nothing when the server keeps none."""
    tells = isinstance(server, Dovecot) and "mail_log" in server.plugins
    return _read(server.log.splitlines(), user) if tells else Witness()


def moves(server: Walked) -> bool:
    """Whether it offers MOVE."""
    if isinstance(server, Dovecot):
        return "MOVE" in str(server.options.get("imap_capability", "MOVE")).split()
    return isinstance(server, Cyrus)


def tells_flags(server: Walked) -> bool:
    """Whether the list of folders shows in which of them flags have changed."""
    return isinstance(server, Cyrus) or (isinstance(server, Dovecot) and "imap_capability" not in server.options)


def _read(lines: Iterable[str], user: str) -> Witness:
    told, last, gone = Witness(), dict[tuple[str, str, str], set[str]](), set[tuple[str, str, str]]()
    for line in lines:
        folder = _FOLDER.search(line)
        if folder is not None and folder["user"] == user:  # the same UIDs may be given again under these names
            names = folder["names"].split(" -> ")
            last = {place: flags for place, flags in last.items() if place[0] not in names}
            gone = {place for place in gone if place[0] not in names}
        found = _LINE.search(line)
        if found is None or found["user"] != user:
            continue
        place, flags = (found["box"], found["uid"], found["token"]), set(found["flags"].split()) - {r"\Recent"}
        if found["event"] == "expunge":
            if place in gone and r"\Deleted" not in flags:  # that would be UID EXPUNGE
                told.doubled[place[2]] = told.doubled.get(place[2], 0) + 1
            if r"\Deleted" not in flags:
                gone.add(place)
            told.flags.setdefault(place[2], set()).update((last.get(place, flags) ^ flags) - {r"\Deleted"})
        else:
            gone.discard(place)
            last[place] = flags
    return told
