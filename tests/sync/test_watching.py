"""News by themselves, on every kind of server; and lines that are dead, hung, refused or asked to stay away."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from tests.servers.dovecot import BARE, BASIC, Dovecot, missing
from tests.servers.faults import FaultyLine
from tests.servers.scripted import Peer, Scripted
from tests.sync.conftest import Person, settled, shown, subjects_shown, wait_for
from tui_mail.attention import Attention
from tui_mail.client import MailClient
from tui_mail.config.accounts import add_account
from tui_mail.config.secrets import secret
from tui_mail.model import Account, AccountStatus, Event, Flag, LinkState, Protocol, Role, StatusChanged
from tui_mail.net import connection, news
from tui_mail.paths import paths
from tui_mail.store import links
from tui_mail.store.database import Database
from tui_mail.sync import account as worker
from tui_mail.sync import elsewhere, status, tasks, vigil, watch, watchers
from tui_mail.sync.engine import Engine

pytestmark = pytest.mark.server

NEVER = 10_000.0
WITHOUT_NOTIFY = (
    "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UNSELECT UIDPLUS MOVE ESEARCH LIST-EXTENDED"
    " LIST-STATUS SPECIAL-USE CONDSTORE QRESYNC"
)


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found by asking: what is seen was told."""
    for name in ("POLL_SECONDS", "SLOW_POLL_SECONDS", "NET_SECONDS", "CHECK_SECONDS"):
        monkeypatch.setattr(tasks, name, NEVER)
    monkeypatch.setattr(worker, "CHECK_SECONDS", NEVER)
    monkeypatch.setattr(watch, "NOOP_SECONDS", NEVER)


@contextmanager
def lacking(tmp_path: Path, **options: str | int) -> Iterator[Person]:
    """Somebody on a server of their own."""
    if missing():
        pytest.skip(missing())
    with Dovecot(**options) as server:
        yield Person(server, tmp_path / "home")


def moved_elsewhere(person: Person, folder: str) -> None:
    """Another client moves the first message of the inbox."""
    other = person.elsewhere()
    answer, _ = other.uid("COPY", "1", folder)
    assert answer == "OK"
    other.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
    other.expunge()
    other.logout()


def state(client: MailClient, account: str = "work") -> AccountStatus:
    return next(status for status in client.statuses() if status.account == account)


# --- being told, and asking -----------------------------------------------------------------------


def test_notify_tells_of_every_folder(person: Person, untold: None) -> None:
    """NOTIFY: mail in a folder that is not on the screen is seen without asking."""
    person.deliver(1, 2)
    with person.client() as client:
        settled(client)
        moved_elsewhere(person, "Archive")
        wait_for(lambda: subjects_shown(client, Role.ARCHIVE) == ["Number 1"], "told of the archive")
        wait_for(lambda: subjects_shown(client) == ["Number 2"], "told of the inbox")


def test_idle_tells_of_the_inbox_and_of_the_folder_on_the_screen(tmp_path: Path, untold: None) -> None:
    """IDLE without NOTIFY: two lines watch two folders."""
    with lacking(tmp_path, imap_capability=WITHOUT_NOTIFY) as person:
        person.deliver(1, 2)
        with person.client() as client:
            settled(client)
            client.watch_folder(client.find_folder("Archive").id)
            person.deliver(3)
            wait_for(lambda: "Number 3" in subjects_shown(client), "told of the inbox")
            moved_elsewhere(person, "Archive")
            wait_for(lambda: subjects_shown(client, Role.ARCHIVE) == ["Number 1"], "told of the archive")


@pytest.mark.parametrize("capability", [WITHOUT_NOTIFY, BASIC], ids=["list-status", "status"])
def test_other_folders_are_asked_for_news(
    tmp_path: Path, untold: None, monkeypatch: pytest.MonkeyPatch, capability: str
) -> None:
    """What no line watches is found by LIST-STATUS, or STATUS."""
    monkeypatch.setattr(tasks, "POLL_SECONDS", 0.3)
    monkeypatch.setattr(tasks, "SLOW_POLL_SECONDS", 0.3)
    with lacking(tmp_path, imap_capability=capability) as person:
        person.deliver(1, 2)
        with person.client() as client:
            settled(client)
            moved_elsewhere(person, "Junk")
            wait_for(lambda: subjects_shown(client, Role.JUNK) == ["Number 1"], "found in the folder")


