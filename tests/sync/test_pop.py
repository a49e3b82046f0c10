"""POP3 accounts: what servers do with UIDLs, what is kept here, and what is made anew when mail.db is lost."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.courier import Courier
from tests.servers.dovecot import Dovecot
from tests.servers.pop3_scripted import CAPABILITIES, Kept, OddPop, Scheme
from tests.sync.conftest import message, shown, subjects_shown, wait_for
from tests.sync.writer import Writer, finished
from tui_mail.client import MailClient
from tui_mail.model import Account, ChangeState, Flag, LinkState, Protocol, Role
from tui_mail.outgoing import ComposeSettings
from tui_mail.paths import paths
from tui_mail.sync.plan_drop import Foretold

EVERY: tuple[Scheme, ...] = ("normal", "renamed", "content", "equal", "numbered", "absent")


@contextmanager
def visiting(home: Path, account: Account) -> Iterator[MailClient]:
    """A client that has visited the maildrop, or could not."""
    client = MailClient(paths(home), [account], secret=lambda _: "secret")
    client.compose = ComposeSettings(undo_send=0)
    client.start()
    try:
        wait_for(lambda: client.is_settled, "it is settled who the engine is")
        down = (LinkState.OFFLINE, LinkState.REFUSED)
        wait_for(
            lambda: client.wait_until_synced(account.name, 0.2) or client.statuses()[0].state in down, "a visit", 60
        )
        yield client
    finally:
        client.stop()


def again(client: MailClient) -> None:
    """One more visit."""
    client.sync_now()
    wait_for(lambda: client.wait_until_synced(client.accounts[0].name, 0.2), "another visit", 60)


def numbers(*wanted: int) -> list[str]:
    return sorted(f"Number {number}" for number in wanted)


@pytest.mark.parametrize("uidl", EVERY)
def test_whatever_a_server_calls_them(uidl: Scheme, certificate: Path, tmp_path: Path) -> None:
    """Each message is here once after one visit and after three, and new ones come."""
    with OddPop(certificate) as server:
        server.uidl = uidl
        server.deliver(*(message(number) for number in range(1, 31)))
        with visiting(tmp_path, server.account()) as client:
            assert subjects_shown(client) == numbers(*range(1, 31))
            again(client)
            server.deliver(message(31), message(32))
            again(client)
            assert subjects_shown(client) == numbers(*range(1, 33))


def test_all_names_change(certificate: Path, tmp_path: Path) -> None:
    """After a migration of the server nothing is downloaded again, and nothing is doubled."""
    with OddPop(certificate) as server:
        server.deliver(*(message(number) for number in range(1, 41)))
        with visiting(tmp_path, server.account()) as client:
            assert len(shown(client)) == 40
            server.uidl = "renamed"
            again(client)
            again(client)
            assert subjects_shown(client) == numbers(*range(1, 41))


WITHOUT_TOP = tuple(word for word in CAPABILITIES if word != b"TOP")


@pytest.mark.parametrize("capabilities", [CAPABILITIES, WITHOUT_TOP])
@pytest.mark.parametrize(("known", "renamed"), [(8, 8), (8, 3), (40, 30)])
def test_some_names_change(
    known: int, renamed: int, capabilities: tuple[bytes, ...], certificate: Path, tmp_path: Path
) -> None:
    """In a small mailbox, too, and if others keep theirs: nothing is doubled or comes back, and nobody is blamed."""
    with OddPop(certificate, capabilities) as server:
        server.deliver(*(message(number) for number in range(1, known + 1)))
        with visiting(tmp_path, server.account()) as client:
            rows = {row.subject: row.id for row in shown(client)}
            again(client)
            client.archive([rows["Number 1"]]).result(10)
            client.delete([rows["Number 2"]]).result(10)
            wait_for(lambda: len(shown(client)) == known - 2, "they are put away")
            server.renamed = renamed
            read = [line for log in server.sessions for line in log if line.startswith("RETR")]
            for _ in range(3):
                again(client)
            assert subjects_shown(client) == numbers(*range(3, known + 1))
            assert (subjects_shown(client, Role.ARCHIVE), subjects_shown(client, Role.TRASH)) == (
                numbers(1),
                numbers(2),
            )
            assert client.statuses()[0].notice == ""
            now_read = [line for log in server.sessions for line in log if line.startswith("RETR")]
            assert (now_read == read) is (capabilities is CAPABILITIES)


def test_renamed_and_deleted_and_new_ones_of_one_size(certificate: Path, tmp_path: Path) -> None:
    """What is gone stays here and is told of; what is new comes, be it as large as one that is missing."""
    with OddPop(certificate) as server:
        server.deliver(*(message(number) for number in range(1, 9)))
        with visiting(tmp_path, server.account()) as client:
            again(client)
            server.uidl = "renamed"
            del server.mails[0]
            server.deliver(message(9))
            assert len(message(9)) == len(message(1))
            for _ in range(3):
                again(client)
            assert subjects_shown(client) == numbers(*range(1, 10))
            assert client.statuses()[0].notice.startswith("1 message of work that")


@pytest.mark.parametrize("scheme", ["normal", "renamed"])
def test_another_copy_of_a_message_whose_name_is_missing(scheme: Scheme, certificate: Path, tmp_path: Path) -> None:
    """It came another way, through a mailing list: it is a message of its own, however alike."""
    traces = [b"Received: from %s by mx; %d\r\n" % (one, number) for number, one in enumerate((b"ola", b"list"))]
    with OddPop(certificate) as server:
        server.deliver(traces[0] + message(1), message(2))
        with visiting(tmp_path, server.account()) as client:
            again(client)
            server.uidl = scheme
            del server.mails[0]
            server.deliver(traces[1] + message(1))
            again(client)
            again(client)
            assert subjects_shown(client) == ["Number 1", "Number 1", "Number 2"]


@pytest.mark.parametrize("capabilities", [CAPABILITIES, WITHOUT_TOP])
def test_names_change_and_there_is_no_message_id(
    capabilities: tuple[bytes, ...], certificate: Path, tmp_path: Path
) -> None:
    """What is the same octet for octet is the same message, once for each time that it was there."""
    raw = b"Subject: Number 1\r\n\r\nOne\r\n"
    with OddPop(certificate, capabilities) as server:
        server.deliver(raw, raw, b"Subject: Number 2\r\n\r\nTwo\r\n")
        with visiting(tmp_path, server.account()) as client:
            assert subjects_shown(client) == ["Number 1", "Number 1", "Number 2"]
            server.uidl = "renamed"
            server.deliver(raw)
            again(client)
            again(client)
            assert subjects_shown(client) == ["Number 1"] * 3 + ["Number 2"]


def test_a_server_that_moves_a_mailbox_and_marks_its_messages(certificate: Path, tmp_path: Path) -> None:
    """A header that has a field more is known by the way that the message came."""
    trace = b"Received: from ola by mx\r\n\tfor <anna@example.org>; 1\r\n"
    with OddPop(certificate) as server:
        server.deliver(trace + message(1), message(2))
        with visiting(tmp_path, server.account()) as client:
            server.renamed = 1
            server.mails[0].raw = b"Status: RO\r\n" + trace + message(1)
            again(client)
            again(client)
            assert subjects_shown(client) == numbers(1, 2)


def test_a_listing_that_lacks_some_forgets_nothing(certificate: Path, tmp_path: Path) -> None:
    """What a server hides for a while is not new when it is listed again."""
    with OddPop(certificate) as server:
        server.deliver(*(message(number) for number in range(1, 6)))
        with visiting(tmp_path, server.account()) as client:
            held, server.mails[:] = list(server.mails), []
            again(client)
            server.mails[:] = held
            again(client)
            assert subjects_shown(client) == numbers(*range(1, 6))


def test_a_few_at_a_time(certificate: Path, tmp_path: Path) -> None:
    """A server that lists 250 and hides what was fetched is visited until nothing is new."""
    with OddPop(certificate) as server:
        server.batch, server.hides_popped = 250, True
        server.deliver(*(message(number) for number in range(1, 601)))
        with visiting(tmp_path, server.account()) as client:
            assert len(shown(client)) == 600


def test_a_few_at_a_time_with_pauses_between(certificate: Path, tmp_path: Path) -> None:
    """The same where the server wants a pause before each visit: the first is not the last, and each pause is made."""
    with OddPop(certificate, (*CAPABILITIES, b"LOGIN-DELAY 1")) as server:
        server.batch, server.hides_popped = 250, True
        server.deliver(*(message(number) for number in range(1, 591)))
        began = time.monotonic()
        with visiting(tmp_path, server.account()) as client:
            assert len(shown(client)) == 590
            assert len(server.sessions) == 3
            assert time.monotonic() - began >= 2.0


@pytest.mark.parametrize(("every", "delay", "pause"), [(1, 0, 1.0), (1, 2, 2.0), (2, 1, 2.0)])
def test_how_often_it_is_visited(every: int, delay: int, pause: float, certificate: Path, tmp_path: Path) -> None:
    """As often as the person says, and not more often than the server does."""
    offered = (*CAPABILITIES, b"LOGIN-DELAY %d" % delay) if delay else CAPABILITIES
    with OddPop(certificate, offered) as server:
        account = replace(server.account(), check_every=every)
        with visiting(tmp_path, account) as client:
            first, ended = len(server.sessions), time.monotonic()
            server.deliver(message(1))
            wait_for(lambda: len(server.sessions) > first, "another visit", pause + 15)
            assert time.monotonic() - ended > pause - 0.5
            wait_for(lambda: subjects_shown(client) == numbers(1), "what came in meanwhile is here")


def test_a_line_that_breaks_does_not_shorten_the_pause(certificate: Path, tmp_path: Path) -> None:
    """Who was logged in is not let in again before LOGIN-DELAY is over, though the first try after a cut is soon."""
    with OddPop(certificate, (*CAPABILITIES, b"LOGIN-DELAY 3")) as server:
        server.deliver(message(1))
        server.cut_at = {"RETR": 1}
        with visiting(tmp_path, server.account()) as client:
            assert client.statuses()[0].state is LinkState.OFFLINE
            server.cut_at = {}
            cut, sessions = time.monotonic(), len(server.sessions)
            wait_for(lambda: len(server.sessions) > sessions, "another visit")
            assert time.monotonic() - cut > 2.0
            wait_for(lambda: subjects_shown(client) == numbers(1), "it is here")


def test_numbers_that_are_used_again(certificate: Path, tmp_path: Path) -> None:
    """Another program deletes the first message: what is called 1 now is fetched, and nothing is doubled."""
    with OddPop(certificate) as server:
        server.uidl = "numbered"
        server.deliver(*(message(number) for number in range(11, 16)))
        with visiting(tmp_path, server.account()) as client:
            assert len(shown(client)) == 5
            del server.mails[0]
            server.deliver(message(16))
            again(client)
            assert subjects_shown(client) == numbers(*range(11, 17))


def test_delete_that_is_refused_and_quit_that_fails(certificate: Path, tmp_path: Path) -> None:
    """Nothing is noted as deleted that is not; the next visit tries again, and fetches nothing twice."""
    with OddPop(certificate) as server:
        server.refuses["DELE"] = b"-ERR not now"
        server.deliver(*(message(number) for number in range(1, 6)))
        account = server.account(delete_from_server="at_once")
        with visiting(tmp_path, account) as client:
            assert len(server.mails) == 5
            server.refuses.clear()
            server.loses_quit = True
            client.sync_now()
            wait_for(lambda: client.statuses()[0].state is LinkState.OFFLINE, "the line broke at QUIT")
            server.loses_quit = False
            client.retry()
            wait_for(lambda: not server.mails, "they are gone from the server")
            again(client)
            assert subjects_shown(client) == numbers(*range(1, 6))


def test_one_message_that_the_server_does_not_give(certificate: Path, tmp_path: Path) -> None:
    """The others are here; that one stays on the server, whatever the policy."""
    with OddPop(certificate) as server:
        server.refuses["RETR 1"] = b"-ERR that one is broken"
        server.deliver(*(message(number) for number in range(1, 6)))
        with visiting(tmp_path, server.account(delete_from_server="at_once")) as client:
            wait_for(lambda: len(server.mails) == 1, "four are gone")
            assert len(shown(client)) == 4
            server.refuses.clear()
            again(client)
            again(client)
            assert subjects_shown(client) == numbers(*range(1, 6))
            assert server.mails == []


def timeless(found: Foretold) -> Foretold:
    """Without the second in which a message that is not here would first have been seen."""
    return replace(
        found,
        deletions=tuple(replace(one, known=replace(one.known, first_seen=0)) for one in found.deletions),
    )


@pytest.mark.parametrize("policy", ["never", "when_deleted", "at_once", "1 days"])
def test_a_dry_run_says_what_a_visit_does(policy: str, certificate: Path, tmp_path: Path) -> None:
    """It reads no message and marks none; the next visit has just those deleted, after a migration too."""
    with OddPop(certificate) as server:
        server.deliver(*(message(number) for number in range(1, 26)))
        account = server.account(delete_from_server=policy)
        with visiting(tmp_path, replace(account, delete_from_server="never")) as client:
            rows = {row.subject: row.id for row in shown(client)}
            client.delete([rows["Number 1"], rows["Number 2"]]).result(10)
            wait_for(lambda: subjects_shown(client, Role.TRASH) == numbers(1, 2), "they are in the trash")
            again(client)
        server.deliver(message(26))
        server.uidl = "renamed"
        client = MailClient(paths(tmp_path), [account], secret=lambda _: "secret")
        try:
            found = client.foretell(account, policy)
            assert (found.listed, found.new, found.unreadable) == (26, 1, ())
            assert {line.split()[0] for line in server.sessions[-1]} <= {"LIST", "UIDL", "TOP", "RSET"}
            assert len(server.mails) == 26
            assert timeless(found) == timeless(client.foretell(account, policy))
        finally:
            client.stop()
        expected = {"never": 0, "when_deleted": 2, "at_once": 26, "1 days": 0}[policy]
        assert len(found.deletions) == expected
        assert [one.why for one in found.deletions if not one.known.message_id] == (
            ["it would be fetched first"] if policy == "at_once" else []
        )
        with visiting(tmp_path, account):
            wait_for(lambda: len(server.mails) == 26 - expected, "the same are gone")


def test_a_dry_run_before_the_first_visit(certificate: Path, tmp_path: Path) -> None:
    """Nothing is here, so nothing but what would be fetched first could be deleted; and the store stays empty."""
    with OddPop(certificate) as server:
        server.deliver(message(1), message(2))
        client = MailClient(paths(tmp_path), [server.account()], secret=lambda _: "secret")
        try:
            for policy, count in (("never", 0), ("when_deleted", 0), ("30 days", 0), ("at_once", 2)):
                found = client.foretell(server.account(), policy)
                assert (found.listed, found.new, len(found.deletions)) == (2, 2, count)
            assert client.folders() == []
        finally:
            client.stop()


@pytest.mark.parametrize("policy", ["when_deleted", "at_once"])
def test_what_this_disk_cannot_read_stays_on_the_server(policy: str, certificate: Path, tmp_path: Path) -> None:
    """In the trash, too: there it can be taken out again. The dry run names it."""
    with OddPop(certificate) as server:
        server.deliver(message(1), message(2))
        with visiting(tmp_path, server.account()) as client:
            rows = {row.subject: row.id for row in shown(client)}
            client.delete(list(rows.values())).result(10)
            wait_for(lambda: len(shown(client, Role.TRASH)) == 2, "they are in the trash")
            again(client)
        with sqlite3.connect(tmp_path / "data" / "bodies.db") as sql:
            sql.execute("UPDATE body SET raw = x'00' WHERE message_id = ?", (rows["Number 1"],))
        sql.close()
        with visiting(tmp_path, server.account(delete_from_server=policy)) as client:
            wait_for(lambda: len(server.mails) == 1, "the other one is gone")
            again(client)
            assert [b"Body of number 1." in kept.raw for kept in server.mails] == [True]
            found = client.foretell(client.accounts[0], policy)
            assert ([one.message_id for one in found.unreadable], found.deletions) == ([rows["Number 1"]], ())


def test_mail_db_is_lost(maildrops: Dovecot | Courier, tmp_path: Path) -> None:
    """Every message is shown again where it was, with its flags; nothing is fetched a second time."""
    user = maildrops.new_user()
    maildrops.deliver(user, *(message(number) for number in range(1, 11)))
    account = replace(maildrops.account(user, Protocol.POP3), name="club", delete_from_server="at_once")
    with visiting(tmp_path, account) as client:
        rows = {row.subject: row.id for row in shown(client)}
        archived = client.archive([rows["Number 1"], rows["Number 2"]]).result(10)
        client.mark([rows["Number 3"]], add=Flag.SEEN | Flag.FLAGGED, add_keywords=["blue"]).result(10)
        assert archived is not None
        wait_for(lambda: client.state_of(archived) is ChangeState.DONE, "it is archived")
        wait_for(lambda: "blue" in next(r for r in shown(client) if r.id == rows["Number 3"]).keywords, "marked")
        again(client)
    for file in (tmp_path / "data").glob("mail.db*"):
        file.unlink()
    maildrops.deliver(user, message(11))
    with visiting(tmp_path, account) as client:
        assert client.recovered == 10
        assert subjects_shown(client) == numbers(*range(3, 12))
        assert subjects_shown(client, Role.ARCHIVE) == numbers(1, 2)
        third = next(row for row in shown(client) if row.subject == "Number 3")
        assert (third.flags, third.keywords) == (Flag.SEEN | Flag.FLAGGED, ("blue",))
        assert all(client.raw(row.id) for row in shown(client))


def test_everything_works_without_a_server(maildrops: Dovecot | Courier, tmp_path: Path) -> None:
    """Folders, flags, moves, undo: this computer is the mailbox."""
    user = maildrops.new_user()
    maildrops.deliver(user, *(message(number) for number in range(1, 6)))
    account = replace(maildrops.account(user, Protocol.POP3), name="club")
    with visiting(tmp_path, account) as client:
        assert len(shown(client)) == 5
    away = replace(account, incoming=replace(account.incoming, port=1))
    with visiting(tmp_path, away) as client:
        made = client.create_folder("club", "Projects/New").result(10)
        assert made is not None
        wait_for(lambda: client.state_of(made) is ChangeState.DONE, "the folder is made")
        target = next(folder for folder in client.folders() if folder.name == "Projects/New")
        moved = client.move([row.id for row in shown(client)], target.id).result(10)
        assert moved is not None
        wait_for(lambda: client.state_of(moved) is ChangeState.DONE, "they are moved")
        assert shown(client) == []
        client.undo().result(10)
        wait_for(lambda: len(shown(client)) == 5, "they are back")
        renamed = client.rename_folder(target.id, "Projects/Old").result(10)
        assert renamed is not None
        wait_for(lambda: client.state_of(renamed) is ChangeState.DONE, "it is renamed")
        deleted = client.delete_folder(target.id).result(10)
        assert deleted is not None
        wait_for(lambda: client.state_of(deleted) is ChangeState.DONE, "it is deleted")
        assert "Projects/Old" not in [folder.name for folder in client.folders()]
        copied = client.copy([shown(client)[0].id], next(f.id for f in client.folders() if f.role is Role.ARCHIVE))
        assert copied.result(10) is not None
        wait_for(lambda: shown(client, Role.ARCHIVE) and client.raw(shown(client, Role.ARCHIVE)[0].id), "a copy")


def test_sent_mail_and_drafts_are_kept_here(writer: Writer) -> None:
    """The Sent copy and drafts go to local folders; the answered message is marked."""
    receiver = writer.server.new_user()
    writer.account = replace(
        writer.account,
        protocol=Protocol.POP3,
        incoming=writer.server.dovecot.account(writer.user, Protocol.POP3).incoming,
        save_sent="auto",
    )
    writer.server.dovecot.deliver(writer.user, message(1))
    with writer.client() as client:
        wait_for(lambda: shown(client), "it is here")
        begun = client.reply(shown(client)[0].id).result(10).draft
        draft = client.keep_draft(replace(begun, to=writer.server.address(receiver))).result(10)
        wait_for(lambda: len(shown(client, Role.DRAFTS)) == 1, "the draft is here")
        finished(client, client.send(draft).result(10))
        wait_for(lambda: subjects_shown(client, Role.SENT) == ["Re: Number 1"], "the copy is here")
        wait_for(lambda: not shown(client, Role.DRAFTS), "the draft is gone")
        wait_for(lambda: shown(client)[0].flags & Flag.ANSWERED, "it is answered")
    assert len(writer.server.arrived(receiver)) == 1


def test_a_name_that_is_given_again(certificate: Path, tmp_path: Path) -> None:
    """What was deleted, by us or by others, and what has its name now are two messages, be they of one size."""
    for policy in ("at_once", "never"):
        with OddPop(certificate) as server:
            server.deliver(message(1), message(2))
            with visiting(tmp_path / policy, server.account(delete_from_server=policy)) as client:
                names = ["u00001", "u00002"]
                server.mails.clear()
                again(client)
                server.mails.extend(Kept(message(number), name) for number, name in zip((3, 4), names, strict=True))
                assert len(message(1)) == len(message(3))
                again(client)
                again(client)
                assert subjects_shown(client) == numbers(1, 2, 3, 4)


@pytest.mark.parametrize("uidl", EVERY)
def test_a_server_that_cannot_show_headers(uidl: Scheme, certificate: Path, tmp_path: Path) -> None:
    """Without TOP all is read where names do not tell; still each message is here once."""
    with OddPop(certificate, tuple(word for word in CAPABILITIES if word != b"TOP")) as server:
        server.deliver(*(message(number) for number in range(1, 26)))
        with visiting(tmp_path, server.account()) as client:
            server.uidl = uidl
            server.deliver(message(26))
            again(client)
            again(client)
            assert subjects_shown(client) == numbers(*range(1, 27))


def test_a_server_that_only_says_that_it_deletes(certificate: Path, tmp_path: Path) -> None:
    """What is listed again and again is here once, and stays in the trash where it was put."""
    with OddPop(certificate) as server:
        server.keeps_deleted = True
        server.deliver(*(message(number) for number in range(1, 6)))
        with visiting(tmp_path, server.account(delete_from_server="at_once")) as client:
            client.delete([shown(client)[0].id]).result(10)
            wait_for(lambda: len(shown(client, Role.TRASH)) == 1, "one is in the trash")
            again(client)
            again(client)
            assert sorted(subjects_shown(client) + subjects_shown(client, Role.TRASH)) == numbers(*range(1, 6))


@pytest.mark.parametrize("policy", ["at_once", "never"])
def test_a_full_disk(policy: str, certificate: Path, tmp_path: Path) -> None:
    """It is said, the server deletes nothing that is not here, and with room again the rest comes, each once."""
    with OddPop(certificate) as server:
        raws = [message(number) + random.Random(number).randbytes(60_000).hex().encode() for number in range(1, 41)]
        server.deliver(*raws)
        account = replace(server.account(), delete_from_server=policy)
        client = MailClient(paths(tmp_path), [account], secret=lambda _: "secret")
        client._db.run(lambda _: client._db.bodies_sql.execute("PRAGMA max_page_count = 120").fetchone())
        client.start()
        try:
            wait_for(lambda: "disk" in client.statuses()[0].sentence, "the full disk is said", 60)
            assert client.statuses()[0].state is LinkState.DISK_FULL
            here = set(subjects_shown(client))
            assert len(here) < 40
            left = {
                f"Number {number}" for number, raw in enumerate(raws, 1) if raw in [one.raw for one in server.mails]
            }
            assert here | left == {f"Number {number}" for number in range(1, 41)}
            client._db.run(lambda _: client._db.bodies_sql.execute("PRAGMA max_page_count = 100000").fetchone())
            client.retry().result(10)
            wait_for(lambda: len(shown(client)) == 40, "all are here", 60)
            again(client)
            assert subjects_shown(client) == numbers(*range(1, 41))
            assert len(server.mails) == (0 if policy == "at_once" else 40)
        finally:
            client.stop()
