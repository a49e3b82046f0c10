"""Every operation of the journal, alone: where it begins, what a person does, and how it has to end.

What belongs here: the operations, the account that each begins with, and the comparison of server and store. What
must never be here: faults (cuts, kills).

The account is prepared once for each operation; every case gets a copy of it, which costs milliseconds. It is made to
be mistaken: a message without Message-ID, a twin of another one in the folder that it goes to, and a message that
somebody else marked as deleted, which nobody asked us to remove.
"""

from __future__ import annotations

import base64
import functools
import os
import random
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.servers.dovecot import BARE, BASIC, Dovecot
from tests.servers.faults import FaultyLine
from tests.sync.killed import Client, Nursery
from tui_mail.model import Account, Flag

Mail = dict[str, list[tuple[str, str]]]
"""By folder: subject and flags of each message, sorted."""
Step = tuple[str, list[Any], dict[str, Any]]
"""A method of MailClient; a message is named by `=subject`, a folder by `/name`."""

BEFORE: Mail = {
    "Archive": [("One", "")],
    "Drafts": [],
    "INBOX": [("Five", ""), ("Four", ""), ("One", ""), ("Three", r"\Flagged \Seen"), ("Two", "")],
    "Junk": [],
    "Projects": [("Plan", "")],
    "Sent": [],
    "Trash": [("Old", ""), ("Older", "")],
}
MARKED = "Marked"
r"""Lies in the trash with \Deleted, as another client left it there; it is never ours to expunge."""
NUMBERS = {"One": 1, "Two": 2, "Three": 3, "Four": 4, "Five": 5, "Plan": 6, "Old": 7, "Older": 8, MARKED: 9, "New": 10}


def mail(subject: str) -> bytes:
    """A message; its body tells whose it is."""
    identity = "" if subject == "Four" else f"Message-ID: <{subject.lower()}@cuts.example>\r\n"
    return (
        f"From: Anna <anna@example.org>\r\nTo: ola@example.org\r\nSubject: {subject}\r\n{identity}"
        f"Date: Mon, 02 Nov 2026 10:00:{NUMBERS[subject]:02} +0000\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nThis is the body of {subject}.\r\n"
    ).encode()


@dataclass(frozen=True, slots=True)
class Operation:
    """One key press, or what leads to it."""

    name: str
    steps: tuple[Step, ...]
    after: Mail
    """The folders that differ from BEFORE in the end."""
    prelude: tuple[Step, ...] = ()
    """What was done and carried out before it."""
    gone: frozenset[str] = frozenset()
    """Messages, and folders, that are no more."""

    @property
    def expected(self) -> Mail:
        """Every folder in the end."""
        return {name: rows for name, rows in (BEFORE | self.after).items() if name not in self.gone}


def _without(folder: str, *subjects: str) -> list[tuple[str, str]]:
    return [row for row in BEFORE[folder] if row[0] not in subjects]


_ARCHIVED: Mail = {"INBOX": _without("INBOX", "One", "Four"), "Archive": [("Four", ""), ("One", ""), ("One", "")]}
_ARCHIVE: Step = ("archive", [["=One", "=Four"]], {})
_COPY: Step = ("copy", [["=One", "=Three", "=Four"], "/Archive"], {})
_NEW = base64.b64encode(mail("New")).decode()
_APPEND: Step = ("append", ["/Archive", _NEW], {"flags": int(Flag.SEEN), "when": 1_790_000_000})
_COPIED: Mail = {"Archive": [("Four", ""), ("One", ""), ("One", ""), ("Three", r"\Flagged \Seen")]}
_SNOOZE: Step = ("snooze", [["=Two", "=Four"], 4_102_473_600], {})
_ASLEEP = "$Snoozed snoozed-21000101T0800Z"

OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation(
            "flags",
            (("mark", [["=One", "=Two"]], {"add": int(Flag.FLAGGED)}),),
            {"INBOX": sorted([*_without("INBOX", "One", "Two"), ("One", r"\Flagged"), ("Two", r"\Flagged")])},
        ),
        Operation(
            "clear",
            (("mark", [["=Three", "=Five"]], {"remove": int(Flag.SEEN)}),),
            {"INBOX": [("Five", ""), ("Four", ""), ("One", ""), ("Three", r"\Flagged"), ("Two", "")]},
        ),
        Operation(
            "keyword",
            (("mark", [["=Two", "=Four"]], {"add_keywords": ["urgent"]}),),
            {"INBOX": [("Five", ""), ("Four", "urgent"), ("One", ""), ("Three", r"\Flagged \Seen"), ("Two", "urgent")]},
        ),
        Operation(
            "move",
            (("move", [["=Four", "=Two"], "/Projects"], {}),),
            {"INBOX": _without("INBOX", "Four", "Two"), "Projects": [("Four", ""), ("Plan", ""), ("Two", "")]},
        ),
        Operation("archive", (_ARCHIVE,), _ARCHIVED),
        Operation(
            "delete",
            (("delete", [["=Two"]], {}),),
            {"INBOX": _without("INBOX", "Two"), "Trash": [("Old", ""), ("Older", ""), ("Two", "")]},
        ),
        Operation(
            "junk",
            (("junk", [["=Three"]], {}),),
            {"INBOX": _without("INBOX", "Three"), "Junk": [("Three", r"\Flagged \Seen")]},
        ),
        Operation("expunge", (("expunge", [["=Old"]], {}),), {"Trash": [("Older", "")]}, gone=frozenset({"Old"})),
        Operation("copy", (_COPY,), _COPIED),
        Operation(
            "append",
            (_APPEND,),
            {"Archive": [("New", r"\Seen"), ("One", "")]},
        ),
        Operation("folder-create", (("create_folder", ["work", "Läufe/2026 & Ё"], {}),), {"Läufe/2026 & Ё": []}),
        Operation(
            "folder-rename",
            (("rename_folder", ["/Projects", "Plans"], {}),),
            {"Plans": [("Plan", "")]},
            gone=frozenset({"Projects"}),
        ),
        Operation(
            "folder-delete",
            (("delete_folder", ["/Projects"], {}),),
            {"Trash": [("Old", ""), ("Older", ""), ("Plan", "")]},
            gone=frozenset({"Projects"}),
        ),
        Operation("undo-move", (("undo", [], {}),), {}, prelude=(_ARCHIVE,)),
        Operation("redo-move", (("redo", [], {}),), _ARCHIVED, prelude=(_ARCHIVE, ("undo", [], {}))),
        Operation(
            "undo-copy",
            (("undo", [], {}),),
            {"Trash": [("Four", ""), ("Old", ""), ("Older", ""), ("One", ""), ("Three", r"\Flagged \Seen")]},
            prelude=(_COPY,),
        ),
        Operation(
            "both",
            (("mark", [["=Two"]], {"add": int(Flag.FLAGGED)}), ("move", [["=Two", "=One"], "/Projects"], {})),
            {"INBOX": _without("INBOX", "Two", "One"), "Projects": [("One", ""), ("Plan", ""), ("Two", r"\Flagged")]},
        ),
        Operation(
            "snooze",
            (_SNOOZE,),
            {"INBOX": _without("INBOX", "Two", "Four"), "Snoozed": [("Four", _ASLEEP), ("Two", _ASLEEP)]},
        ),
        Operation("unsnooze", (("unsnooze", [["=Two", "=Four"]], {}),), {"Snoozed": []}, prelude=(_SNOOZE,)),
        Operation("undo-snooze", (("undo", [], {}),), {"Snoozed": []}, prelude=(_SNOOZE,)),
        Operation(
            "wake",
            (("mark", [["=Three"]], {"add_keywords": ["$Snoozed", "snoozed-20260101T0800Z"]}),),
            {"INBOX": sorted([*_without("INBOX", "Three"), ("Three", r"\Flagged")]), "Snoozed": []},
            prelude=(("create_folder", ["work", "Snoozed"], {}), ("move", [["=Three"], "/Snoozed"], {})),
        ),
    )
}  # fmt: skip

SERVERS: dict[str, dict[str, str]] = {
    "dovecot": {},
    "no-move": {"imap_capability": BASIC},
    "no-uidplus": {"imap_capability": BARE},
    "no-condstore": {"imap_capability": BASIC + " MOVE ESEARCH LIST-STATUS"},
}
"""Options of servers that can do more or less."""