def test_a_server_without_idle_is_asked(tmp_path: Path, untold: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of 2003: NOOP on the watcher's line."""
    monkeypatch.setattr(watch, "NOOP_SECONDS", 0.2)
    with lacking(tmp_path, imap_capability=BARE) as person:
        person.deliver(1)
        with person.client() as client:
            settled(client)
            person.deliver(2)
            wait_for(lambda: subjects_shown(client) == ["Number 1", "Number 2"], "the new row")


# --- one connection -------------------------------------------------------------------------------


def connections(person: Person) -> int:
    """How many this person has."""
    return person.server.doveadm("-f", "tab", "who", "-1", person.user).count("\timap\t")


def test_too_many_connections(tmp_path: Path, untold: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that allows one: news and actions all on it; two again when it allows that."""
    monkeypatch.setattr(watchers, "FEWER_SECONDS", 0.5)
    monkeypatch.setattr(watchers, "AGAIN_SECONDS", 0.5)
    with lacking(tmp_path, mail_max_userip_connections=1) as person:
        person.deliver(1, 2)
        with person.client() as client:
            settled(client)
            wait_for(lambda: "Maximum number of connections" in person.server.log, "the second line is refused")
            for number in (3, 4):
                person.deliver(number)
                wait_for(lambda number=number: f"Number {number}" in subjects_shown(client), "told on the only line")
            client.archive([row.id for row in shown(client) if row.subject == "Number 1"]).result()
            found = ("search", "-u", person.user, "mailbox", "Archive", "subject", "Number 1")
            wait_for(lambda: person.server.doveadm(*found).strip(), "the action went out")
            assert state(client).state is LinkState.LIVE
            archive = client.find_folder("Archive")
            client.watch_folder(archive.id)
            wait_for(lambda: len(client.first_rows(archive.id)) == 1, "the folder on the screen")
            person.server.doveadm("move", "-u", person.user, "Archive", "mailbox", "INBOX", "subject", "Number 2")
            wait_for(lambda: len(client.first_rows(archive.id)) == 2, "told of the folder on the screen")
            person.server.kill()
            person.server.options["mail_max_userip_connections"] = 10
            person.server.start()
            client.retry()
            wait_for(lambda: state(client).state is LinkState.LIVE, "live again")
            monkeypatch.setattr(tasks, "POLL_SECONDS", 0.2)
            client.sync_now()
            wait_for(lambda: connections(person) > 1, "a second line")


def test_the_last_line_is_refused_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody else has them all: said in a sentence, and tried again without a loop."""

    def talk(peer: Peer) -> None:
        peer.say(b"* BYE [ALERT] Too many simultaneous connections. (Failure)")

    with Scripted(talk) as server, on(tmp_path, server) as client:
        wait_for(lambda: state(client).state is LinkState.OFFLINE, "offline")
        assert "no more connections" in state(client).sentence
        wait_for(lambda: state(client).retry_at > time.time() + 30, "not before a minute")
        assert state(client).exit_code == 75


def test_throttled(tmp_path: Path) -> None:
    """A server that names a time is left alone for that long."""

    def talk(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready")
        tag, _ = peer.command(b"AUTHENTICATE")
        peer.say(tag + b" BAD Request is throttled. Suggested Backoff Time: 250000 milliseconds")
        peer.wait_for_end()

    with Scripted(talk) as server, on(tmp_path, server) as client:
        wait_for(lambda: state(client).state is LinkState.OFFLINE, "offline")
        assert 240 < state(client).retry_at - time.time() < 300
        assert "left alone" in state(client).sentence


@contextmanager
def on(tmp_path: Path, server: Scripted) -> Iterator[MailClient]:
    """A client of a scripted server."""
    account = Account("work", "Anna", "anna@example.org", Protocol.IMAP, server.server())
    client = MailClient(paths(tmp_path / "home"), [account], secret=lambda _: "secret")
    client.start()
    try:
        yield client
    finally:
        client.stop()


# --- silence --------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes half a minute takes half a second."""
    monkeypatch.setattr(vigil, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(status, "UNANSWERED_SECONDS", 0.3)
    monkeypatch.setattr(worker, "DEAD_SECONDS", 0.6)
    monkeypatch.setattr(watch, "SLICE_SECONDS", 0.5)
    monkeypatch.setattr(news, "DONE_PATIENCE", 0.6)


def states(events: list[Event]) -> list[LinkState]:
    """The states that were told, one after the other."""
    told = [event.status.state for event in events if isinstance(event, StatusChanged)]
    return [now for now, before in zip(told, [None, *told], strict=False) if now is not before]


def test_a_dead_line_is_noticed_and_made_anew(person: Person, impatient: None) -> None:
    """Everything is swallowed and nothing hangs up: waiting is said, then offline; what was done meanwhile goes out."""
    person.deliver(1, 2)
    with FaultyLine(person.server) as line:
        person.account = replace(line.account(person.user), name="work")
        with person.client() as client:
            settled(client)
            person.events.clear()
            line.slow = NEVER
            client.archive([row.id for row in shown(client) if row.subject == "Number 1"]).result()
            wait_for(lambda: LinkState.WAITING in states(person.events), "waiting is said")
            wait_for(lambda: LinkState.OFFLINE in states(person.events), "the line is given up", 40)
            line.heal()
            client.retry()
            wait_for(lambda: person.subjects("Archive") == ["Number 1"], "the action went out", 30)
            settled(client)


def test_a_quiet_dead_line_is_noticed(person: Person, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks for anything: the worker's line is tried now and then, and the watcher's at each slice."""
    monkeypatch.setattr(tasks, "CHECK_SECONDS", 0.4)
    monkeypatch.setattr(worker, "CHECK_SECONDS", 0.4)
    with FaultyLine(person.server) as line:
        person.account = replace(line.account(person.user), name="work")
        with person.client() as client:
            settled(client)
            person.events.clear()
            line.slow = NEVER
            wait_for(lambda: LinkState.OFFLINE in states(person.events), "the line is given up", 40)
            assert states(person.events)[0] is LinkState.WAITING


def test_a_hung_server_comes_back(person: Person, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processes are stopped: waiting is said; they go on: live again on the same line."""
    monkeypatch.setattr(news, "DONE_PATIENCE", 30.0)
    person.deliver(1)
    with person.client() as client:
        settled(client)
        sessions = [child for child in psutil.Process().children(recursive=True) if child.name() == "imap"]
        assert sessions
        try:
            for process in sessions:
                process.send_signal(signal.SIGSTOP)
            client.mark([shown(client)[0].id], add=Flag.FLAGGED).result()
            wait_for(lambda: state(client).state is LinkState.WAITING, "waiting is said")
            wait_for(lambda: state(client).pending == 1, "what waits is counted")
            person.events.clear()
        finally:
            for process in sessions:
                with suppress(psutil.Error):
                    process.send_signal(signal.SIGCONT)
        wait_for(lambda: state(client).state is LinkState.LIVE, "live again")
        wait_for(lambda: person.flags() == [r"\Flagged"], "the action went out")
        assert LinkState.OFFLINE not in states(person.events)


# --- sleep and other networks ---------------------------------------------------------------------


@dataclass
class Turned:
    """A clock that can jump, and a network that can be another one."""

    slept: float = 0.0
    address: str = "10.0.0.5"

    def clock(self) -> float:
        return time.time() + self.slept

    def source(self, peer: str) -> str:
        return self.address


@contextmanager
def engine_of(person: Person, turned: Turned) -> Iterator[Engine]:
    """The engine without a client, whose clock and network a test turns."""
    where = paths(person.home)
    db = Database(where)
    engine = Engine(
        where, db, [person.account], secret, person.events.append, Attention(), clock=turned.clock, source=turned.source
    )
    assert engine.take_lock()
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()
        db.close()


@pytest.mark.parametrize("what", ["sleep", "address"])
def test_the_computer_slept_or_is_in_another_network(
    person: Person, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lines are made anew at once."""
    monkeypatch.setattr(vigil, "TICK_SECONDS", 0.05)
    turned = Turned()
    with engine_of(person, turned) as engine:
        work = engine.workers["work"]
        wait_for(lambda: work.status.state is LinkState.LIVE, "live")
        wait_for(lambda: connections(person) == 2, "two lines")
        person.events.clear()
        if what == "sleep":
            turned.slept = 3600.0
        else:
            turned.address = "172.16.0.9"
        wait_for(lambda: LinkState.CONNECTING in states(person.events), "made anew")
        wait_for(lambda: work.status.state is LinkState.LIVE, "live again")
        wait_for(lambda: connections(person) == 2, "two lines again")
        assert states(person.events).count(LinkState.CONNECTING) == 1


def test_waking_up_ends_a_long_wait(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try was minutes away; after the sleep it is made at once."""
    monkeypatch.setattr(vigil, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(connection.Backoff, "next", lambda _: 600.0)
    turned = Turned()
    with FaultyLine(person.server) as line:
        person.account = replace(line.account(person.user), name="work")
        line.go_offline()
        with engine_of(person, turned) as engine:
            work = engine.workers["work"]
            wait_for(lambda: work.status.state is LinkState.OFFLINE, "offline")
            assert work.status.retry_at > time.time() + 500
            line.heal()
            turned.slept = 3600.0
            wait_for(lambda: work.status.state is LinkState.LIVE, "live")


# --- passwords ------------------------------------------------------------------------------------


def test_password_changed_in_the_middle(person: Person) -> None:
    """Refused after hours: asked for anew once, then a person is asked, and the server is left alone."""
    person.deliver(1)
    known = ["secret"]
    asked = list[int]()

    def ask(_: Account) -> str:
        asked.append(1)
        return known[0]

    client = MailClient(paths(person.home), [person.account], secret=ask)
    client.start()
    try:
        settled(client)
        person.server.new_user("other", person.user)
        person.server.kill()
        person.server.start()
        wait_for(lambda: state(client).state is LinkState.REFUSED, "refused", 30)
        assert state(client).exit_code == 77
        assert state(client).retry_at == 0
        refused = len(asked)
        person.deliver(2)
        assert [row.subject for row in shown(client)] == ["Number 1"]
        assert len(asked) == refused
        known[0] = "other"
        client.retry()
        wait_for(lambda: len(shown(client)) == 2, "let in with the new one")
    finally:
        client.stop()


def test_password_changed_here_as_well(person: Person) -> None:
    """The keyring has the new one already: nobody is asked."""
    person.deliver(1)
    answers = iter(["old"])
    seen = list[Event]()
    client = MailClient(paths(person.home), [person.account], secret=lambda _: next(answers, "secret"))
    client.subscribe(seen.append)
    client.start()
    try:
        settled(client)
        assert LinkState.REFUSED not in states(seen)
    finally:
        client.stop()


def test_only_the_second_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker goes on by itself, and the refused login is not tried again and again."""
    monkeypatch.setattr(watchers, "AGAIN_SECONDS", 0.0)
    logins = list[int]()
    turn = threading.Lock()

    def talk(peer: Peer) -> None:
        with turn:
            logins.append(1)
            first = len(logins) == 1
        if not first:
            peer.say(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready")
            tag, _ = peer.command(b"AUTHENTICATE")
            peer.say(tag + b" NO [AUTHENTICATIONFAILED] no")
            peer.wait_for_end()
            return
        peer.log_in(b"IMAP4rev1 SASL-IR AUTH=PLAIN IDLE")
        while True:
            tag, text = peer.command()
            word = text.split()[0].upper()
            if word == b"IDLE":
                peer.say(b"+ idling")
                assert peer.line() == b"DONE"
            if word == b"LIST":
                peer.say(b'* LIST () "/" INBOX')
            if word == b"SELECT":
                peer.say(b"* 0 EXISTS", b"* OK [UIDVALIDITY 1] v", b"* OK [UIDNEXT 1] n")
            if word == b"STATUS":
                peer.say(b"* STATUS INBOX (MESSAGES 0 UNSEEN 0 UIDNEXT 1 UIDVALIDITY 1)")
            peer.say(tag + b" OK done")

    with Scripted(talk) as server, on(tmp_path, server) as client:
        settled(client)
        wait_for(lambda: b"IDLE" in b" ".join(server.seen), "the worker watches by itself")
        client.sync_now()
        settled(client)
        assert len(logins) == 2
        assert state(client).state is LinkState.LIVE


# --- several accounts -----------------------------------------------------------------------------


def test_one_account_does_not_touch_another(person: Person) -> None:
    """One works; one has a wrong password, one server is not there, one says nothing, one shows a wrong certificate."""
    good = person.account
    other = person.server.new_user()
    person.deliver(1)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
        closed.close()
        accounts = [
            replace(person.server.account(other), name="locked"),
            replace(good, name="away", incoming=replace(good.incoming, port=nobody)),
            replace(good, name="hung", incoming=replace(good.incoming, port=silent.getsockname()[1])),
            replace(good, name="untrusted", incoming=replace(good.incoming, ca_file="")),
            good,
        ]
        secrets = {"locked": "wrong"}
        client = MailClient(paths(person.home), accounts, secret=lambda one: secrets.get(one.name, "secret"))
        client.start()
        try:
            wait_for(lambda: state(client).state is LinkState.LIVE, "the good one is live")
            person.deliver(2)
            inbox = client.find_folder("INBOX", "work").id
            wait_for(lambda: len(client.first_rows(inbox)) == 2, "mail comes")
            client.archive([row.id for row in client.first_rows(inbox) if row.subject == "Number 1"]).result()
            wait_for(lambda: person.subjects("Archive") == ["Number 1"], "actions go")
            wait_for(lambda: state(client, "locked").exit_code == 77, "refused")
            wait_for(lambda: state(client, "away").exit_code == 69, "not there")
            wait_for(lambda: state(client, "untrusted").state is LinkState.REFUSED, "not trusted")
            assert state(client, "hung").state in (LinkState.CONNECTING, LinkState.OFFLINE)
            assert state(client).state is LinkState.LIVE
        finally:
            client.stop()


# --- told to other processes ----------------------------------------------------------------------


def test_another_process_shows_what_the_engine_says(person: Person) -> None:
    """Live, offline, live: the same in both, and as events in the one that is not the engine."""
    person.deliver(1)
    with person.client() as first:
        settled(first)
        with person.client() as second:
            wait_for(lambda: second.is_settled and not second.is_engine, "decided")
            wait_for(lambda: second.statuses()[0].state is LinkState.LIVE, "live there as well")
            assert second.statuses()[0].heard > 0
            person.events.clear()
            person.server.kill()
            try:
                wait_for(lambda: second.statuses()[0].state is LinkState.OFFLINE, "offline there as well")
                assert second.statuses()[0].sentence == first.statuses()[0].sentence
            finally:
                person.server.start()
            first.retry()
            wait_for(lambda: second.statuses()[0].state is LinkState.LIVE, "live again")
    assert LinkState.OFFLINE in states(person.events)


def test_what_a_stopped_engine_said_is_not_believed(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the lock and says nothing: that is what is shown."""
    monkeypatch.setattr(elsewhere, "BELIEVED_SECONDS", -1.0)
    with person.client() as first:
        settled(first)
        with person.client() as second:
            wait_for(lambda: second.is_settled and not second.is_engine, "decided")
            wait_for(lambda: "said nothing" in second.statuses()[0].sentence, "not believed")
            assert second.statuses()[0].exit_code == 75


def test_what_the_last_engine_said_is_forgotten(person: Person) -> None:
    """Accounts that are gone, and states of another time."""
    db = Database(paths(person.home))
    gone = AccountStatus("gone", LinkState.LIVE)
    db.run(lambda txn: links.tell(txn, gone, time.time()))
    db.close()
    with person.client() as client:
        settled(client)
        wait_for(lambda: client.statuses()[0].state is LinkState.LIVE, "live")
    db = Database(paths(person.home))
    try:
        assert links.told(db.read()).keys() == {"work"}
    finally:
        db.close()


def sync_beside(person: Person, *words: str) -> subprocess.CompletedProcess[str]:
    """`tui-mail sync` in another process."""
    argv = [sys.executable, "-m", "tui_mail", "--home", str(person.home), "sync", *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_sync_beside_an_engine_tells_the_truth(person: Person) -> None:
    """0 when that engine is live and has looked; 75 with its sentence when it is offline; 77 when it was refused."""
    person.deliver(1)
    add_account(paths(person.home), person.account)
    password = ["secret"]
    client = MailClient(paths(person.home), [person.account], secret=lambda _: password[0])
    client.start()
    try:
        settled(client)
        done = sync_beside(person)
        assert (done.returncode, done.stdout) == (0, "work: 1 messages\n"), done.stderr
        person.server.kill()
        wait_for(lambda: state(client).state is LinkState.OFFLINE, "offline")
        down = sync_beside(person)
        assert down.returncode in (69, 75)
        assert "work: " in down.stderr
        password[0] = "wrong"
        person.server.start()
        client.retry()
        wait_for(lambda: state(client).state is LinkState.REFUSED, "refused")
        refused = sync_beside(person)
        assert refused.returncode == 77
        assert "password" in refused.stderr
    finally:
        client.stop()


def test_mail_that_came_before_the_sync_is_there_after_it(tmp_path: Path, untold: None) -> None:
    """The engine is asked to look at every folder, also at those that nothing watches."""
    with lacking(tmp_path, imap_capability=WITHOUT_NOTIFY) as person:
        person.deliver(1, 2)
        add_account(paths(person.home), person.account)
        with person.client() as client:
            settled(client)
            moved_elsewhere(person, "Junk")
            done = sync_beside(person)
            assert done.returncode == 0, done.stderr
            assert subjects_shown(client, Role.JUNK) == ["Number 1"]
