"""Passwords that change, several accounts at once, and what other processes are told of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.scripted import Peer, Scripted
from tests.sync.conftest import Person, settled, shown, subjects_shown, wait_for
from tests.sync.lines import WITHOUT_NOTIFY, lacking, moved_elsewhere, on, only_told, state, states
from tui_mail.client import MailClient
from tui_mail.config.changing import add_account
from tui_mail.model import Account, AccountStatus, Event, LinkState, Role
from tui_mail.paths import paths
from tui_mail.store import links
from tui_mail.store.database import Database
from tui_mail.sync import elsewhere, vigil, watchers
from tui_mail.sync.engine import Engine

pytestmark = pytest.mark.server

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
        wait_for(lambda: state(client).state is LinkState.REFUSED, "refused")
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
                wait_for(lambda: second.statuses()[0].sentence == first.statuses()[0].sentence, "the same words")
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


def test_an_engine_that_gives_no_sign_of_life(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was stopped, or is stuck: it is named within seconds, instead of being believed; and heard again."""
    monkeypatch.setattr(vigil, "BEAT_SECONDS", 0.0)
    with person.client() as first:
        settled(first)
        file, engine = person.home / "state" / "engine.lock", first._engine
        assert isinstance(engine, Engine)
        os.utime(file, (1, 1))
        wait_for(lambda: file.stat().st_mtime > 1, "it beats")
        with person.client() as second:
            wait_for(lambda: second.is_settled and not second.is_engine, "decided")
            wait_for(lambda: second.statuses()[0].state is LinkState.LIVE, "what the engine says")
            engine._vigil.stop()
            engine._vigil.join()
            monkeypatch.setattr(elsewhere, "SILENT_SECONDS", 0.2)
            wait_for(lambda: second.statuses()[0].state is LinkState.UNANSWERED, "it is not believed")
            assert f"pid {os.getpid()}" in second.statuses()[0].sentence
            monkeypatch.setattr(elsewhere, "SILENT_SECONDS", 60.0)
            os.utime(file)
            wait_for(lambda: second.statuses()[0].state is LinkState.LIVE, "it is heard again")


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


def test_mail_that_came_before_the_sync_is_there_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine is asked to look at every folder, also at those that nothing watches."""
    only_told(monkeypatch)
    with lacking(tmp_path, imap_capability=WITHOUT_NOTIFY) as person:
        person.deliver(1, 2)
        add_account(paths(person.home), person.account)
        with person.client() as client:
            settled(client)
            moved_elsewhere(person, "Junk")
            done = sync_beside(person)
            assert done.returncode == 0, done.stderr
            assert subjects_shown(client, Role.JUNK) == ["Number 1"]
