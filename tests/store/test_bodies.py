"""Bodies: kept once for all that show them, whoever goes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.conftest import Shelf, arrival
from tui_mail.store import bodies, messages

RAW = b"Subject: once\r\n\r\n" + b"what is kept once " * 50


def put(shelf: Shelf, folder_id: int, uid: int, *, identity: str = "gm:1", msgid: str = "m", size: int = 100) -> int:
    """A message in a folder; its id."""
    row = replace(arrival(uid, msgid=msgid, size=size), identity=identity)
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, folder_id, [row]))
    found = shelf.db.read().execute("SELECT id FROM message WHERE folder_id = ? AND uid = ?", (folder_id, uid))
    return int(found.fetchone()[0])


def load(shelf: Shelf, id_: int) -> bytes | None:
    return bodies.load(shelf.db.read_bodies(), id_)


def delete(shelf: Shelf, *ids: int) -> None:
    shelf.db.run(lambda _: bodies.delete(shelf.db, ids))


def kept(shelf: Shelf) -> int:
    """How many bodies are on the disk."""
    return int(shelf.db.read_bodies().execute("SELECT COUNT(*) FROM body").fetchone()[0])


def has_body(shelf: Shelf, id_: int) -> int:
    return int(shelf.db.read().execute("SELECT has_body FROM message WHERE id = ?", (id_,)).fetchone()[0])


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_three_show_one_body_until_the_last_is_gone(shelf: Shelf, order: tuple[int, ...]) -> None:
    """Chained shares point at the one that has it; in whatever order they go, the others keep it."""
    ids = [put(shelf, folder, 1) for folder in (shelf.inbox, shelf.archive, shelf.trash)]
    bodies.save(shelf.db, [bodies.pack(ids[0], RAW)])
    assert bodies.share(shelf.db, [(ids[1], ids[0]), (ids[2], ids[1])]) == {ids[1], ids[2]}
    assert [has_body(shelf, id_) for id_ in ids] == [1, 1, 1]
    left = set(ids)
    for index in order:
        assert kept(shelf) == 1
        assert all(load(shelf, id_) == RAW for id_ in left)
        delete(shelf, ids[index])
        left.remove(ids[index])
        assert load(shelf, ids[index]) is None
    assert kept(shelf) == 0
    assert shelf.db.read_bodies().execute("SELECT COUNT(*) FROM same").fetchone()[0] == 0


def test_all_go_at_once(shelf: Shelf) -> None:
    """Nothing of them stays."""
    bodies.save(shelf.db, [bodies.pack(1, RAW), bodies.pack(9, RAW)])
    bodies.share(shelf.db, [(2, 1), (3, 1)])
    delete(shelf, 1, 2, 3)
    assert kept(shelf) == 1
    assert load(shelf, 9) == RAW


def test_what_has_none_cannot_be_shared(shelf: Shelf) -> None:
    """It is left as it is, to be fetched like any other; so is one that is to be its own likeness."""
    id_ = put(shelf, shelf.inbox, 1)
    assert bodies.share(shelf.db, [(id_, 77), (id_, id_)]) == set()
    assert has_body(shelf, id_) == 0
    assert load(shelf, id_) is None


def test_a_body_of_its_own_goes_before_a_shared_one(shelf: Shelf) -> None:
    """What was fetched again is shown, and the likeness that goes does not put its octets over it."""
    bodies.save(shelf.db, [bodies.pack(1, RAW)])
    bodies.share(shelf.db, [(2, 1)])
    bodies.save(shelf.db, [bodies.pack(2, b"another")])
    assert (load(shelf, 1), load(shelf, 2)) == (RAW, b"another")
    assert bodies.share(shelf.db, [(2, 1)]) == {2}
    delete(shelf, 1)
    assert load(shelf, 2) == b"another"


def test_killed_between_the_two_files(shelf: Shelf) -> None:
    """bodies.db was written and mail.db was not: the row says that there is none, and sharing again is fine."""
    first, second = put(shelf, shelf.inbox, 1), put(shelf, shelf.archive, 1)
    bodies.save(shelf.db, [bodies.pack(first, RAW)])
    shelf.db.run(lambda _: shelf.db.bodies_sql.execute("INSERT INTO same VALUES (?, ?)", (second, first)).close())
    assert has_body(shelf, second) == 0
    assert bodies.share(shelf.db, [(second, first)]) == {second}
    assert has_body(shelf, second) == 1
    assert load(shelf, second) == RAW


def test_only_what_the_server_calls_one_is_looked_for(shelf: Shelf) -> None:
    """The same identity, size and Message-ID, and a body that is here: anything less is another message."""
    first = put(shelf, shelf.inbox, 1)
    same = put(shelf, shelf.archive, 1)
    other = put(shelf, shelf.archive, 2, identity="gm:2")
    longer = put(shelf, shelf.archive, 3, size=101)
    renamed = put(shelf, shelf.archive, 4, msgid="n")
    nameless = [put(shelf, folder, 5, identity="") for folder in (shelf.inbox, shelf.archive)]
    wanted = [same, other, longer, renamed, *nameless, first]
    assert bodies.kept_elsewhere(shelf.db.read(), wanted) == []
    bodies.save(shelf.db, [bodies.pack(first, RAW), bodies.pack(nameless[0], RAW)])
    assert bodies.kept_elsewhere(shelf.db.read(), wanted) == [(same, first)]
