"""The facets of messages as the store gives them, over one folder, several, and what was found."""

from __future__ import annotations

from dataclasses import replace

from tests.store.conftest import Shelf, arrival
from tui_mail.facets import MARKS, Mark
from tui_mail.model import Address, Flag, Kind, Role
from tui_mail.query import Of, OfContact, OfKind, Words
from tui_mail.store import bodies, contacts, folders, making, merged, messages, search
from tui_mail.store.faceting import Asked, facets_among, facets_of
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText

SPLITS = Asked((OfKind(Kind.PERSON), OfKind(Kind.LIST), OfKind(Kind.CALENDAR)))


def of_kind(one: Arrival, kind: Kind, sender: str = "anna@example.org", list_id: str = "") -> Arrival:
    fields = replace(
        one.fields, kind=kind, from_=(Address(SafeText("A"), SafeText(sender)),), list_id=SafeText(list_id)
    )
    return replace(one, fields=fields)


def put(shelf: Shelf, folder: int, some: list[Arrival]) -> None:
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, folder, some))


def seen(shelf: Shelf, folders_: list[int], asked: Asked = SPLITS, newest: int = -1) -> list[tuple[int, int]]:
    """(split, marks) of each."""
    found = facets_of(shelf.db.read(), folders_, asked, folders.all_folders(shelf.db.read()), newest)
    assert len(found.ids) == len(found.facets)
    return [divmod(one, MARKS) for one in found.facets]


def test_every_message_is_in_one_split(shelf: Shelf) -> None:
    """What fits none is in the one after the last; newest first."""
    kinds = [Kind.PERSON, Kind.LIST, Kind.NOTIFICATION, Kind.CALENDAR]
    put(shelf, shelf.inbox, [of_kind(arrival(n, flags=Flag.SEEN), kind) for n, kind in enumerate(kinds, 1)])
    assert [split for split, _ in seen(shelf, [shelf.inbox])] == [2, 3, 1, 0]
    assert [split for split, _ in seen(shelf, [shelf.inbox], newest=2)] == [2, 3]


def test_messages_that_were_stored_before_there_were_kinds(shelf: Shelf) -> None:
    """The list and the sender tell some."""
    some = [
        of_kind(arrival(1), Kind.UNKNOWN),
        of_kind(arrival(2), Kind.UNKNOWN, list_id="harbour"),
        of_kind(arrival(3), Kind.UNKNOWN, "no-reply@x.example"),
    ]
    put(shelf, shelf.inbox, some)
    assert [split for split, _ in seen(shelf, [shelf.inbox])] == [3, 1, 0]


def test_marks(shelf: Shelf) -> None:
    """Unread, starred, with a file, from somebody one wrote to."""
    some = [
        of_kind(arrival(1, flags=Flag.SEEN | Flag.FLAGGED), Kind.PERSON),
        of_kind(arrival(2), Kind.PERSON, "Ola@Nordmann.example"),
        of_kind(
            replace(arrival(3, flags=Flag.SEEN), fields=replace(arrival(3).fields, has_attachments=True)), Kind.LIST
        ),
    ]
    put(shelf, shelf.inbox, some)
    shelf.db.run(lambda txn: contacts.written_to(txn, [("Ola", "ola@nordmann.example")], 1, ""))
    wanted = [(1, int(Mark.ATTACHMENT)), (0, int(Mark.UNREAD | Mark.CONTACT)), (0, int(Mark.STARRED))]
    assert seen(shelf, [shelf.inbox]) == wanted
    assert seen(shelf, [shelf.inbox], Asked((OfContact(),), contacts=False))[1] == (0, int(Mark.UNREAD))
    ids = messages.displayed_in(shelf.db.read(), shelf.inbox)
    among = facets_among(shelf.db.read(), [ids[2], ids[0], 99], SPLITS, ())
    assert list(among.ids) == [ids[2], ids[0]]
    assert [one % MARKS for one in among.facets] == [Mark.STARRED, Mark.ATTACHMENT]


def test_words_that_cannot_be_looked_for_yet_find_nothing(shelf: Shelf) -> None:
    """There is no index: the rest is told apart all the same."""
    put(shelf, shelf.inbox, [of_kind(arrival(1), Kind.PERSON)])
    assert Asked((Words("anna"),)).needs_index
    assert seen(shelf, [shelf.inbox], Asked((Words("anna"), Of("work")))) == [(1, int(Mark.UNREAD))]


def test_several_folders_are_merged_by_date(shelf: Shelf) -> None:
    """Rows, ids, threads and facets, in one order."""
    other = shelf.add("Other", Role.INBOX)
    put(shelf, shelf.inbox, [arrival(1, date=100), arrival(2, date=300)])
    put(shelf, other, [arrival(11, date=200), arrival(12, date=400)])
    sql = shelf.db.read()
    both = [shelf.inbox, other]
    assert [row.uid for row in merged.first_rows(sql, both, 3)] == [12, 2, 11]
    assert len(merged.ids_of(sql, both)) == 4
    assert list(merged.ids_of(sql, both)) == list(merged.threads_of(sql, both).heads)
    assert len(merged.threads_of(sql, both, 2).heads) == 2
    assert list(facets_of(sql, both, SPLITS, ()).ids) == list(merged.ids_of(sql, both))
    assert (merged.first_rows(sql, [], 3), list(merged.ids_of(sql, []))) == ([], [])


def test_the_first_rows_of_several_folders_are_found_by_key(shelf: Shelf) -> None:
    """No sorting of everything: the index gives each folder in order, and they are merged."""
    query = f"EXPLAIN QUERY PLAN {merged.newest_first('0', [1, 2])} LIMIT 5"
    plan = [row[3] for row in shelf.db.read().execute(query, (1, 2))]
    assert any("MERGE" in step for step in plan)
    assert not any("TEMP B-TREE" in step for step in plan)
    assert sum("message_view" in step for step in plan) == 2


def test_an_invitation_inside_of_a_message_is_known_once_it_is_here(shelf: Shelf) -> None:
    """Its header did not tell."""
    put(shelf, shelf.inbox, [of_kind(arrival(1, flags=Flag.SEEN), Kind.PERSON)])
    [id_] = messages.displayed_in(shelf.db.read(), shelf.inbox)
    bodies.save(shelf.db, [bodies.pack(id_, b"A: b\r\n\r\n--x\r\nContent-Type: text/calendar\r\n\r\nBEGIN")])
    assert seen(shelf, [shelf.inbox]) == [(2, 0)]


def test_kinds_can_be_searched_for(shelf: Shelf) -> None:
    """As everything that a list can be narrowed by."""
    put(shelf, shelf.inbox, [of_kind(arrival(1), Kind.LIST), of_kind(arrival(2), Kind.BULK)])
    condition = search.condition_of(shelf.db.read(), OfKind(Kind.BULK), ())
    found = shelf.db.read().execute(f"SELECT uid FROM message m WHERE {condition.sql}", condition.values).fetchall()
    assert found == [(2,)]


def test_an_invitation_of_a_message_that_came_whole(shelf: Shelf) -> None:
    """As POP3 gives it: its row is made before its octets are kept."""
    raw = b"From: a@x.example\r\n\r\n--x\r\nContent-Type: text/calendar\r\n\r\nBEGIN"
    [id_] = making.make_many(shelf.db, "work", [raw], 1_700_000_000)
    assert messages.kind(shelf.db.read(), id_) is Kind.CALENDAR
