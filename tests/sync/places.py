"""The servers of the matrix: each an account of its own for every test, another client of it, and what it can do."""

from __future__ import annotations

import re
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from imapclient import IMAPClient

from tests.servers import courier, cyrus, dovecot
from tests.servers.courier import Courier
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import BARE, BASIC, Dovecot
from tests.servers.pymap import Pymap
from tests.sync.conftest import wait_for
from tui_mail.client import MailClient
from tui_mail.model import Account, ChangeState, Event, Flag, Folder
from tui_mail.paths import paths

ASK_SECONDS = 0.15
LIMIT = 200
"""Kilobytes that a user may have, where the server counts."""
ENDED = (ChangeState.DONE, ChangeState.CANCELLED, ChangeState.FAILED)
_SYSTEM = {b"\\Seen": Flag.SEEN, b"\\Flagged": Flag.FLAGGED, b"\\Answered": Flag.ANSWERED, b"\\Draft": Flag.DRAFT}

Mail = dict[str, Counter[tuple[str, int, tuple[str, ...]]]]
"""By folder: how often there is a message of this subject, with these flags and keywords."""


class Running(Protocol):
    """What every server of the tests can do."""

    def new_user(self) -> str: ...

    def account(self, user: str) -> Account: ...

    def deliver(self, user: str, *messages: bytes) -> None: ...


@dataclass(frozen=True)
class Make:
    """A make of server, and in what it differs from the others."""

    start: Callable[[], Any]
    missing: Callable[[], str] = lambda: ""
    prefix: str = ""
    """Begins every name but INBOX."""
    delimiter: str = "/"
    hostile: tuple[str, ...] = (
        'the "quoted" one',
        "back\\slash",
        "ampers & and",
        "100% or *",
        "&-&AOQ-",
        "日本 語",
        "a'b(c){2}",
    )
    """Names that it takes."""
    owner: str = ""
    """Who the user is in SETACL; empty: whatever the user is called."""
    has_acl: bool = True
    limits: Callable[[Any, str], None] | None = None
    """Lets a user have no more than LIMIT kilobytes."""
    keeps_keywords: bool = True


def _with_plugins(**options: str) -> Dovecot:
    own = {"plugin/acl": "vfile", "plugin/quota": "maildir:All", "plugin/quota_rule": f"*:storage={LIMIT}K"}
    own |= {"plugin/quota_grace": "0"}
    return Dovecot(plugins="acl imap_acl quota imap_quota", **own, **options)


_DOVECOT = Make(_with_plugins, dovecot.missing, limits=lambda server, user: None)
MAKES = {
    "dovecot": _DOVECOT,
    "dovecot-basic": replace(_DOVECOT, start=lambda: _with_plugins(imap_capability=BASIC + " ACL QUOTA")),
    "dovecot-bare": replace(_DOVECOT, start=lambda: _with_plugins(imap_capability=BARE + " ACL QUOTA")),
    "cyrus": Make(
        Cyrus,
        cyrus.missing,
        hostile=("ampers & and", "&-&AOQ-", "日本 語", "a'b(c)", "~x", "#y", "NIL"),
        limits=lambda server, user: server.set_quota(user, LIMIT),
    ),
    "courier": Make(
        Courier,
        courier.missing,
        prefix="INBOX.",
        delimiter=".",
        owner="owner",
        limits=lambda server, user: server.set_quota(user, LIMIT * 1024),
    ),
    "pymap": Make(Pymap, has_acl=False, keeps_keywords=False),
}


