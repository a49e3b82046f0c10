"""Messages come, change, vanish and turn up again; ids, bodies and counters stay true."""

from __future__ import annotations

from tests.store.conftest import Shelf, arrival
from tui_mail.model import Flag
from tui_mail.store import folders, messages, rows
from tui_mail.store.messages import ServerFlags


def put(shelf: Shelf, folder: int, *uids: int, **more: object) -> None:
    """Store arrivals."""
    arrivals = [arrival(uid, **more) for uid in uids]  # type: ignore[arg-type]
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, folder, arrivals))


def ids(shelf: Shelf, folder: int) -> list[int]:
    return list(rows.ids_of(shelf.db.read(), folder))


def test_newest_first_by_key_and_by_id(shelf: Shelf) -> None:
    """The first window, the array of ids and the rows of ids agree."""
    put(shelf, shelf.inbox, *range(1, 51))
    window = rows.first_rows(shelf.db.read(), shelf.inbox, 10)
    assert [row.uid for row in window] == list(range(50, 40, -1))
    everything = ids(shelf, shelf.inbox)
    assert [row.id for row in window] == everything[:10]
    assert rows.rows_of(shelf.db.read(), everything[3:5]) == window[3:5]


def test_storing_the_same_window_twice_changes_nothing(shelf: Shelf) -> None:
    """A crash before the progress was stored means that a window is read again."""
    put(shelf, shelf.inbox, 1, 2, 3)
    put(shelf, shelf.inbox, 2, 3, 4)
    assert shelf.counts(shelf.inbox) == (4, 4) == shelf.true_counts(shelf.inbox)


def test_flags_from_the_server_change_counters(shelf: Shelf) -> None:
    put(shelf, shelf.inbox, 1, 2)
    shelf.db.run(lambda txn: messages.update_flags(txn, shelf.inbox, [ServerFlags(1, Flag.SEEN, ("$Work",))]))
    assert shelf.counts(shelf.inbox) == (2, 1)
    assert rows.first_rows(shelf.db.read(), shelf.inbox, 2)[1].keywords == ("$Work",)


def test_message_moved_elsewhere_keeps_its_id(shelf: Shelf) -> None:
    """Another client moved it: gone here, then new there, with another UID; it is the same message for us."""
    put(shelf, shelf.inbox, 5)
    [before] = ids(shelf, shelf.inbox)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [5]))
    assert ids(shelf, shelf.inbox) == []
    put(shelf, shelf.archive, 77, msgid="m5@example.org")
    assert ids(shelf, shelf.archive) == [before]
    assert shelf.all_counts_true()


def test_same_id_but_other_size_is_another_message(shelf: Shelf) -> None:
    put(shelf, shelf.inbox, 5)
    [before] = ids(shelf, shelf.inbox)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [5]))
    put(shelf, shelf.archive, 77, msgid="m5@example.org", size=101)
    assert ids(shelf, shelf.archive) != [before]


def test_messages_without_message_id_are_never_joined(shelf: Shelf) -> None:
    """An absent Message-ID identifies nothing."""
    put(shelf, shelf.inbox, 5, msgid="")
    [before] = ids(shelf, shelf.inbox)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [5]))
    put(shelf, shelf.archive, 77, msgid="")
    assert ids(shelf, shelf.archive) != [before]


def test_uidvalidity_change_keeps_ids_and_never_maps_by_uid(shelf: Shelf) -> None:
    """After the change UID 1 is another message; each is found by what it is, not by its number."""
    put(shelf, shelf.inbox, 1, 2, 3)
    before = {row.message_id: row.id for row in rows.first_rows(shelf.db.read(), shelf.inbox, 9)}
    shelf.db.run(lambda txn: messages.orphan_folder(txn, shelf.inbox))
    assert shelf.counts(shelf.inbox) == (0, 0)
    for uid, name in ((1, "m3@example.org"), (2, "m1@example.org"), (3, "m2@example.org")):
        put(shelf, shelf.inbox, uid, msgid=name)
    after = {row.message_id: row.id for row in rows.first_rows(shelf.db.read(), shelf.inbox, 9)}
    assert after == before
    assert shelf.all_counts_true()


def test_lost_messages_are_forgotten_only_after_their_time(shelf: Shelf) -> None:
    put(shelf, shelf.inbox, 1)
    shelf.db.run(lambda txn: messages.lose(txn, shelf.inbox, [1]))
    assert shelf.db.run(lambda txn: messages.forget_lost(txn, shelf.account, 1000)) == []
    assert len(shelf.db.run(lambda txn: messages.forget_lost(txn, shelf.account, 9_999_999_999))) == 1


def test_date_from_the_future_is_replaced_by_arrival(shelf: Shelf) -> None:
    """Spam dated 2038 must not sit on top of the list."""
    put(shelf, shelf.inbox, 1)
    future = arrival(2, date=1_700_000_002)
    late = messages.Arrival(3, Flag.NONE, (), 1_700_000_001, 10, future.fields.__class__(
        4_000_000_000, (), (), (), future.fields.subject, "x", (), future.fields.list_id, False
    ))  # fmt: skip
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, shelf.inbox, [future, late]))
    assert [row.uid for row in rows.first_rows(shelf.db.read(), shelf.inbox, 9)] == [2, 3, 1]


def test_folder_list_follows_the_server(shelf: Shelf) -> None:
    """Folders come and go; messages of one that went may be found again elsewhere."""
    put(shelf, shelf.archive, 9)
    [before] = ids(shelf, shelf.archive)
    kept = [
        folders.KnownFolder("INBOX", "/", folders.Role.INBOX, True),
        folders.KnownFolder("New", "/", folders.Role.NONE, True),
    ]
    shelf.db.run(lambda txn: folders.replace_list(txn, shelf.account, kept))
    assert [f.name for f in folders.all_folders(shelf.db.read())] == ["INBOX", "New"]
    put(shelf, shelf.inbox, 30, msgid="m9@example.org")
    assert ids(shelf, shelf.inbox) == [before]
