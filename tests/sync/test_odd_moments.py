"""What servers do at one moment: renumber, go back in time, rename, hand out another message, forget to say so.

What belongs here: one test for each such moment, with the whole client. Oddities that last are in `test_odd_servers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.servers.odd import BARE, CAPABILITIES, MODSEQS, QRESYNC, Box, Mail, Odd
from tests.sync.conftest import message, wait_for
from tests.sync.odd_place import Place, agree, ids, soon, stored, there
from tui_mail.model import BodyArrived, ChangeState, Flag

At = Callable[[str], Place]
EVERY = pytest.mark.parametrize("capabilities", [BARE, CAPABILITIES, MODSEQS, QRESYNC])


def renumber(box: Box) -> None:
    """Other UIDs for the same messages, in another order, so that every old UID is another message now."""
    box.validity += 1
    for uid, mail in enumerate(reversed(box.mails), 1):
        mail.uid = uid
    box.mails.sort(key=lambda mail: mail.uid)
    box.next = len(box.mails) + 1
    box.gone.clear()


def swap(server: Odd, uid: int, raw: bytes) -> None:
    """Without a word, another message is under a UID."""
    with server.lock:
        [mail] = [mail for mail in server.box().mails if mail.uid == uid]
        mail.raw, mail.when = raw, b"05-Nov-2026 10:00:00 +0000"


def bodies_sent(server: Odd) -> int:
    """How many bodies were asked for."""
    sets = [text.split()[2] for text in server.sent(b"UID FETCH") if text.endswith(b"(UID BODY.PEEK[])")]
    return sum(int(part[-1]) - int(part[0]) + 1 for one in sets for part in (p.split(b":") for p in one.split(b",")))


@EVERY
def test_uidvalidity_changes_between_sessions_and_back(odd: At, capabilities: str) -> None:
    """The same messages under the same ids each time, and no body is fetched twice."""
    at = odd(capabilities)
    at.server.deliver(*(message(number) for number in range(1, 13)))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
    with at.server.lock:
        old = [Mail(mail.uid, mail.raw, set(mail.flags), mail.modseq) for mail in at.server.box().mails]
        renumber(at.server.box())
    with at.client() as client:
        agree(client, at.server)
        assert ids(client) == before
    with at.server.lock:
        box = at.server.box()
        box.validity, box.mails, box.next = 1, old, 13
    with at.client() as client:
        agree(client, at.server)
        assert ids(client) == before
    assert bodies_sent(at.server) == 12


@EVERY
@pytest.mark.parametrize("announced", [True, False])
def test_uidvalidity_changes_during_a_session(odd: At, capabilities: str, announced: bool) -> None:
    """What was done meanwhile reaches the message it was done to, and no other one."""
    at = odd(capabilities)
    at.server.deliver(*(message(number) for number in range(1, 8)))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
        with at.server.lock:
            renumber(at.server.box())
            if announced:
                said = b"* OK [UIDVALIDITY 2] it changed"
                for name in ("NOOP", "UID FETCH", "UID SEARCH"):
                    at.server.bend[name] = lambda lines: [said, *lines]
        client.archive([before["Number 2"]]).result()
        client.delete([before["Number 3"]]).result()
        soon(client, lambda: at.server.subjects("Trash") == ["Number 3"], "the move to the trash")
        at.server.bend.clear()
        agree(client, at.server)
        assert at.server.subjects("Archive") == ["Number 2"]
        assert ids(client) == before


@EVERY
def test_a_server_that_was_set_back_to_an_earlier_day(odd: At, capabilities: str) -> None:
    """UIDs were given twice under one UIDVALIDITY: each row shows what the server has there now."""
    at = odd(capabilities)
    at.server.deliver(*(message(number) for number in range(1, 11)))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
    with at.server.lock:
        box = at.server.box()
        del box.mails[6:]
        box.next = 7
        at.server.deliver(*(message(number, "another text") for number in range(20, 25)))
        box.modseq = 30
    with at.client() as client:
        agree(client, at.server)
        after = ids(client)
        assert {s: after[s] for s in after if s in before} == {
            f"Number {n}": before[f"Number {n}"] for n in range(1, 7)
        }


@EVERY
def test_uidnext_goes_down(odd: At, capabilities: str) -> None:
    """The newest messages are gone with their UIDs; later ones get those again."""
    at = odd(capabilities)
    at.server.deliver(*(message(number) for number in range(1, 11)))
    with at.client() as client:
        agree(client, at.server)
        with at.server.lock:
            box = at.server.box()
            del box.mails[6:]
            box.next = 7
        agree(client, at.server)
        at.server.deliver(message(30), message(31))
        agree(client, at.server)


@EVERY
def test_messages_that_are_alike_stay_as_many(odd: At, capabilities: str) -> None:
    """One message three times, and two without a Message-ID: over a new UIDVALIDITY and a move, as many as before."""
    at = odd(capabilities)
    nameless = b"Subject: none\r\n\r\ntext\r\n"
    at.server.deliver(message(1), message(1), message(2), message(1), nameless, nameless)
    with at.client() as client:
        agree(client, at.server)
        inbox = client.find_folder("INBOX")
        before = {row.id for row in client.first_rows(inbox.id)}
        one = next(row.id for row in client.first_rows(inbox.id) if row.uid == 2)
        with at.server.lock:
            renumber(at.server.box())
        agree(client, at.server)
        assert {row.id for row in client.first_rows(inbox.id)} == before
        client.archive([one]).result()
        soon(client, lambda: at.server.subjects("Archive") == ["Number 1"], "the move")
        agree(client, at.server)
        assert {row.id for folder in client.folders() for row in client.first_rows(folder.id)} == before


def test_another_body_than_was_listed(odd: At) -> None:
    """A message that was swapped silently is not shown under the old row, which is read anew."""
    at = odd(CAPABILITIES)
    at.server.deliver(*(message(number) for number in range(1, 6)))
    with at.client(keep_bodies="opened") as client:
        soon(client, lambda: len(ids(client)) == 5, "five rows")
        wanted = ids(client)["Number 3"]
        swap(at.server, 3, message(33))
        client.request_body(wanted)
        wait_for(lambda: [e for e in at.events if isinstance(e, BodyArrived) and e.message_id == wanted], "an answer")
        told = next(e for e in at.events if isinstance(e, BodyArrived) and e.message_id == wanted)
        assert "another message" in told.problem
        assert client.raw(wanted) is None
        soon(client, lambda: "Number 33" in ids(client), "the new row")
        assert "Number 3" not in ids(client)


def test_a_body_that_never_is_what_was_listed(odd: At) -> None:
    """A server whose answers contradict each other for ever: that one body is not kept, all others are."""
    at = odd(CAPABILITIES)
    at.server.deliver(*(message(number) for number in range(1, 6)))

    def lie(said: list[bytes]) -> list[bytes]:
        return [
            re.sub(rb"(?s)(UID 3 BODY\[\] ).*", rb"\1{28}\r\nMessage-ID: <other@x>\r\n\r\nabc)", line) for line in said
        ]

    at.server.bend["UID FETCH"] = lie
    with at.client() as client:
        good = [f"Number {number}" for number in (1, 2, 4, 5)]
        soon(client, lambda: len(ids(client)) == 5, "five rows")
        soon(client, lambda: all(client.raw(ids(client)[s]) is not None for s in good), "four bodies")
        wanted = ids(client)["Number 3"]
        client.request_body(wanted)
        wait_for(lambda: [e for e in at.events if isinstance(e, BodyArrived) and e.message_id == wanted], "an answer")
        assert client.raw(wanted) is None
        assert sorted(ids(client)) == sorted([*good, "Number 3"])


@EVERY
@pytest.mark.parametrize("what", ["archive", "expunge"])
def test_a_message_that_is_another_one_is_not_touched(odd: At, capabilities: str, what: str) -> None:
    """Somebody acts on a row; the server has another message under its UID by now: that one stays where it is."""
    at = odd(capabilities)
    at.server.deliver(*(message(number) for number in range(1, 6)))
    with at.client() as client:
        agree(client, at.server)
        swap(at.server, 3, message(33, "quite another text"))
        change = getattr(client, what)([ids(client)["Number 3"], ids(client)["Number 4"]]).result()
        assert change is not None
        soon(client, lambda: "Number 4" not in at.server.subjects(), "the other message")
        agree(client, at.server)
        assert at.server.subjects() == ["Number 1", "Number 2", "Number 33", "Number 5"]
        soon(client, lambda: client.state_of(change) in (ChangeState.DONE, ChangeState.FAILED), "the change ends")
        assert "Number 33" in at.server.subjects()


@EVERY
def test_a_folder_is_renamed_while_a_change_waits(odd: At, capabilities: str) -> None:
    """Its messages keep their ids and bodies under the new name, and the change gets there."""
    at = odd(capabilities)
    at.server.make("Work")
    at.server.deliver(*(message(number) for number in range(1, 6)), folder="Work")
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
    with at.server.lock:
        box = at.server.boxes.pop(b"Work")
        box.name = b"Labour"
        at.server.boxes[b"Labour"] = box
    with at.client() as client:
        client.mark([before["Number 3"]], add=Flag.FLAGGED).result()
        client.archive([before["Number 4"]]).result()
        soon(client, lambda: at.server.subjects("Archive") == ["Number 4"], "the move")
        soon(client, lambda: b"\\Flagged" in at.server.box("Labour").mails[2].flags, "the star")
        agree(client, at.server)
        assert ids(client) == before
    assert bodies_sent(at.server) == 5


@EVERY
def test_a_folder_vanishes_while_it_is_read(odd: At, capabilities: str) -> None:
    """In the middle of the backfill, on the screen, with a change waiting: the rest goes on, nothing of it remains."""
    at = odd(capabilities)
    at.server.make("Work")
    at.server.deliver(*(message(number) for number in range(1, 2_000)), folder="Work")
    at.server.deliver(message(101))
    windows = 0

    def vanish(said: list[bytes]) -> list[bytes]:
        nonlocal windows
        windows += len(said) > 20  # rows, however small the windows are on a slow machine
        if windows > 1:
            at.server.boxes.pop(b"Work", None)
        many = len(said) > 2
        return [b"NO [NONEXISTENT] it is gone"] if b"Work" not in at.server.boxes and many else said

    at.server.bend["UID FETCH"] = vanish
    with at.client(keep_bodies="opened") as client:
        soon(client, lambda: any(folder.name == "Work" and folder.total for folder in client.folders()), "first rows")
        work = client.find_folder("Work")
        client.watch_folder(work.id)
        client.archive([row.id for row in client.first_rows(work.id, 1)]).result()
        soon(client, lambda: not any(folder.name == "Work" for folder in client.folders()), "the folder is gone")
        at.server.bend.clear()
        at.server.deliver(message(102))
        soon(client, lambda: sorted(at.server.subjects()) == ["Number 101", "Number 102"], "the rest")
        soon(client, lambda: stored(client, bodies=False) == there(at.server, bodies=False), "the two agree")


def test_a_folder_that_is_gone_for_a_moment(odd: At) -> None:
    """Neither listed nor known by name, and then there again: the same ids, and no body fetched twice."""
    at = odd(CAPABILITIES)
    at.server.make("Work")
    at.server.deliver(*(message(number) for number in range(1, 6)), folder="Work")
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
        with at.server.lock:
            box = at.server.boxes.pop(b"Work")
        agree(client, at.server)
        with at.server.lock:
            at.server.boxes[b"Work"] = box
        agree(client, at.server)
        assert ids(client) == before
    assert bodies_sent(at.server) == 5


@pytest.mark.parametrize("attribute", [b"\\Noselect", b"\\NonExistent"])
def test_a_folder_that_can_no_longer_be_opened(odd: At, attribute: bytes) -> None:
    """Only its name is left, for folders below it: what was in it is not shown there any more."""
    at = odd(CAPABILITIES)
    at.server.make("Work")
    at.server.deliver(message(1), message(2), folder="Work")
    with at.client() as client:
        agree(client, at.server)
        with at.server.lock:
            box = at.server.box("Work")
            box.attributes, box.mails = attribute, []
        agree(client, at.server)
        soon(client, lambda: not client.find_folder("Work").selectable, "it cannot be opened")


@pytest.mark.parametrize("is_told", [True, False])
def test_a_read_only_folder(odd: At, is_told: bool) -> None:
    """What the server refuses is taken back and said; other folders go on."""
    at = odd(CAPABILITIES)
    at.server.deliver(*(message(number) for number in range(1, 4)))
    if is_told:
        at.server.bend["SELECT"] = lambda said: [line.replace(b"READ-WRITE", b"READ-ONLY") for line in said]
    at.server.refuses |= dict.fromkeys(("UID STORE", "UID MOVE", "UID EXPUNGE"), b"NO [NOPERM] only to be read")
    with at.client() as client:
        agree(client, at.server)
        found = ids(client)
        changes = [
            client.mark([found["Number 1"]], add=Flag.FLAGGED).result(),
            client.archive([found["Number 2"]]).result(),
            client.expunge([found["Number 3"]]).result(),
        ]
        wait_for(lambda: all(c and client.state_of(c) is ChangeState.FAILED for c in changes), "all is refused")
        assert all(change.error for change in client.changes())
        agree(client, at.server)
        assert ids(client) == found
        assert at.server.subjects() == ["Number 1", "Number 2", "Number 3"]


def test_vanished_is_told_once_on_another_line(odd: At) -> None:
    """VANISHED comes while the watching line waits, and is never repeated on the working one: it is noticed."""
    at = odd(QRESYNC)
    at.server.deliver(*(message(number) for number in range(1, 8)))
    with at.client() as client:
        agree(client, at.server)
        wait_for(lambda: b"IDLE" in b" ".join(at.server.seen), "the watching line waits")
        for name in ("NOOP", "UID FETCH", "SELECT"):
            at.server.bend[name] = lambda said: [line for line in said if b"VANISHED" not in line]
        with at.server.lock:
            at.server.box().remove({2, 5})
        agree(client, at.server)


def test_vanished_comes_with_another_command(odd: At) -> None:
    """It is told with the answer to some other command, just before another folder is opened, and not again."""
    at = odd(QRESYNC)
    at.server.deliver(*(message(number) for number in range(1, 8)))
    at.server.deliver(message(101), folder="Archive")
    with at.client() as client:
        agree(client, at.server)
        told = False

        def once(said: list[bytes]) -> list[bytes]:
            nonlocal told
            news = [line for line in said if line.startswith(b"* VANISHED") and not told]
            told = told or bool(news)
            return [*news, *(line for line in said if b"VANISHED" not in line)]

        for name in ("NOOP", "UID FETCH", "SELECT", "UID MOVE", "UID STORE", "UID EXPUNGE"):
            at.server.bend[name] = once
        with at.server.lock:
            at.server.box().remove({2, 5})
        client.delete([ids(client)["Number 101"]]).result()
        agree(client, at.server)


@pytest.mark.parametrize("answer", [b"OK done", b"NO [OVERQUOTA] full"])
@pytest.mark.parametrize("told", [True, False])
def test_a_move_that_moves_only_some(odd: At, answer: bytes, told: bool) -> None:
    """Nothing is lost or doubled: where the server has each message is where it is shown, and OK is made true."""
    at = odd(CAPABILITIES if told else CAPABILITIES.replace(" UIDPLUS", ""))
    at.server.deliver(*(message(number) for number in range(1, 6)))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)

        def some(said: list[bytes]) -> list[bytes]:
            with at.server.lock:  # it has moved all: the last two go back
                archive, inbox = at.server.box("Archive"), at.server.box()
                for mail in archive.mails[2:]:
                    mail.uid = int(re.findall(rb"Number (\d+)", mail.raw)[0])
                    inbox.mails.append(mail)
                del archive.mails[2:]
                archive.next = 5
            at.server.bend.pop("UID MOVE")
            lines = [re.sub(rb"COPYUID (\d+) 1,2,3,4 .*\]", rb"COPYUID \1 1,2 1,2]", line) for line in said[:-1]]
            return [*lines, answer]

        at.server.bend["UID MOVE"] = some
        change = client.archive([before[f"Number {number}"] for number in range(1, 5)]).result()
        assert change is not None
        soon(client, lambda: client.state_of(change) in (ChangeState.DONE, ChangeState.FAILED), "it ends")
        agree(client, at.server)
        assert sorted([*at.server.subjects(), *at.server.subjects("Archive")]) == sorted(before)
        assert ids(client) == before
        if told and answer.startswith(b"OK"):
            assert at.server.subjects() == ["Number 5"]


@pytest.mark.parametrize("lacks", [" MOVE", " MOVE UIDPLUS"])
def test_another_client_moves_it_between_our_copy_and_our_deletion(odd: At, lacks: str) -> None:
    """It ends in one place: ours, once it was found where the other client had put it."""
    capabilities = CAPABILITIES
    for word in lacks.split():
        capabilities = capabilities.replace(f" {word}", "")
    at = odd(capabilities)
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)

        def taken(said: list[bytes]) -> list[bytes]:
            with at.server.lock:
                at.server.bend.pop("UID COPY")
                inbox, trash = at.server.box(), at.server.box("Trash")
                trash.add(inbox.mails[0].raw)
                inbox.remove([inbox.mails[0].uid])
            return said

        at.server.bend["UID COPY"] = taken
        change = client.archive([before["Number 1"]]).result()
        assert change is not None
        soon(client, lambda: client.state_of(change) is ChangeState.DONE, "it is done")
        agree(client, at.server)
        assert ids(client) == before
        live = [name for name, _, subject, _ in there(at.server, bodies=False) if subject == "Number 1"]
        assert live == ["Archive"]


@EVERY
def test_a_folder_that_is_made_for_a_message_is_read_at_once(odd: At, capabilities: str) -> None:
    """Nobody waits for the next look at all folders to have it whole: the account is live again."""
    at = odd(capabilities)
    at.server.boxes.pop(b"Archive", None)
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        change = client.archive([ids(client)["Number 1"]]).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) is ChangeState.DONE, "it is archived")
        wait_for(lambda: client.find_folder("Archive").complete, "its new folder is whole", 10)
        agree(client, at.server)
