"""What a list of threads shows of a folder."""

from __future__ import annotations

from dataclasses import replace

from tests.store.conftest import Shelf
from tests.store.test_threads import naming, place_all, put
from tui_mail.model import Address, ChangeKind, Flag, Role
from tui_mail.store import conversations, journal
from tui_mail.store.journal import Effect
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText
from tui_mail.threaded import Threads


def by(name: str, made: Arrival) -> Arrival:
    """The message as somebody wrote it."""
    sender = Address(SafeText(name), SafeText(f"{name.lower()}@example.org"))
    return replace(made, fields=replace(made.fields, from_=(sender,)))


def threads(shelf: Shelf, folder: int) -> Threads:
    return conversations.threads_of(shelf.db.read(), folder)


def names(shelf: Shelf, ids: list[int]) -> list[str]:
    found = dict(shelf.db.read().execute("SELECT id, message_id FROM message").fetchall())
    return [found[one] for one in ids]


def groups(shelf: Shelf, folder: int) -> list[list[str]]:
    found = threads(shelf, folder)
    return [names(shelf, found.group(index)) for index in range(len(found.heads))]


def test_threads_of_a_folder_newest_first(shelf: Shelf) -> None:
    """A new answer brings its thread to the top; the first window has the same threads as the whole."""
    put(shelf, [naming("a"), naming("x"), naming("b", "a"), naming("y", "x"), naming("z"), naming("c", "a", "b")])
    assert groups(shelf, shelf.inbox) == [["c", "b", "a"], ["z"], ["y", "x"]]
    first = conversations.threads_of(shelf.db.read(), shelf.inbox, newest=3)
    assert [names(shelf, first.group(index)) for index in range(len(first.heads))] == [["c"], ["z"], ["y"]]


def test_a_conversation_counts_what_is_elsewhere_and_acts_on_what_is_here(shelf: Shelf) -> None:
    """Sent mail counts, what is in Trash does not; people in the order in which they wrote, each once."""
    sent = shelf.add("Sent", Role.SENT)
    put(shelf, [by("Kirsten", naming("a")), by("Ola", naming("b", "a", flags=Flag.SEEN | Flag.FLAGGED))])
    put(shelf, [by("Anna", naming("mine", "b"))], sent)
    put(shelf, [by("Kirsten", naming("c", "mine"))])
    put(shelf, [by("Nobody", naming("thrown", "a"))], shelf.trash)
    group = threads(shelf, shelf.inbox).group(0)
    said = conversations.conversations_of(shelf.db.read(), shelf.inbox, [group])[group[0]]
    assert names(shelf, group) == ["c", "b", "a"]
    assert said.count == 4
    assert said.here == set(group)
    assert names(shelf, sorted(said.unread)) == ["a", "c"]
    assert names(shelf, sorted(said.starred)) == ["b"]
    assert [one.name for one in said.people] == ["Kirsten", "Ola", "Anna"]
    assert names(shelf, conversations.members_of(shelf.db.read(), shelf.inbox, group)) == ["c", "mine", "b", "a"]
    trash = threads(shelf, shelf.trash).group(0)
    assert names(shelf, conversations.members_of(shelf.db.read(), shelf.trash, trash))[0] == "thrown"


def test_a_message_that_is_in_two_folders_counts_once(shelf: Shelf) -> None:
    """As all are on a server whose folders are labels."""
    both = naming("a")
    put(shelf, [both])
    put(shelf, [both, naming("b", "a")], shelf.archive)
    group = threads(shelf, shelf.inbox).group(0)
    assert conversations.conversations_of(shelf.db.read(), shelf.inbox, [group])[group[0]].count == 2
    assert names(shelf, conversations.members_of(shelf.db.read(), shelf.inbox, group)) == ["b", "a"]


def test_what_is_moved_leaves_the_thread_of_its_folder_at_once(shelf: Shelf) -> None:
    """And is still counted, from where it is now."""
    put(shelf, [naming("a"), naming("b", "a"), naming("c", "b")])
    newest = threads(shelf, shelf.inbox).group(0)[0]
    shelf.db.run(lambda txn: journal.record(txn, Effect(ChangeKind.MOVE, shelf.archive), [newest], "archived"))
    group = threads(shelf, shelf.inbox).group(0)
    assert names(shelf, group) == ["b", "a"]
    assert conversations.conversations_of(shelf.db.read(), shelf.inbox, [group])[group[0]].count == 3


def test_a_thousand_messages_of_one_thread_are_bounded(shelf: Shelf) -> None:
    """What is elsewhere is counted up to a limit, what is here exactly."""
    put(shelf, [naming(f"m{number}", "a") for number in range(300)])
    put(shelf, [naming(f"n{number}", "a") for number in range(150)], shelf.archive)
    place_all(shelf)
    group = threads(shelf, shelf.inbox).group(0)
    said = conversations.conversations_of(shelf.db.read(), shelf.inbox, [group])[group[0]]
    assert said.count == 300 + conversations.LOOKED_AT
    assert len(said.here) == 300
