"""Messages that name each other are one thread: in any order, across folders, whatever is in their References."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import Shelf, arrival
from tui_mail.model import Flag, Role
from tui_mail.paths import paths
from tui_mail.store import folders, holdings, messages, muting, threads
from tui_mail.store.database import Database, Transaction
from tui_mail.store.folders import KnownFolder
from tui_mail.store.messages import Arrival

_UIDS = itertools.count(1)


def naming(msgid: str, *references: str, flags: Flag = Flag.NONE) -> Arrival:
    """A message that refers to others."""
    made = arrival(next(_UIDS), msgid=msgid, flags=flags)
    return replace(made, fields=replace(made.fields, references=references))


def put(shelf: Shelf, arrivals: Sequence[Arrival], folder: int = 0) -> None:
    shelf.db.run(lambda txn: messages.insert(txn, shelf.account, folder or shelf.inbox, arrivals))


def place_all(shelf: Shelf) -> None:
    while shelf.db.run(threads.place):
        pass


def thread_of(shelf: Shelf, msgid: str) -> int:
    rows = shelf.db.read().execute("SELECT DISTINCT thread FROM message WHERE message_id = ?", (msgid,)).fetchall()
    assert len(rows) == 1, f"{msgid} is in {len(rows)} threads"
    return int(rows[0][0])


def partition(shelf: Shelf, prefix: str = "") -> set[frozenset[str]]:
    """Which Message-IDs are together; `member` and `message` agree about it."""
    found = dict[int, set[str]]()
    for thread, msgid in shelf.db.read().execute("SELECT thread, message_id FROM message"):
        if msgid.startswith(prefix):
            found.setdefault(thread, set()).add(msgid)
    stored = shelf.db.read().execute("SELECT id, thread FROM message ORDER BY id").fetchall()
    members = shelf.db.read().execute("SELECT message_id, thread FROM member ORDER BY message_id").fetchall()
    assert stored == members
    return {frozenset(group) for group in found.values()}


def united(names: Iterable[tuple[str, Sequence[str]]]) -> set[frozenset[str]]:
    """The same by a plain union-find over all ids that are named."""
    names = list(names)
    groups = dict[str, set[str]]()
    for own, references in names:
        together = set[str]().union({own}, *(groups.get(one, {one}) for one in (own, *references)))
        groups.update(dict.fromkeys(together, together))
    stored = {own for own, _ in names}
    return {frozenset(group & stored) for group in groups.values() if group & stored}


_ID = st.integers(0, 9)
_MAIL = st.lists(st.tuples(_ID, st.lists(_ID, max_size=4), st.booleans()), min_size=1, max_size=14)
_PREFIXES = itertools.count()


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One store for all examples: each has Message-IDs of its own."""
    made = Shelf(tmp_path_factory.mktemp("hall"))
    yield made
    made.db.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mail=_MAIL, order=st.randoms(use_true_random=False), at_once=st.booleans())
def test_any_order_of_arrival_gives_the_same_threads(hall: Shelf, mail: list, order, at_once: bool) -> None:  # type: ignore[no-untyped-def,type-arg]
    """As a union-find over all that is named; self-references, cycles and one Message-ID twice among them."""
    prefix = f"e{next(_PREFIXES)}."
    named = [(f"{prefix}{own}", [f"{prefix}{one}" for one in refs], sent) for own, refs, sent in mail]
    order.shuffle(named)
    if not at_once:
        put(hall, [naming(f"filler{next(_UIDS)}") for _ in range(threads.FEW + 1)])
    for own, refs, in_archive in named:
        put(hall, [naming(own, *refs)], hall.archive if in_archive else hall.inbox)
    place_all(hall)
    assert partition(hall, prefix) == united((own, refs) for own, refs, _ in named)


def test_a_late_message_joins_two_threads(shelf: Shelf) -> None:
    """Also those of another folder; the lists of both folders are told."""
    put(shelf, [naming("a"), naming("b", "a")])
    put(shelf, [naming("x"), naming("y", "x")], shelf.archive)
    before = shelf.db.read().execute("SELECT id, arrangement FROM folder").fetchall()
    assert thread_of(shelf, "b") != thread_of(shelf, "y")
    put(shelf, [naming("z", "b", "y")])
    assert len({thread_of(shelf, one) for one in "abxyz"}) == 1
    after = dict(shelf.db.read().execute("SELECT id, arrangement FROM folder").fetchall())
    assert sum(after[id_] > old for id_, old in before if id_ in (shelf.inbox, shelf.archive)) >= 1
    assert shelf.all_counts_true()


def test_answers_are_together_though_the_message_answered_is_not_here(shelf: Shelf) -> None:
    """Nor comes; and when it does, it is with them."""
    put(shelf, [naming("b", "a"), naming("c", "a")])
    assert thread_of(shelf, "b") == thread_of(shelf, "c")
    put(shelf, [naming("a")])
    assert thread_of(shelf, "a") == thread_of(shelf, "b")


