"""What several untagged responses to one command say together."""

from __future__ import annotations

import contextlib
from itertools import pairwise

from tui_mail.errors import ProtocolViolation
from tui_mail.net.names import decode_name
from tui_mail.net.replies import (
    ALL_FLAGS,
    FolderStatus,
    ListedFolder,
    Malformed,
    StatusLine,
    flag_list,
    listed,
    number_of,
    status_of,
    values,
    vanished,
)
from tui_mail.net.sets import LAST_UID, NO_UIDS, UidSet, expanded


class FolderList:
    """The folders that LIST tells, each with the counters that STATUS tells beside it (RFC 5819)."""

    def __init__(self) -> None:
        self._folders: dict[str, ListedFolder] = {}
        self._statuses: dict[str, FolderStatus] = {}

    def take(self, kind: str, _: int, rest: list[bytes]) -> bool:
        """Learn from one response; a name that cannot be read is left out and hides no other."""
        try:
            if kind == "LIST":
                folder = listed(rest)
                self._folders.setdefault(folder.name, folder)
            elif kind == "STATUS":
                name, status = status_of(rest)
                self._statuses[name] = status
        except Malformed:
            return True
        return kind in ("LIST", "STATUS")

    def folders(self) -> list[ListedFolder]:
        """Every folder, in the server's order."""
        return [
            ListedFolder(folder.name, folder.delimiter, folder.flags, self._statuses.get(name))
            for name, folder in self._folders.items()
        ]


class Vanished:
    """What VANISHED (EARLIER) says is gone (RFC 7162 section 3.2.10); one without EARLIER is news, not an answer."""

    def __init__(self) -> None:
        self.uids = NO_UIDS
        self.broken = False
        """One could not be read, so that nothing can be said of what is not named."""

    def take(self, kind: str, _: int, rest: list[bytes]) -> bool:
        """Learn from one response; True when it was VANISHED (EARLIER)."""
        if kind != "VANISHED":
            return False
        try:
            earlier, uids = vanished(rest)
        except Malformed:
            self.broken = True
            return True
        if earlier:
            self.uids = UidSet.merged([self.uids, uids])
        return earlier


class SelectFacts(Vanished):
    """What the untagged responses to SELECT say of a folder."""

    def __init__(self) -> None:
        super().__init__()
        self.exists = self.uidvalidity = self.uidnext = self.highestmodseq = 0
        self.keywords_allowed = False
        self.changeable = ALL_FLAGS

    def take(self, kind: str, number: int, rest: list[bytes]) -> bool:
        """Learn from one response; True when SELECT answers with such."""
        if kind == "EXISTS":
            self.exists = max(number, 0)
        elif kind == "OK":
            self._learn(StatusLine.parse(b"OK " + rest[0]))
        return super().take(kind, number, rest) or kind in ("EXISTS", "OK", "FLAGS", "RECENT")

    def _learn(self, status: StatusLine | None) -> None:
        if status is None:
            return
        match status.code:
            case "UIDVALIDITY":
                self.uidvalidity = number_of(status.data.strip(), LAST_UID)
            case "UIDNEXT":
                self.uidnext = number_of(status.data.strip(), LAST_UID)
            case "HIGHESTMODSEQ":
                self.highestmodseq = number_of(status.data.strip())
            case "PERMANENTFLAGS":
                self.keywords_allowed = rb"\*" in status.data
                told, _ = flag_list(status.data.strip(b" ()"))
                self.changeable = told or ALL_FLAGS  # an empty list is no list where READ-ONLY is not said


class CopiedUids:
    """The old and new UIDs that COPYUID tells, in an untagged OK (MOVE) or in the tagged one (COPY)."""

    def __init__(self, asked: UidSet) -> None:
        self.told: dict[int, int] | None = None
        self.validity = 0
        """UIDVALIDITY of the folder in which the new ones are."""
        self._asked = asked

    def take(self, kind: str, _: int, rest: list[bytes]) -> bool:
        """Learn from an untagged OK."""
        return kind == "OK" and self.learn(StatusLine.parse(b"OK " + rest[0]))

    def learn(self, status: StatusLine | None) -> bool:
        """Learn from a status; True when it was COPYUID. Sets of different lengths tell nothing."""
        if status is None or status.code != "COPYUID":
            return False
        words = status.data.split()
        with contextlib.suppress(ProtocolViolation):  # the command was carried out; where to is asked otherwise
            most = len(self._asked)
            old, new = (expanded(word, most) for word in words[1:3]) if len(words) == 3 else ([], [])
            if len(old) == len(new) and (old or not self.told):
                told = {one: other for one, other in zip(old, new, strict=True) if one in self._asked}
                self.validity = number_of(words[0], LAST_UID) if told else self.validity
                self.told = {**(self.told or {}), **told}
        return True


def esearch(rest: list[bytes]) -> UidSet:
    """The set behind ALL in an ESEARCH response; empty when nothing was found, or nothing that makes sense."""
    try:
        items = values(rest)
        for key, value in pairwise(items):
            if isinstance(key, bytes) and key.upper() == b"ALL" and isinstance(value, bytes):
                return UidSet.parse(value)
    except (Malformed, ProtocolViolation):
        return NO_UIDS
    return NO_UIDS


def personal_prefix(rest: list[bytes]) -> str:
    """The prefix of the first personal namespace in a NAMESPACE response; empty when there is none."""
    with contextlib.suppress(Malformed):
        match values(rest):
            case [[[bytes() as prefix, *_], *_], *_]:
                return decode_name(prefix)
    return ""
