"""News by themselves, on every kind of server; and lines that are dead, hung, refused or asked to stay away."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from tests.servers.dovecot import BARE, BASIC
from tests.servers.faults import FaultyLine
from tests.servers.scripted import Peer, Scripted
from tests.sync.conftest import Person, settled, shown, subjects_shown, wait_for
from tests.sync.lines import NEVER, WITHOUT_NOTIFY, lacking, moved_elsewhere, on, only_told, state, states
from tui_mail.attention import Attention
from tui_mail.config.secrets import secret
from tui_mail.model import Flag, LinkState, Role
from tui_mail.net import connection, news
from tui_mail.paths import paths
from tui_mail.store.database import Database
from tui_mail.sync import account as worker
from tui_mail.sync import status, tasks, vigil, watch, watchers
from tui_mail.sync.engine import Engine

pytestmark = pytest.mark.server


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found by asking: what is seen was told."""
    only_told(monkeypatch)


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


# --- silence --------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes half a minute takes half a second."""
    monkeypatch.setattr(vigil, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(status, "UNANSWERED_SECONDS", 0.3)
    monkeypatch.setattr(worker, "DEAD_SECONDS", 0.6)
    monkeypatch.setattr(watch, "SLICE_SECONDS", 0.5)
    monkeypatch.setattr(news, "DONE_PATIENCE", 0.6)


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
            wait_for(lambda: LinkState.OFFLINE in states(person.events), "the line is given up")
            line.heal()
            client.retry()
            wait_for(lambda: person.subjects("Archive") == ["Number 1"], "the action went out")
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
            wait_for(lambda: LinkState.OFFLINE in states(person.events), "the line is given up")
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


def test_patience_adds_up() -> None:
    """A dead line is noticed within 90 s and sleep within 30 s, in the worst order of things."""
    told = watch.SLICE_SECONDS + news.DONE_PATIENCE  # the watcher's line; the worker's too where there is only one
    asked = watch.NOOP_SECONDS + news.NOOP_PATIENCE  # without IDLE
    own = tasks.CHECK_SECONDS + news.NOOP_PATIENCE  # the worker's, though nobody waits for anything
    assert max(told + worker.DEAD_SECONDS, asked, own) + vigil.TICK_SECONDS <= 90
    assert vigil.SLEPT_SECONDS + vigil.TICK_SECONDS <= 30
    assert status.UNANSWERED_SECONDS < worker.DEAD_SECONDS


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