def test_a_thread_survives_a_new_uidvalidity_and_removal(shelf: Shelf) -> None:
    """A message found again keeps its thread; one that is fetched anew comes back to it."""
    first = [naming("a"), naming("c", "b")]
    put(shelf, first)
    put(shelf, [naming("b", "a")], shelf.archive)
    thread = thread_of(shelf, "a")
    shelf.db.run(lambda txn: messages.orphan_folder(txn, shelf.inbox))
    put(shelf, [replace(one, uid=next(_UIDS)) for one in first])
    assert {thread_of(shelf, one) for one in "abc"} == {thread}
    shelf.db.run(lambda txn: messages.lose(txn, shelf.archive, [row[0] for row in _uids(shelf, shelf.archive)]))
    shelf.db.run(lambda txn: messages.forget_lost(txn, shelf.account, 2**40))
    assert partition(shelf) == {frozenset("ac")}
    put(shelf, [naming("d", "b")])
    assert partition(shelf) == {frozenset("acd")}


def test_hostile_references_cost_little(shelf: Shelf) -> None:
    """A thousand names, itself among them, in every message."""
    names = [f"n{number}" for number in range(1_000)]
    put(shelf, [naming(one, *names) for one in names[:40]])
    assert len(partition(shelf)) == 1


def test_a_thread_that_is_full_goes_on_in_another(shelf: Shelf) -> None:
    """Mail that shares one reference is no conversation of a hundred thousand; nothing is ever relabelled for it."""
    put(shelf, [naming(f"m{number}", "spam") for number in range(threads.FULL * 2 + 10)])
    place_all(shelf)
    assert sorted(map(len, partition(shelf))) == [10, threads.FULL, threads.FULL]
    put(shelf, [naming("late", "m3")])
    assert sorted(map(len, partition(shelf))) == [11, threads.FULL, threads.FULL]


def test_large_threads_are_not_joined(shelf: Shelf) -> None:
    """Someone who knows the Message-IDs of two lists cannot make one of them; what comes later goes together."""
    for name in ("one", "two"):
        put(shelf, [naming(f"{name}{number}", name) for number in range(threads.FULL - 10)])
    place_all(shelf)
    put(shelf, [naming("glue", "one", "two")])
    sizes = sorted(map(len, partition(shelf)))
    assert sizes == [threads.FULL - 10, threads.FULL - 9]


def test_a_conversation_stays_muted_when_it_is_joined_to_another(shelf: Shelf) -> None:
    """And what was joined to it is muted with it; other mail is not."""
    put(shelf, [naming("a"), naming("b", "a"), naming("x")])
    muted = shelf.db.read().execute("SELECT id FROM message WHERE message_id = 'x'").fetchone()[0]
    shelf.db.run(lambda txn: muting.mute(txn, muted, muted=True))

    def comes(txn: Transaction) -> None:
        last = muting.newest(txn)
        messages.insert(txn, shelf.account, shelf.inbox, [naming("late", "b", "x"), naming("other")])
        muting.hush_after(txn, last)

    before = shelf.counts(shelf.inbox)[1]
    shelf.db.run(comes)
    assert shelf.counts(shelf.inbox)[1] == before + 1
    assert shelf.all_counts_true()
    put(shelf, [naming("later", "a")])
    assert shelf.db.read().execute("SELECT thread FROM muted").fetchall() == [(thread_of(shelf, "later"),)]


def test_messages_of_an_earlier_version_are_placed(tmp_path: Path) -> None:
    """A store of version 3 has them under the oldest name that each tells."""
    where = paths(tmp_path)
    where.prepare()
    shutil.copy(Path(__file__).with_name("mail-v3.db"), where.data / "mail.db")
    db = Database(where)
    try:
        first, second, third = (row[0] for row in db.read().execute("SELECT message_id FROM message ORDER BY id"))

        def make_them_one(txn: Transaction) -> None:
            txn.sql.execute("UPDATE message SET refs = ? WHERE message_id = ?", (f"{first} {second}", third))

        db.run(make_them_one)
        while db.run(threads.place):
            pass
        assert len(db.read().execute("SELECT DISTINCT thread FROM message").fetchall()) == 1
    finally:
        db.close()


def test_nothing_is_left_of_the_names_of_an_account_that_is_removed(shelf: Shelf) -> None:
    """Its Message-IDs are its mail, too."""
    put(shelf, [naming("a"), naming("b", "a"), naming("c", "b", "a"), naming("z", "y"), naming("y2", "y", "c")])
    shelf.db.run(lambda txn: holdings._remove_rows(txn, shelf.account, "work"))
    for table in ("alias", "member", "message"):
        assert shelf.db.read().execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)


def _uids(shelf: Shelf, folder: int) -> list[tuple[int]]:
    return shelf.db.read().execute("SELECT uid FROM message WHERE folder_id = ?", (folder,)).fetchall()


def test_what_a_server_calls_one_conversation_is_one_in_its_account_alone(shelf: Shelf) -> None:
    """Beside what messages name; the same number of another account's server is another conversation."""
    told = [replace(naming(name, *names), thread="gm:5") for name, names in (("a", ()), ("b", ("c",)), ("d", ()))]
    put(shelf, [*told[:2], naming("c"), naming("e", "\x1d1:gm:5")])
    other = shelf.db.run(lambda txn: folders.account_id(txn, "other"))
    inbox = shelf.db.run(lambda txn: folders.add(txn, other, KnownFolder("INBOX", "/", Role.INBOX, selectable=True)))
    shelf.db.run(lambda txn: messages.insert(txn, other, inbox, told[2:]))
    place_all(shelf)
    assert frozenset("d") in partition(shelf)
    assert thread_of(shelf, "a") == thread_of(shelf, "b") == thread_of(shelf, "c")
