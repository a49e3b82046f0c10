"""An account by POP3 becomes one by IMAP, or the other way round: nothing is lost, doubled or deleted."""

from __future__ import annotations

import imaplib
import random
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import message, wait_for
from tests.sync.conversions import convert, convert_and_die, everything, opened, read_and_die, set_up
from tui_mail.client import MailClient
from tui_mail.client.converting import Conversion, server_of
from tui_mail.config import accounts as configuration
from tui_mail.config import changing, secrets
from tui_mail.errors import CannotUndo, MailError
from tui_mail.model import ChangeState, Flag, LinkState, Protocol, Role, Row
from tui_mail.paths import paths
from tui_mail.sync import alarms

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]

STEPS = sorted(random.sample(range(3, 50), 4))
"""Commits at which a process dies; other ones in each run."""
NAMELESS = (
    b"From: cron@example.org\r\nTo: ola@example.org\r\nSubject: %s\r\nDate: Mon, 02 Nov 2026 10:00:00 +0000\r\n"
    b"\r\nNo name, %s.\r\n"
)


def rows(client: MailClient, account: str, role: Role = Role.INBOX) -> dict[str, Row]:
    """The rows of a folder by subject."""
    [folder] = [folder for folder in client.folders() if (folder.account, folder.role) == (account, role)]
    return {row.subject: row for row in client.first_rows(folder.id, 100_000)}


def done(client: MailClient, *changes: object) -> None:
    for change in changes:
        wait_for(lambda change=change: client.state_of(change) is ChangeState.DONE, "it is carried out")


def on_server(dovecot: Dovecot, user: str, folder: str = "INBOX") -> list[str]:
    line: imaplib.IMAP4_SSL = dovecot.connect(user, folder)
    try:
        _, data = line.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    finally:
        line.logout()
    return sorted(part[1].split(b":", 1)[1].strip().decode() for part in data if isinstance(part, tuple))


def numbers(*wanted: int) -> list[str]:
    return sorted(f"Number {number}" for number in wanted)


