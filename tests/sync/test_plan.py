"""Decisions that could lose or double a message, for whatever store and server may know."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.model import Role
from tui_mail.sync import plan
from tui_mail.sync.jobs import OFTEN, Job, Jobs, Troubles

UID = st.integers(1, 2**32 - 1)
UIDS = st.lists(UID, unique=True, max_size=60).map(sorted)
FLAGS = st.tuples(st.integers(0, 31), st.sampled_from([(), ("Work",), ("$Forwarded", "Work")]))


@given(uids=UIDS, sizes=st.lists(st.integers(1, 25), min_size=1, max_size=80))
def test_windows_cover_every_uid_exactly_once_downwards(uids: list[int], sizes: list[int]) -> None:
    """Each window is what is left at the top; together they are everything, whatever their sizes."""
    below, read = 2**32, list[int]()
    for turn in range(200):
        size = sizes[turn % len(sizes)]
        window = plan.lower_window(uids, below, size)
        if window is None:
            break
        low, high = window
        part = [uid for uid in uids if low <= uid <= high]
        assert 1 <= len(part) <= size
        assert high < below
        read += reversed(part)
        below = low
    assert read == uids[::-1]
    assert plan.lower_window(uids, below, 1) is None


@given(seconds=st.lists(st.floats(0, 100), max_size=50))
def test_windows_stay_within_bounds(seconds: list[float]) -> None:
    size = plan.WINDOW_FIRST
    for one in seconds:
        size = plan.next_window_size(size, one)
        assert 50 <= size <= plan.WINDOW_MOST


@given(
    stored=st.dictionaries(UID, FLAGS, max_size=40), server=st.dictionaries(UID, FLAGS, max_size=40), low=UID, below=UID
)
def test_comparing_flags_makes_both_sides_equal(
    stored: dict[int, plan.FlagState], server: dict[int, plan.FlagState], low: int, below: int
) -> None:
    """Applied to the store, the answer leaves it as the server is, and touches nothing that was not asked about."""
    asked = {uid: state for uid, state in server.items() if low <= uid < below}
    changed, gone = plan.compare_flags(stored, asked, low, below)
    after = {uid: asked.get(uid, state) for uid, state in stored.items() if uid not in gone}
    assert {uid for uid in stored if not low <= uid < below} <= after.keys()
    assert all(after[uid] == asked[uid] for uid in after.keys() & asked.keys())
    assert not any(low <= uid < below and uid not in asked for uid in after)
    assert set(changed) == {uid for uid in stored.keys() & asked.keys() if stored[uid] != asked[uid]}


KNOWN = st.builds(plan.Known, st.integers(0, 3), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))


@given(
    known=KNOWN, uidvalidity=st.integers(0, 3), uidnext=st.integers(0, 9), highest=st.integers(0, 9),
    before=st.booleans(),
)  # fmt: skip
def test_uids_are_only_kept_while_they_mean_the_same(
    known: plan.Known, uidvalidity: int, uidnext: int, highest: int, before: bool
) -> None:
    """Another UIDVALIDITY, or a UIDNEXT that went down for certain, and every UID is looked up anew.

    A server that tells no UIDVALIDITY is believed for as long as one connection lasts.
    """
    kept = not plan.must_restart(known, uidvalidity, uidnext, highest=highest, opened_before=before)
    if kept and known.uidvalidity:
        assert uidvalidity == known.uidvalidity or (uidvalidity == 0 and before)
        assert uidvalidity == 0 or uidnext == 0 or uidnext >= known.uidnext or highest >= uidnext
    if not kept:
        assert known.uidvalidity
        assert uidvalidity != known.uidvalidity or uidnext < known.uidnext


@given(known=KNOWN, uidvalidity=st.integers(1, 3), uidnext=st.integers(1, 9), highest=st.integers(0, 9))
def test_a_uidnext_below_uids_that_exist_is_nonsense(
    known: plan.Known, uidvalidity: int, uidnext: int, highest: int
) -> None:
    """Starting over each time such a server is asked would never end."""
    if uidvalidity == known.uidvalidity and highest >= uidnext:
        assert not plan.must_restart(known, uidvalidity, uidnext, highest=highest)


@given(
    stored=st.sets(st.integers(1, 30)), there=st.sets(st.integers(1, 30)),
    found=st.none() | st.sets(st.integers(1, 30)), silent=st.sets(st.integers(1, 30)),
)  # fmt: skip
def test_nothing_is_lost_that_either_answer_shows(
    stored: set[int], there: set[int], found: set[int] | None, silent: set[int]
) -> None:
    """However much a search leaves out, or the rows do, only what both leave out is gone; and what is gone goes."""
    gone = plan.proven_gone(stored, found, there - silent)
    assert not set(gone) & (there - silent)
    assert found is None or not set(gone) & found
    assert set(gone) >= stored - there - (found or set())


@given(
    known=KNOWN, stored=st.integers(0, 5), unseen=st.integers(0, 5), uidvalidity=st.integers(0, 3),
    uidnext=st.integers(0, 9), modseq=st.integers(0, 9), messages=st.integers(0, 5), told_unseen=st.integers(0, 5),
    seconds=st.integers(0, 200_000),
)  # fmt: skip
def test_a_folder_is_only_passed_over_when_nothing_differs(
    known: plan.Known,
    stored: int,
    unseen: int,
    uidvalidity: int,
    uidnext: int,
    modseq: int,
    messages: int,
    told_unseen: int,
    seconds: int,
) -> None:
    differs = plan.needs_refresh(
        known,
        stored,
        unseen,
        uidvalidity=uidvalidity,
        uidnext=uidnext,
        highestmodseq=modseq,
        messages=messages,
        told_unseen=told_unseen,
        seconds=seconds,
    )
    if not differs:
        assert known.uidvalidity
        assert known.synced_min_uid
        assert uidnext == known.uidnext
        assert uidvalidity in (0, known.uidvalidity)
        assert modseq in (0, known.highestmodseq)
        assert known.synced_min_uid > 1 or messages == stored
        assert known.synced_min_uid > 1 or modseq or told_unseen == unseen
        assert seconds <= plan.SCAN_COUNTED_SECONDS


@given(
    sizes=st.lists(st.integers(0, 3_000_000), max_size=150),
    folders=st.lists(st.integers(1, 3), min_size=150, max_size=150),
    limit=st.integers(1, 3_000_000),
)
def test_a_batch_of_bodies_is_of_one_folder_and_bounded(sizes: list[int], folders: list[int], limit: int) -> None:
    """The newest that may be fetched is always among them, so that the background never stands still."""
    candidates = [(n, folders[n], n + 1000, size) for n, size in enumerate(sizes)]
    chosen, beyond, folder = plan.body_batch(candidates, limit)
    assert all(sizes[id_] > limit for id_ in beyond)
    assert all(folders[id_] == folder and sizes[id_] <= limit and uid == id_ + 1000 for id_, uid in chosen)
    assert len(chosen) <= plan.BATCH_MESSAGES
    assert len(chosen) <= 1 or sum(sizes[id_] for id_, _ in chosen) <= plan.BATCH_OCTETS
    fetchable = [id_ for id_, size in enumerate(sizes) if size <= limit]
    assert [id_ for id_, _ in chosen[:1]] == fetchable[:1]


@pytest.mark.parametrize(("name", "role"), [
    ("Gesendet", Role.SENT), ("Éléments envoyés", Role.SENT), ("Posta inviata", Role.SENT), ("已发送", Role.SENT),
    ("送信済みアイテム", Role.SENT), ("보낸 편지함", Role.SENT), ("Отправленные", Role.SENT), ("Wysłane", Role.SENT),
    ("Papierkorb", Role.TRASH), ("Corbeille", Role.TRASH), ("Papelera", Role.TRASH), ("ゴミ箱", Role.TRASH),
    ("КОРЗИНА", Role.TRASH), ("Koš", Role.TRASH), ("Entwürfe", Role.DRAFTS), ("Brouillons", Role.DRAFTS),
    ("草稿", Role.DRAFTS), ("مسودات", Role.DRAFTS), ("Черновики", Role.DRAFTS), ("Archiv", Role.ARCHIVE),
    ("存档", Role.ARCHIVE), ("アーカイブ", Role.ARCHIVE), ("Junk E-mail", Role.JUNK), ("迷惑メール", Role.JUNK),
    ("Correo no deseado", Role.JUNK), ("스팸", Role.JUNK), ("Roskaposti", Role.JUNK), ("Skräppost", Role.JUNK),
])  # fmt: skip
@pytest.mark.parametrize("prefix", ["", "INBOX.", "[Gmail]/"])
def test_names_in_many_languages(name: str, role: Role, prefix: str) -> None:
    delimiter = prefix[-1:] or "/"
    listed = [("INBOX", delimiter, frozenset[str]()), (prefix + name, delimiter, frozenset[str]())]
    assert plan.assign_roles(listed) == {"INBOX": Role.INBOX, prefix + name: role}


NAMES = st.sampled_from(["INBOX", "inbox", "Sent", "Gesendet", "Sent Items", "Trash", "Work", "Work/Sent", "Archive"])
ATTRIBUTES = st.frozensets(st.sampled_from(["\\sent", "\\trash", "\\archive", "\\junk", "\\haschildren"]), max_size=2)


@given(st.lists(st.tuples(NAMES, st.just("/"), ATTRIBUTES), max_size=9, unique_by=lambda one: one[0]))
def test_each_role_is_given_once_and_the_server_is_believed_first(
    listed: list[tuple[str, str, frozenset[str]]],
) -> None:
    roles = plan.assign_roles(listed)
    assert len(set(roles.values())) == len(roles)
    assert "Work/Sent" not in roles or {n: a for n, _, a in listed}["Work/Sent"]
    for attribute, role in plan.SPECIAL_USE.items():
        marked = [name for name, _, attributes in listed if attributes == {attribute} and name.upper() != "INBOX"]
        if marked:
            assert next(name for name, given in roles.items() if given is role) in [
                name for name, _, attributes in listed if attribute in attributes
            ]


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 6)), max_size=40))
def test_jobs_come_by_urgency_and_each_once(asked: list[tuple[int, int]]) -> None:
    """The urgency of a job that was asked for twice is the better one."""
    jobs, best = Jobs(), dict[int, int]()
    for urgency, about in asked:
        jobs.ask(urgency, Job("_refresh", about))
        best[about] = min(urgency, best.get(about, urgency))
    taken = list[int]()
    while jobs:
        taken.append(jobs.take().about)
    assert sorted(taken) == sorted(best)
    assert all(best[one] <= best[other] for one, other in pairwise(taken))


def test_a_job_that_breaks_the_line_each_time_is_left_out() -> None:
    """One that worked in between is not, and a person who tries again gets all of them."""
    troubles, bad, good = Troubles(), Job("_refresh", 1), Job("_refresh", 2)
    for _ in range(OFTEN):
        assert not troubles.leaves_out(bad)
        troubles.broke(bad)
        troubles.broke(good)
        troubles.worked(good)
    assert troubles.leaves_out(bad)
    assert not troubles.leaves_out(good)
    troubles.forgive()
    assert not troubles.leaves_out(bad)


def test_a_job_that_is_refused_is_left_out_at_once() -> None:
    troubles, job = Troubles(), Job("_refresh", 1)
    troubles.refused(job)
    assert troubles.leaves_out(job)
