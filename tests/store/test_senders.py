"""Everything from one address, and which keywords there are."""

from __future__ import annotations

from dataclasses import replace

from tests.store.conftest import Shelf, arrival
from tui_mail.model import Address, Flag
from tui_mail.store import keywords, messages, senders
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText


def put(shelf: Shelf, folder: int, *arrivals: Arrival) -> None:
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, folder, arrivals))


def written_by(uid: int, email: str, *, flags: Flag = Flag.NONE, identity: str = "") -> Arrival:
    """A message of an address."""
    one = arrival(uid, flags=flags)
    fields = replace(one.fields, from_=(Address(SafeText("100%_\\x"), SafeText(email)),))
    return replace(one, fields=fields, identity=identity)


def test_one_address_in_every_folder(shelf: Shelf) -> None:
    """Whatever its case; not those that only begin or end like it, nor those that wild cards would fit."""
    put(shelf, shelf.inbox, written_by(1, "a_b@ex.org"), written_by(2, "A_B@Ex.org", flags=Flag.SEEN))
    others = ("a_b@ex.org.evil", "xa_b@ex.org", "axb@ex.org", "%")
    put(shelf, shelf.inbox, *(written_by(10 + at, email) for at, email in enumerate(others)))
    put(shelf, shelf.archive, written_by(20, "a_b@ex.org", flags=Flag.SEEN))
    put(shelf, shelf.trash, written_by(30, "a_b@ex.org"))
    found = senders.from_sender(shelf.db.read(), "a_b@EX.ORG")
    assert (found.total, found.unread, found.size) == (4, 2, 400)
    assert (found.first, found.last) == (1_700_000_001, 1_700_000_030)
    assert found.folders[0] == (shelf.inbox, 2)
    assert dict(found.folders) == {shelf.inbox: 2, shelf.archive: 1, shelf.trash: 1}
    assert (len(found.in_inbox), len(found.unread_ids), len(found.not_in_trash)) == (2, 2, 3)


def test_what_gmail_shows_twice_counts_once(shelf: Shelf) -> None:
    """In the sums; each label has its number."""
    put(shelf, shelf.inbox, written_by(1, "a@ex.org", identity="gm:7"))
    put(shelf, shelf.archive, written_by(5, "a@ex.org", identity="gm:7"), written_by(6, "a@ex.org", identity="gm:8"))
    found = senders.from_sender(shelf.db.read(), "a@ex.org")
    assert (found.total, found.unread) == (2, 2)
    assert dict(found.folders) == {shelf.inbox: 1, shelf.archive: 2}


def test_nobody(shelf: Shelf) -> None:
    """Nothing is counted of an address that never wrote."""
    found = senders.from_sender(shelf.db.read(), "nobody@ex.org")
    assert (found.total, found.folders, found.first) == (0, (), 0)


def test_keywords_are_counted_where_they_are_seen(shelf: Shelf) -> None:
    """By message; of another account none."""
    put(shelf, shelf.inbox, replace(arrival(1), keywords=("work", "todo")), replace(arrival(2), keywords=("work",)))
    put(shelf, shelf.archive, replace(arrival(3), keywords=("$Junk",)), arrival(4))
    sql = shelf.db.read()
    assert keywords.counts(sql, shelf.account) == {"work": 2, "todo": 1, "$Junk": 1}
    assert keywords.counts(sql, shelf.account + 1) == {}