def lived_in(dovecot: Dovecot, home: Path) -> str:
    """A POP3 account: 20 messages, of which 5 are only here; some are marked and filed."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 21)))
    dovecot.deliver(user, NAMELESS % (b"Nameless A", b"A"), NAMELESS % (b"Nameless A", b"B"))
    set_up(home, dovecot, user, Protocol.POP3)
    with opened(home) as client:
        inbox = rows(client, "work")
        assert len(inbox) == 21  # two have one subject
        marked = client.mark([inbox["Number 7"].id], add=Flag.SEEN | Flag.FLAGGED).result(10)
        filed = client.archive([inbox["Number 8"].id, inbox["Number 1"].id]).result(10)
        thrown = client.delete([inbox["Number 9"].id]).result(10)
        done(client, marked, filed, thrown)
    line = dovecot.connect(user, "INBOX")
    line.store("1:5", "+FLAGS", "\\Deleted")
    line.expunge()
    line.logout()
    return user


def test_pop3_becomes_imap(dovecot: Dovecot, tmp_path: Path) -> None:
    """What both have is one row, with its flags and folder; what only this computer has stays readable here."""
    user = lived_in(dovecot, tmp_path)
    plan = convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"])
    assert any("deletes nothing" in sentence for sentence in plan.sentences)
    with opened(tmp_path) as client:
        wait_for(lambda: "Number 8" in on_server(dovecot, user, "Archive"), "what was archived is archived there")
        wait_for(lambda: "Number 9" in on_server(dovecot, user, "Trash"), "what was thrown away is in the trash there")
        wait_for(lambda: not client.statuses()[0].pending, "nothing waits")
        wait_for(lambda: len(everything(client)["work"]) == 17, "the server's are there")
        wait_for(lambda: len(everything(client)["work-local"]) == 5, "those without a name are joined")
        here = everything(client)
        assert [subject for subject, _, _ in here["work-local"]] == numbers(1, 2, 3, 4, 5)
        assert [subject for subject, _, _ in here["work"]] == sorted([*numbers(*range(6, 21)), *["Nameless A"] * 2])
        assert all(whole for held in here.values() for _, _, whole in held)
        read = sorted(row.subject for row in rows(client, "work").values() if row.flags & Flag.SEEN)
        assert read == ["Number 7"]  # the server took all of them for read once POP3 had fetched them
        assert rows(client, "work")["Number 7"].flags & (Flag.SEEN | Flag.FLAGGED) == Flag.SEEN | Flag.FLAGGED
        assert list(rows(client, "work-local", Role.ARCHIVE)) == ["Number 1"]
        old = [change for change in client.changes() if change.account == "work-local" and change.count]
        assert [change.count for change in old] == [1, 2, 1]
        assert not any(change.undoable for change in old)
        filed = [change for change in client.changes() if "as before" in change.summary]
        assert filed
        with pytest.raises(CannotUndo):  # what comes next is older, and of the account that was
            client.undo().result(10)
        assert {change.undone for change in client.changes() if "as before" in change.summary} == {False}
        assert list(rows(client, "work", Role.ARCHIVE)) == ["Number 8"]
        bodies = {client.raw(row.id) for row in rows_of(client, "work", "Nameless A")}
        assert len(bodies) == 2
    assert on_server(dovecot, user) == sorted([*numbers(6, 7, *range(10, 21)), *["Nameless A"] * 2])
    with opened(tmp_path) as client:  # and it stays so
        assert everything(client) == here


def rows_of(client: MailClient, account: str, subject: str) -> list[Row]:
    [inbox] = [folder for folder in client.folders() if (folder.account, folder.role) == (account, Role.INBOX)]
    return [row for row in client.first_rows(inbox.id, 100_000) if row.subject == subject]


def test_what_is_only_here_is_uploaded_once(dovecot: Dovecot, tmp_path: Path) -> None:
    """With --upload the server gets what it lacks, in the same folders, and it is shown in one place."""
    user = lived_in(dovecot, tmp_path)
    convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"], upload=True)
    with opened(tmp_path) as client:
        wait_for(lambda: not everything(client)["work-local"], "nothing is only here", 60)
        wait_for(lambda: not client.statuses()[0].pending, "nothing waits")
        assert len(everything(client)["work"]) == 22
        assert any(change.summary.startswith("uploaded:") for change in client.changes())
        with pytest.raises(CannotUndo):
            client.undo().result(10)
        assert len(everything(client)["work"]) == 22
    assert on_server(dovecot, user, "Archive") == numbers(1, 8)
    assert on_server(dovecot, user) == sorted([*numbers(*range(2, 8), *range(10, 21)), *["Nameless A"] * 2])


def test_what_sleeps_goes_on_sleeping(dovecot: Dovecot, tmp_path: Path) -> None:
    """What only this computer has is uploaded with its moment; what the server has too is moved and marked there."""
    user = lived_in(dovecot, tmp_path)
    with opened(tmp_path) as client:
        here = rows(client, "work")
        done(client, client.snooze([here["Number 2"].id, here["Number 10"].id], time.time() + 86_400).result(10))
    convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"], upload=True)
    with opened(tmp_path) as client:
        wait_for(lambda: not everything(client)["work-local"], "nothing is only here", 60)
        wait_for(
            lambda: any(folder.name == "Snoozed" and folder.total == 2 for folder in client.folders()), "both sleep"
        )
        wait_for(lambda: not client.statuses()[0].pending, "nothing waits")
        assert on_server(dovecot, user, "Snoozed") == numbers(2, 10)
        assert alarms.ring(client._db, time.time() + 2 * 86_400) == 2
        client._wake()
        wait_for(lambda: {"Number 2", "Number 10"} <= set(on_server(dovecot, user)), "both are back")


@pytest.mark.parametrize("at", range(4))
def test_killed_while_it_is_read(at: int, dovecot: Dovecot, tmp_path: Path) -> None:
    """The first reading of the server and the upload after it go on where they were; each message is there once."""
    user, nth = lived_in(dovecot, tmp_path), STEPS[at]
    convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"], upload=True)
    for moment in ("before", "after"):
        read_and_die(tmp_path, nth, moment)
    with opened(tmp_path) as client:
        wait_for(lambda: not everything(client)["work-local"], "nothing is only here", 60)
        wait_for(lambda: not client.statuses()[0].pending, "nothing waits")
        assert len(everything(client)["work"]) == 22
    assert on_server(dovecot, user, "Archive") == numbers(1, 8)
    assert on_server(dovecot, user) == sorted([*numbers(*range(2, 8), *range(10, 21)), *["Nameless A"] * 2])


def imap_account(dovecot: Dovecot, home: Path) -> str:
    """An IMAP account whose mail is here, in three folders."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 13)))
    dovecot.deliver(user, NAMELESS % (b"Nameless A", b"A"), NAMELESS % (b"Nameless A", b"B"))
    set_up(home, dovecot, user, Protocol.IMAP)
    with opened(home) as client:
        inbox = rows(client, "work")
        marked = client.mark([inbox["Number 7"].id], add=Flag.FLAGGED).result(10)
        filed = client.archive([inbox["Number 8"].id]).result(10)
        done(client, marked, filed)
        wait_for(lambda: all(whole for _, _, whole in everything(client)["work"]), "all bodies are here")
    return user