LONG = os.environ.get("TUI_MAIL_LONG") == "1"
"""Everything is tried, not a spread of it."""
SEED = int(os.environ.get("TUI_MAIL_SEED") or random.randrange(1_000_000))

COMMANDS = r"STORE|MOVE|COPY|EXPUNGE|APPEND|CREATE|RENAME|DELETE|SUBSCRIBE|STATUS|SEARCH"
"""What an operation says to the server."""


class Bench:
    """The prepared accounts of one server, and where their copies go."""

    def __init__(self, name: str, server: Dovecot, nursery: Nursery, top: Path) -> None:
        self.name = name
        """Of SERVERS."""
        self.server = server
        self.nursery = nursery
        self.top = top
        self._prepared: dict[str, tuple[str, dict[str, int]]] = {}
        self._cases = 0

    def case(self, operation: Operation) -> Case:
        """A copy of the account that the operation begins with."""
        led = repr(operation.prelude)
        if led not in self._prepared:
            self._prepared[led] = self._prepare(operation.prelude)
        template, ids = self._prepared[led]
        self._cases += 1
        user, home = self.server.new_user(), self.top / f"case{self._cases}"
        shutil.copytree(self.top / template, home)
        top = self.server.root / "home"
        shutil.copytree(top / template, top / user, ignore=shutil.ignore_patterns("*.log.2", "dovecot.lock"))
        self.server.own([top / user, *(top / user).rglob("*")])
        return Case(self, operation, user, home, ids)

    def _prepare(self, prelude: tuple[Step, ...]) -> tuple[str, dict[str, int]]:
        user = self.server.new_user()
        connection = self.server.connect(user, "INBOX")
        try:
            connection.create("Projects")
            connection.subscribe("Projects")
            for number, (folder, subject, flags) in enumerate(
                [
                    *((place, *row) for place, rows in BEFORE.items() for row in rows),
                    ("Trash", MARKED, r"\Deleted"),
                ]
            ):
                date = f'"02-Nov-2026 11:00:{number:02} +0000"'
                answer, told = connection.append(folder, f"({flags})", date, mail(subject))
                assert answer == "OK", told
        finally:
            connection.logout()
        home = self.top / user
        client = self.nursery.start(home, self.server.account(user))
        try:
            client.ask("start")
            client.ask("settle")
            for step in prelude:
                self.do(client, step, {})
                client.ask("settle")
            rows = client.ask("rows")
        finally:
            client.stop()
        ids = {f"{name}/{row[1]}": row[0] for name, _, _, shown in rows for row in shown}
        return user, ids

    @staticmethod
    def do(client: Client, step: Step, ids: dict[str, int]) -> None:
        """One step; messages and folders are looked up by name."""
        how, arguments, named = step
        known = {row[1]: row[0] for name, *_, rows in client.ask("rows") if name not in ("Archive",) for row in rows}
        places = client.ask("folders")

        def meant(word: Any) -> Any:
            if isinstance(word, list):
                return [meant(one) for one in word]
            if isinstance(word, str) and word.startswith("="):
                return known[word[1:]]
            return places[word[1:]] if isinstance(word, str) and word.startswith("/") else word

        client.ask("act", how=how, arguments=[meant(word) for word in arguments], named=named)


