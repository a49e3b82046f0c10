"""What the store holds of an account, and taking all of it away: nothing of it stays, nothing of others goes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.ui.world import Letter, World, account, world
from tui_mail.model import Account
from tui_mail.outgoing import Draft, Envelope
from tui_mail.store import blobs, bodies, drafts, holdings, mirror, outbox
from tui_mail.store.holdings import Holdings
from tui_mail.store.outbox import Parcel

HOME, WORK = account("home"), account("work")


def held(place: World, name: str) -> Holdings:
    return holdings.of_account(place.db.read(), place.db.read_bodies(), name)


def fill(place: World, owner: Account) -> list[int]:
    """Messages, one of them on this computer only; a change, a draft, a message in the outbox, a body wanted."""
    ids = place.put([Letter(f"{owner.name} {number}") for number in range(4)], account_name=owner.name)
    mirror.note_arrivals(place.db, owner.name, [mirror.Arrived(ids[0], "u1", 10)], 1)
    place.client.archive(ids[:2])
    place.db.run(lambda txn: drafts.save(txn, Draft(owner.name, body="half"), "d@test.example"))
    blob = blobs.save(place.db, b"octets")
    parcel = Parcel(
        owner.name, Envelope("anna@example.org", ("ola@example.org",)), "m@test.example", "S", 6, blob, blob
    )
    place.db.run(lambda txn: outbox.queue(txn, parcel, 0, 0))
    place.client.request_body(ids[3])
    return ids


def rows_of(sql: sqlite3.Connection, column: str, values: list[int]) -> dict[str, int]:
    """How many rows of every table that has the column name one of these."""
    tables = [row[0] for row in sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = dict[str, int]()
    for table in tables:
        if any(row[1] == column for row in sql.execute(f"PRAGMA table_info({table})")):
            inside = ",".join(map(str, values))
            count = sql.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} IN ({inside})").fetchone()[0]
            if count:
                found[table] = count
    return found


def test_everything_of_one_account_goes(tmp_path: Path) -> None:
    """No row of any table names it or its messages any more; the other account is as it was."""
    with world(tmp_path, accounts=[HOME, WORK]) as place:
        mine, theirs = fill(place, WORK), fill(place, HOME)
        bodies.save(place.db, [bodies.pack(theirs[2], place.client.raw(mine[2]) or b"")])
        before = held(place, "home")
        assert held(place, "work") == before
        assert before == Holdings(messages=4, only_here=1, waiting=1, sending=1, drafts=1)
        number = place.db.read().execute("SELECT id FROM account WHERE name = 'work'").fetchone()[0]
        assert set(rows_of(place.db.read(), "account_id", [number])) >= {"message", "folder", "journal", "outbox"}
        assert holdings.remove(place.db, "work") == 4
        assert held(place, "work") == Holdings()
        assert rows_of(place.db.read(), "account_id", [number]) == {}
        assert rows_of(place.db.read(), "message_id", mine) == {}
        assert rows_of(place.db.read_bodies(), "message_id", mine) == {}
        assert held(place, "home") == before
        assert all(place.client.raw(id_) for id_ in theirs)
        assert {folder.account for folder in place.client.folders()} == {"home"}
        for table, column in (
            ("journal_item", "journal_id"),
            ("outbox_recipient", "outbox_id"),
            ("draft_blob", "draft_id"),
        ):
            owner = column.removesuffix("_id")
            stray = f"SELECT COUNT(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM {owner})"
            assert place.db.read().execute(stray).fetchone() == (0,)
        assert holdings.remove(place.db, "work") == 0


def test_octets_shared_with_another_account_stay(tmp_path: Path) -> None:
    """One message whose octets are kept once, under the id of the one that goes."""
    with world(tmp_path, accounts=[HOME, WORK]) as place:
        (mine,) = place.put([Letter("Shared")], account_name="work")
        (theirs,) = place.put([Letter("Shared", here=False)], account_name="home")
        raw = place.client.raw(mine)

        def same(_: object) -> None:
            with bodies.writing(place.db) as sql:
                sql.execute("INSERT INTO same VALUES (?, ?)", (theirs, mine))

        place.db.run(same)
        holdings.remove(place.db, "work")
        assert place.client.raw(theirs) == raw
        assert raw


def test_killed_in_the_middle_it_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Octets go first, the account's row last."""
    with world(tmp_path, accounts=[HOME, WORK]) as place:
        mine = fill(place, WORK)
        with monkeypatch.context() as patch:
            patch.setattr(holdings, "_remove_rows", lambda *_: 1 / 0)
            with pytest.raises(Exception, match="division"):
                holdings.remove(place.db, "work")
        assert rows_of(place.db.read_bodies(), "message_id", mine) == {}
        assert holdings.remove(place.db, "work") == 4
        assert held(place, "work") == Holdings()


def test_whose_mail_was_left(tmp_path: Path) -> None:
    """Noted by name, the newest note counts; it goes with the mail."""
    with world(tmp_path, accounts=[HOME, WORK]) as place:
        assert holdings.left_of(place.db.read(), "work") is None
        place.db.run(lambda txn: holdings.note_left(txn, WORK))
        assert holdings.left_of(place.db.read(), "work") == ("imap", "anna", "127.0.0.1")
        assert holdings.left_of(place.db.read(), "home") is None
        fill(place, WORK)
        holdings.remove(place.db, "work")
        assert holdings.left_of(place.db.read(), "work") is None