def test_imap_becomes_pop3(dovecot: Dovecot, tmp_path: Path) -> None:
    """Folders and flags stay; what POP3 lists is known by what it is, and only what is new is fetched."""
    user = imap_account(dovecot, tmp_path)
    convert(tmp_path, Protocol.POP3, dovecot.ports["pop3s"])
    dovecot.deliver(user, message(13))
    with opened(tmp_path) as client:
        everywhere = [subject for subject, _, _ in everything(client)["work"]]
        assert everywhere == sorted([*numbers(*range(1, 14)), *["Nameless A"] * 2])
        assert rows(client, "work")["Number 7"].flags & Flag.FLAGGED
        assert list(rows(client, "work", Role.ARCHIVE)) == ["Number 8"]
        filed = client.archive([rows(client, "work")["Number 2"].id]).result(10)
        done(client, filed)
        client.sync_now()
        wait_for(lambda: client.wait_until_synced("work", 0.2), "another visit")
        assert len(everything(client)["work"]) == 15
    assert len(on_server(dovecot, user)) == 14


def test_there_and_back(dovecot: Dovecot, tmp_path: Path) -> None:
    """IMAP, POP3, IMAP again: each message once, none only half there."""
    imap_account(dovecot, tmp_path)
    convert(tmp_path, Protocol.POP3, dovecot.ports["pop3s"])
    with opened(tmp_path) as client:
        before = everything(client)["work"]
    convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"])
    with opened(tmp_path) as client:
        wait_for(lambda: not everything(client)["work-local"], "all of it is on the server")
        assert [one[0] for one in everything(client)["work"]] == [one[0] for one in before]


def test_twice_the_same_way(dovecot: Dovecot, tmp_path: Path) -> None:
    """The second time another account keeps what is here; the first one is as it was."""
    lived_in(dovecot, tmp_path)
    convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"])
    with opened(tmp_path) as client:
        wait_for(lambda: len(everything(client)["work-local"]) == 5, "what only this computer has is kept")
        wait_for(lambda: all(whole for _, _, whole in everything(client)["work"]), "all bodies are here")
        wait_for(lambda: not client.statuses()[0].pending, "nothing waits")
    convert(tmp_path, Protocol.POP3, dovecot.ports["pop3s"])
    with opened(tmp_path) as client:
        assert len(everything(client)["work"]) == 17
    plan = convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"])
    assert plan.beside is not None
    assert plan.beside.name == "work-local2"
    with opened(tmp_path) as client:
        wait_for(lambda: not everything(client)["work-local2"], "all of it is on the server")
        assert {account: len(held) for account, held in everything(client).items()} == {
            "work": 17, "work-local": 5, "work-local2": 0,
        }  # fmt: skip


def test_written_between_a_kill_and_the_next_start(dovecot: Dovecot, tmp_path: Path) -> None:
    """A draft that was begun in the account that config.toml promised already is in it once the change has ended."""
    lived_in(dovecot, tmp_path / "home")
    for nth in range(1, 9):
        home = tmp_path / f"{nth}"
        _copy_of(tmp_path / "home", home)
        assert convert_and_die(home, Protocol.IMAP, dovecot.ports["imaps"], nth, "after")
        if "work-local" in [account.name for account in configuration.load(paths(home)).accounts]:
            break
    client = MailClient(paths(home))
    try:
        [here] = [account for account in client.accounts if account.name == "work-local"]
        draft = replace(client.blank_draft().result(10).draft, account=here.name, subject="Half a letter")
        client.keep_draft(draft).result(10)
    finally:
        client.stop()
    with opened(home) as client:
        wait_for(lambda: list(rows(client, "work-local", Role.DRAFTS)) == ["Half a letter"], "the draft is kept")
        wait_for(lambda: _count(client) == 23, "and all mail")
        assert [draft.subject for draft in client.drafts()] == ["Half a letter"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("to", [Protocol.IMAP, Protocol.POP3])
def test_killed_at_every_step(to: Protocol, moment: str, dovecot: Dovecot, tmp_path: Path) -> None:
    """Killed before or after any commit of it, the account is the old one or the new one, with all its mail."""
    first, listener = (imap_account, "pop3s") if to is Protocol.POP3 else (lived_in, "imaps")
    user = first(dovecot, tmp_path / "home")
    seen, expected = set[Protocol](), 14 if to is Protocol.POP3 else 22
    for nth in range(1, 12):
        home = tmp_path / f"{nth}"
        _copy_of(tmp_path / "home", home)
        if not convert_and_die(home, to, dovecot.ports[listener], nth, moment):
            break
        [now] = [one.protocol for one in configuration.load(paths(home)).accounts if one.name == "work"]
        seen.add(now)
        with opened(home) as client:
            assert {status.state for status in client.statuses()} == {LinkState.LIVE}
            wait_for(lambda client=client: _count(client) == expected, f"all are here once, killed {moment} {nth}")
            assert all(whole for held in everything(client).values() for _, _, whole in held)
    else:
        pytest.fail("it has no end")
    assert seen == {Protocol.IMAP, Protocol.POP3}
    assert user


def _copy_of(home: Path, copy: Path) -> None:
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("*.sock", "*.lock"))