@dataclass(slots=True)
class Case:
    """A copy of a prepared account, on which one operation is tried."""

    bench: Bench
    operation: Operation
    user: str
    home: Path
    ids: dict[str, int]

    def account(self, line: FaultyLine | None = None) -> Account:
        """Straight to the server, or through a line."""
        account = self.bench.server.account(self.user) if line is None else line.account(self.user)
        return replace(account, name="work")

    def act(self, client: Client) -> None:
        """What a person does, unless it was done before the client was killed."""
        done = client.ask("done")
        for step in self.operation.steps[done - len(self.operation.prelude) :]:
            self.bench.do(client, step, self.ids)

    def ends_well(self, client: Client, what: str) -> None:
        """Everything is carried out; server and store are as they have to be."""
        expected = self.operation.expected
        client.ask("settle")
        server = self.on_server()
        deleted = [subject for rows in server.values() for subject, flags in rows if r"\Deleted" in flags]
        found = {name: [row for row in rows if r"\Deleted" not in row[1]] for name, rows in server.items()}
        assert found == expected, f"the server {what}: {_differences(found, expected)}"
        assert deleted.count(MARKED) == 1, f"the server {what}: what others marked is gone"
        if self.bench.name != "no-uidplus":
            assert deleted == [MARKED], f"the server {what}: {deleted}"
        rows = client.ask("rows")
        shown = {
            name: sorted((row[1], words(row[2], row[3])) for row in rows if not row[2] & Flag.DELETED)
            for name, _, _, rows in rows
        }
        assert shown == expected, f"the store {what}: {_differences(shown, expected)}"
        for name, total, unread, listed in rows:
            assert (total, unread) == (len(listed), sum(1 for row in listed if not row[2] & Flag.SEEN)), (name, what)
        self._bodies_are_right(client, rows, what)
        states = {state for state, _, _ in client.ask("changes")}
        assert states <= {"done", "cancelled"}, f"the journal {what}: {states}"

    def _bodies_are_right(self, client: Client, rows: Any, what: str) -> None:
        """Every message has the id that it had, and its own body."""
        now = {row[0]: row[1] for _, _, _, listed in rows for row in listed}
        subjects = {key: key.rpartition("/")[2] for key in self.ids}
        others = {key for key, id_ in self.ids.items() if now.get(id_) != subjects[key]}
        assert not {key for key in others if subjects[key] not in self.operation.gone | {MARKED}}, (
            f"ids {what}: {others}"
        )
        ids = list(now)
        for id_, raw in zip(ids, client.ask("bodies", ids=ids), strict=True):
            assert not raw or f"This is the body of {now[id_]}." in raw, f"the body of {now[id_]} {what}"

    def on_server(self) -> Mail:
        """All that another client sees."""
        connection = self.bench.server.connect(self.user)
        try:
            _, listed = connection.list()
            names = [_name(line) for line in listed if isinstance(line, bytes) and rb"\Noselect" not in line]
            found: Mail = {}
            for name, encoded in names:
                answer, told = connection.select(encoded, readonly=True)
                assert answer == "OK", told
                _, data = connection.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                parts = [part for part in data if isinstance(part, tuple)]
                found[name] = sorted((head.split(b":", 1)[1].strip().decode(), flags_in(told)) for told, head in parts)
        finally:
            connection.logout()
        return dict(sorted(found.items()))

    def clear(self) -> None:
        """Remove what the case left on the disk."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.bench.server.root / "home" / self.user, ignore_errors=True)


def flags_in(told: bytes) -> str:
    r"""The flags of an answer to FETCH, sorted; without \Recent."""
    found = re.search(rb"FLAGS \(([^)]*)\)", told)
    return " ".join(sorted(set(found[1].decode().split()) - {r"\Recent"})) if found else ""


def words(flags: int, keywords: list[str]) -> str:
    """The same of what the store has."""
    names = {
        Flag.SEEN: r"\Seen", Flag.FLAGGED: r"\Flagged", Flag.DELETED: r"\Deleted",
        Flag.ANSWERED: r"\Answered", Flag.DRAFT: r"\Draft",
    }  # fmt: skip
    return " ".join(sorted([word for flag, word in names.items() if flags & flag] + keywords))


@functools.cache
def _name(line: bytes) -> tuple[str, str]:
    """(name, the name as the server says it) of a line of LIST."""
    encoded = line.rpartition(b' "/" ')[2].decode()
    return decoded(encoded.strip('"')), encoded


def decoded(name: str) -> str:
    """A name out of modified UTF-7 (RFC 3501 5.1.3)."""

    def shift(match: re.Match[str]) -> str:
        text = match[1].replace(",", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-16-be") if text else "&"

    return re.sub(r"&([^-]*)-", shift, name)


def _differences(found: Mail, expected: Mail) -> str:
    names = [name for name in sorted({*found, *expected}) if found.get(name) != expected.get(name)]
    return "; ".join(f"{name} {found.get(name)}, not {expected.get(name)}" for name in names)
