"""A copy or an upload whose answer was lost, and folders that change before it can be looked for: it is made once.

What belongs here: what another client does between our command and our next look. What breaks at which octet, while
nobody else acts, is in `test_cuts` and `test_kills`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.servers.odd import CAPABILITIES, MODSEQS, QRESYNC, Odd
from tests.sync.conftest import message, wait_for
from tests.sync.odd_place import Place, agree, ids, soon, there
from tui_mail.client import MailClient
from tui_mail.model import Change, ChangeState, Flag
from tui_mail.sync import copying

At = Callable[[str], Place]
EVERY = pytest.mark.parametrize("capabilities", [CAPABILITIES, MODSEQS, QRESYNC])
LACKS = pytest.mark.parametrize("lacks", [" MOVE", " MOVE UIDPLUS"])


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "LATE_SECONDS", 0)


def lose_answer(server: Odd, command: str, meanwhile: Callable[[], None] | None) -> None:
    """The next such command is carried out, then `meanwhile` happens, and the line breaks before the answer."""

    def cut(_: list[bytes]) -> list[bytes]:
        server.bend.pop(command)
        if meanwhile is not None:
            meanwhile()
        raise ConnectionResetError

    server.bend[command] = cut


def renew(server: Odd, name: str) -> None:
    """The folder is made anew, with all that was in it: other UIDs, lower than before."""
    old = server.boxes.pop(name.encode())
    box = server.make(name, old.attributes)
    box.validity = old.validity + 1
    for mail in old.mails:
        box.add(mail.raw, mail.flags, mail.when)


def rename(server: Odd, name: str, new: str) -> None:
    box = server.boxes.pop(name.encode())
    box.name = new.encode()
    server.boxes[box.name] = box


def carry(server: Odd, uid_at: int, source: str, target: str) -> None:
    """Another client moves a message, named by its place in the folder."""
    mail = server.box(source).mails[uid_at]
    server.box(target).add(mail.raw, mail.flags, mail.when)
    server.box(source).remove([mail.uid])


def places(server: Odd, subject: str) -> list[str]:
    """The folders that a message is in."""
    return sorted(str(name) for name, _, found, _ in there(server, bodies=False) if found == subject)


def done(client: MailClient, change: Change | None) -> None:
    assert change is not None
    soon(client, lambda: client.state_of(change) in (ChangeState.DONE, ChangeState.FAILED), "the change ends")
    assert client.state_of(change) is ChangeState.DONE, client.changes()[0].error


@EVERY
@pytest.mark.parametrize("what", ["renewed", "renamed", "taken"])
def test_a_copy(odd: At, capabilities: str, what: str) -> None:
    """Its folder is made anew, or renamed, or somebody takes the copy out of it: there is one copy in the end."""
    at = odd(capabilities)
    at.server.make("Work")
    at.server.deliver(*(message(number) for number in range(1, 4)))
    at.server.deliver(*(message(number) for number in range(11, 16)), folder="Work")
    with at.client() as client:
        agree(client, at.server)
        at.server.box("Work").remove([1, 2, 3])
        agree(client, at.server)
        happens = {
            "renewed": lambda: renew(at.server, "Work"),
            "renamed": lambda: rename(at.server, "Work", "Labour"),
            "taken": lambda: carry(at.server, -1, "Work", "Archive"),
        }
        lose_answer(at.server, "UID COPY", happens[what])
        change = client.copy([ids(client)["Number 2"]], client.find_folder("Work").id).result()
        done(client, change)
        where = {"renewed": "Work", "renamed": "Labour", "taken": "Archive"}[what]
        wait_for(lambda: places(at.server, "Number 2") == sorted(["INBOX", where]), "one copy")
        soon(
            client, lambda: len(client.first_rows(client.find_folder(where).id)) == len(at.server.box(where).mails), ""
        )
        shown = [row.subject for folder in client.folders() for row in client.first_rows(folder.id)]
        assert shown.count("Number 2") == 2
        assert len(at.server.sent(b"UID COPY")) == 1


@EVERY
@pytest.mark.parametrize("what", ["renewed", "taken"])
def test_an_upload_and_what_was_done_to_it(odd: At, capabilities: str, what: str) -> None:
    """It is there once, under the id that it had, and what a person did to it meanwhile is done."""
    at = odd(capabilities)
    at.server.make("Work")
    at.server.deliver(*(message(number) for number in range(11, 16)), folder="Work")
    with at.client() as client:
        agree(client, at.server)
        at.server.box("Work").remove([1, 2, 3])
        agree(client, at.server)
        happens = {
            "renewed": lambda: renew(at.server, "Work"),
            "taken": lambda: carry(at.server, -1, "Work", "Archive"),
        }
        lose_answer(at.server, "APPEND", happens[what])
        first = client.append(client.find_folder("Work").id, message(7)).result()
        assert first is not None
        [made] = first.message_ids
        star = client.mark([made], add=Flag.FLAGGED).result()
        away = client.delete([made]).result()
        for change in (first, star, away):
            done(client, change)
        agree(client, at.server)
        assert places(at.server, "Number 7") == ["Trash"]
        assert ids(client)["Number 7"] == made
        assert b"\\Flagged" in at.server.box("Trash").mails[0].flags
        assert len(at.server.sent(b"APPEND")) == 1


@EVERY
def test_a_copy_that_never_arrived(odd: At, capabilities: str) -> None:
    """The line broke before the server did anything, and messages came and went there: it is sent again."""
    at = odd(capabilities)
    at.server.make("Work")
    at.server.deliver(message(1), message(2))
    at.server.deliver(message(11), folder="Work")
    with at.client() as client:
        agree(client, at.server)

        def undone() -> None:
            work = at.server.box("Work")
            work.remove([work.mails[-1].uid])

        lose_answer(at.server, "UID COPY", undone)
        done(client, client.copy([ids(client)["Number 2"]], client.find_folder("Work").id).result())
        wait_for(lambda: places(at.server, "Number 2") == ["INBOX", "Work"], "the copy")
        assert len(at.server.sent(b"UID COPY")) == 2


@LACKS
def test_a_move_in_two_steps(odd: At, lacks: str) -> None:
    """The line breaks after our copy, and another client takes the original: it ends in one place, which is ours."""
    capabilities = CAPABILITIES
    for word in lacks.split():
        capabilities = capabilities.replace(f" {word}", "")
    at = odd(capabilities)
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
        lose_answer(at.server, "UID COPY", lambda: carry(at.server, 0, "INBOX", "Trash"))
        done(client, client.archive([before["Number 1"]]).result())
        agree(client, at.server)
        assert ids(client) == before
        assert places(at.server, "Number 1") == ["Archive"]


@LACKS
def test_a_move_in_two_steps_of_what_is_deleted_elsewhere(odd: At, lacks: str) -> None:
    """The line breaks after our copy, and another client removes the original for ever: the copy is the message."""
    capabilities = CAPABILITIES
    for word in lacks.split():
        capabilities = capabilities.replace(f" {word}", "")
    at = odd(capabilities)
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
        lose_answer(at.server, "UID COPY", lambda: at.server.box().remove([1]))
        done(client, client.archive([before["Number 1"]]).result())
        agree(client, at.server)
        assert ids(client) == before
        assert places(at.server, "Number 1") == ["Archive"]


def test_a_move_in_two_steps_and_move_is_offered_then(odd: At) -> None:
    """The line breaks after our copy, and the next one offers MOVE: the second step is done, not a whole move."""
    at = odd(CAPABILITIES.replace(" MOVE", ""))
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)
        lose_answer(at.server, "UID COPY", lambda: setattr(at.server, "capabilities", CAPABILITIES))
        done(client, client.archive([before["Number 1"]]).result())
        agree(client, at.server)
        assert ids(client) == before
        assert at.server.sent(b"UID COPY")
        assert places(at.server, "Number 1") == ["Archive"]


def test_messages_that_another_client_removes_at_that_moment(odd: At) -> None:
    """The server does nothing and says why: what was moved elsewhere is followed there, and nothing fails."""
    at = odd(CAPABILITIES)
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        before = ids(client)

        def issued(_: list[bytes]) -> list[bytes]:
            at.server.bend.pop("UID MOVE")
            with at.server.lock:
                archive, inbox = at.server.box("Archive"), at.server.box()
                mail = archive.mails.pop()
                archive.next -= 1
                at.server.box("Trash").add(mail.raw, mail.flags, mail.when)
                assert not [one for one in inbox.mails if one.uid == 1]
            return [b"NO [EXPUNGEISSUED] some of them are gone"]

        at.server.bend["UID MOVE"] = issued
        done(client, client.archive([before["Number 1"]]).result())
        agree(client, at.server)
        assert places(at.server, "Number 1") == ["Archive"]
        assert ids(client) == before


@pytest.mark.parametrize("capabilities", [CAPABILITIES, MODSEQS])
def test_a_server_killed_within_a_move(odd: At, capabilities: str) -> None:
    """The target has the message, and the folder that it came from too: it ends in one place, like the others."""
    at = odd(capabilities)
    at.server.make("Work")
    at.server.deliver(*(message(number) for number in range(1, 4)))
    at.server.deliver(message(11), folder="Work")
    with at.client() as client:
        agree(client, at.server)
        box = at.server.box("INBOX")
        left = box.mails[1]

        def undo() -> None:
            box.mails.insert(0, left)
            box.gone.clear()

        lose_answer(at.server, "UID MOVE", undo)
        change = client.move([ids(client)["Number 2"], ids(client)["Number 3"]], client.find_folder("Work").id).result()
        done(client, change)
        agree(client, at.server)
        assert places(at.server, "Number 2") == ["Work"]
        assert places(at.server, "Number 3") == ["Work"]
        assert places(at.server, "Number 1") == ["INBOX"]
        assert client.find_folder("Work").total == 3


@pytest.mark.parametrize("capabilities", [CAPABILITIES, CAPABILITIES.replace(" UIDPLUS", "")])
@pytest.mark.parametrize("moment", ["STATUS", "RENAME"])
def test_mail_comes_into_a_folder_while_it_is_deleted(odd: At, capabilities: str, moment: str) -> None:
    """Before it was seen to be empty or after that: it is left as it is, and that is said."""
    at = odd(capabilities)
    at.server.make("Work")
    with at.client() as client:
        soon(client, lambda: "Work" in {folder.name for folder in client.folders()}, "the folder is known")
        work = client.find_folder("Work")
        came = False

        def late(said: list[bytes]) -> list[bytes]:
            nonlocal came
            if not came:
                came = True
                box = next(name for name in at.server.boxes if name.startswith(b"Work"))
                at.server.deliver(message(9), folder=box.decode())
            return said

        at.server.bend[moment] = late
        change = client.delete_folder(work.id).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) in (ChangeState.DONE, ChangeState.FAILED), "it ends")
        assert client.state_of(change) is ChangeState.FAILED
        assert not at.server.sent(b"DELETE")
        assert at.server.subjects("Work") == ["Number 9"]
        soon(client, lambda: {f.name: f.total for f in client.folders()}.get("Work") == 1, "it is shown")
        assert not [folder.name for folder in client.folders() if "deleted" in folder.name]


@pytest.mark.parametrize("command", ["RENAME", "DELETE"])
def test_a_folder_whose_deletion_lost_an_answer(odd: At, command: str) -> None:
    """It is gone on with; what another client makes of that name meanwhile is left alone when it holds mail."""
    at = odd(CAPABILITIES)
    at.server.make("Work")
    with at.client() as client:
        soon(client, lambda: "Work" in {folder.name for folder in client.folders()}, "the folder is known")
        work = client.find_folder("Work")

        def anew() -> None:
            at.server.make("Work")
            at.server.deliver(message(9), folder="Work")

        lose_answer(at.server, command, anew if command == "RENAME" else None)
        change = client.delete_folder(work.id).result()
        assert change is not None
        done(client, change)
        names = {name.decode() for name in at.server.boxes}
        assert not [name for name in names if "deleted" in name]
        assert ("Work" in names) is (command == "RENAME")
        if command == "RENAME":
            assert at.server.subjects("Work") == ["Number 9"]
            soon(client, lambda: {f.name: f.total for f in client.folders()}.get("Work") == 1, "it is shown")


def test_a_folder_that_has_folders_inside_now_is_not_deleted(odd: At) -> None:
    """Somebody made one that is not shown here yet."""
    at = odd(CAPABILITIES)
    at.server.make("Work")
    with at.client() as client:
        soon(client, lambda: "Work" in {folder.name for folder in client.folders()}, "the folder is known")
        work = client.find_folder("Work")
        at.server.make("Work/Plans")
        change = client.delete_folder(work.id).result()
        assert change is not None
        wait_for(lambda: client.state_of(change) in (ChangeState.DONE, ChangeState.FAILED), "it ends")
        assert client.state_of(change) is ChangeState.FAILED
        assert {b"Work", b"Work/Plans"} <= set(at.server.boxes)