def _count(client: MailClient) -> int:
    return sum(len(held) for held in everything(client).values())


def test_what_stands_in_the_way(dovecot: Dovecot, tmp_path: Path) -> None:
    """Bodies that are not here, and actions that wait, are to be seen to first; nothing is changed."""
    user = dovecot.new_user()
    dovecot.deliver(user, *(message(number) for number in range(1, 4)))
    account = replace(dovecot.account(user), name="work", keep_bodies="opened")
    changing.add_account(paths(tmp_path), account)
    with opened(tmp_path):
        pass
    before = (tmp_path / "config.toml").read_bytes()
    with pytest.raises(MailError, match="3 messages are not whole on this computer"):
        convert(tmp_path, Protocol.POP3, dovecot.ports["pop3s"])
    client = MailClient(paths(tmp_path))
    try:
        client.archive([next(iter(rows(client, "work").values())).id]).result(10)
        with pytest.raises(MailError, match="1 action has not reached the server"):
            convert(tmp_path, Protocol.POP3, dovecot.ports["pop3s"])
    finally:
        client.stop()
    assert (tmp_path / "config.toml").read_bytes() == before


def test_a_server_that_does_not_let_in(dovecot: Dovecot, tmp_path: Path) -> None:
    """The login is tried before anything is changed."""
    user = dovecot.new_user()
    set_up(tmp_path, dovecot, user, Protocol.POP3)
    before = configuration.load(paths(tmp_path)).account("work")
    after = replace(before, protocol=Protocol.IMAP, incoming=replace(before.incoming, port=1))
    with Conversion(paths(tmp_path), secrets.secret) as conversion:
        plan = conversion.plan(before, after, beside="work-local")
        with pytest.raises(MailError):
            conversion.check(plan)
    assert configuration.load(paths(tmp_path)).accounts == (before,)


def test_a_config_changed_by_hand_touches_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    """An account that is said to be another one in config.toml is left alone and says so; the command puts it right."""
    user = lived_in(dovecot, tmp_path)
    file = tmp_path / "config.toml"
    text = (
        file.read_text().replace('"pop3"', '"imap"').replace(str(dovecot.ports["pop3s"]), str(dovecot.ports["imaps"]))
    )
    file.write_text(text)
    client = MailClient(paths(tmp_path))
    client.start()
    try:
        wait_for(lambda: client.statuses()[0].state is LinkState.REFUSED, "it says that something is wrong")
        assert "account convert work --protocol imap" in client.statuses()[0].sentence
        assert len(everything(client)["work"]) == 22
    finally:
        client.stop()
    convert(tmp_path, Protocol.IMAP, dovecot.ports["imaps"])
    with opened(tmp_path) as client:
        wait_for(lambda: len(everything(client)["work-local"]) == 5, "what only this computer has is kept")
        assert _count(client) == 22
    assert len(on_server(dovecot, user)) + len(on_server(dovecot, user, "Archive")) >= 16


def test_the_usual_host() -> None:
    """pop.example.org and imap.example.org are taken for each other; what is told is taken."""
    from tui_mail.model import Account, Security, Server

    server = Server("pop.example.org", 995, Security.TLS, "ola")
    account = Account("work", "", "ola@example.org", Protocol.POP3, server)
    guess = server_of(account, Protocol.IMAP, host=None, port=None, security=None, user=None)
    assert (guess.host, guess.port) == ("imap.example.org", 993)
    told = server_of(account, Protocol.IMAP, host="mx.example.org", port=143, security=Security.STARTTLS, user="o")
    assert (told.host, told.port, told.security, told.user) == ("mx.example.org", 143, Security.STARTTLS, "o")