@dataclass
class Place:
    """One user of one server, the home of a client, and another client."""

    make: Make
    server: Any
    home: Path
    stack: ExitStack
    user: str = ""
    account: Account = field(init=False)
    other: IMAPClient = field(init=False)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.user = self.server.new_user()
        self.account = replace(self.server.account(self.user), name="work")
        self.other = self.connect()

    def connect(self) -> IMAPClient:
        """Another client of the same person."""
        incoming = self.account.incoming
        context = ssl.create_default_context(cafile=incoming.ca_file)
        client = IMAPClient("localhost", incoming.port, ssl=True, ssl_context=context, timeout=20)
        client.login(self.user, incoming.password_command[-1])
        self.stack.callback(_leave, client)
        return client

    @contextmanager
    def client(self, *, start: bool = True) -> Iterator[MailClient]:
        """The client, running; its store stays for the next one."""
        client = MailClient(paths(self.home), [self.account])
        client.subscribe(self.events.append)
        if start:
            client.start()
        try:
            yield client
        finally:
            client.stop()

    def name(self, *levels: str) -> str:
        """The full name of a folder on this server."""
        return self.make.prefix + self.make.delimiter.join(levels)

    def search(self, folder: str, subject: str) -> list[int]:
        """The UIDs of the messages of a subject; the folder is open then."""
        self.other.select_folder(folder)
        return [uid for uid, told in self._headers().items() if told[0] == subject]

    def mail(self) -> Mail:
        r"""What the other client sees in every folder, without what is marked \Deleted."""
        found: Mail = {}
        for flags, _, name in self.other.list_folders():
            if {b"\\noselect", b"\\nonexistent"} & {flag.lower() for flag in flags}:
                continue
            count = self.other.select_folder(name, readonly=True)[b"EXISTS"]
            rows = self._headers() if count else {}
            found[name] = Counter(told for told in rows.values() if told[1] >= 0)
        self.other.select_folder("INBOX")  # the one that nobody deletes
        return found

    def _headers(self) -> dict[int, tuple[str, int, tuple[str, ...]]]:
        found = {}
        for uid, told in self.other.fetch(self.other.search(), ["FLAGS", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"]).items():
            header = next(value for key, value in told.items() if key.startswith(b"BODY"))
            words = told[b"FLAGS"]
            flags = -1 if b"\\Deleted" in words else sum(_SYSTEM.get(word, 0) for word in words)
            keywords = sorted(word.decode() for word in words if re.match(rb"[^\\]", word))
            found[uid] = (header.split(b":", 1)[1].strip().decode(), int(flags), tuple(keywords))
        return found


def _leave(client: IMAPClient) -> None:
    try:
        client.logout()
    except Exception:  # the server may be gone by now; that is not what the test is about
        client.shutdown()


def here(client: MailClient) -> Mail:
    """What the person sees in every folder."""
    return {
        folder.name: Counter(
            (row.subject, int(row.flags & ~Flag.DELETED), tuple(sorted(row.keywords)))
            for row in client.first_rows(folder.id, 10_000)
        )
        for folder in client.folders()
        if folder.selectable
    }


def soon(client: MailClient, holds: Callable[[], object], what: str) -> None:
    """Wait; a folder that nobody watches tells its news when asked, which takes a moment."""
    asked, pause = 0.0, ASK_SECONDS

    def look() -> bool:
        nonlocal asked, pause
        if holds():
            return True
        if time.monotonic() - asked > pause:
            asked, pause = time.monotonic(), min(3.0, 1.5 * pause)  # or a slow computer does nothing but answer
            client.sync_now()
        return False

    wait_for(look, what)


def agree(client: MailClient, place: Place, what: str) -> Mail:
    """Wait until the server has been told everything, and store and server are the same; returns what there is."""
    wait_for(lambda: all(change.state in ENDED for change in client.changes()), f"nothing waits ({what})")
    there = place.mail()
    try:
        soon(client, lambda: here(client) == there, what)
    except BaseException:
        print(f"{what}\nthere: {there}\nhere:  {here(client)}\n{client.changes()}\n{client.statuses()}")
        raise
    return there


def settled(client: MailClient) -> None:
    """Wait until the first sync is over."""
    wait_for(lambda: client.statuses()[0].state == "live", "the account is live")


def folder(client: MailClient, name: str) -> Folder:
    """The folder of this full name."""
    return next(folder for folder in client.folders() if folder.name == name)


def subjects(mail: Mail, name: str) -> list[str]:
    """The subjects in a folder, sorted."""
    return sorted(told[0] for told in mail[name].elements())


def ids(client: MailClient, name: str = "INBOX") -> dict[str, int]:
    """Our ids by subject."""
    return {row.subject: row.id for row in client.first_rows(folder(client, name).id, 10_000)}
