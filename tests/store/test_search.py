"""Searching: the index against looking at every message, and an index that agrees with the store whatever happened."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import Shelf, arrival
from tests.sync.conftest import wait_for
from tui_mail.attention import Attention
from tui_mail.errors import StoreError
from tui_mail.excerpt import Excerpt
from tui_mail.mime.worker import ParserProcess
from tui_mail.model import Account, Address, Flag, HeaderFields, Protocol, Role, Security, Server
from tui_mail.paths import Paths, paths
from tui_mail.store import bodies, excerpts, messages
from tui_mail.store.database import Transaction
from tui_mail.store.search import PARTS_LIMIT
from tui_mail.store.search_file import open_for_search, path_of
from tui_mail.store.search_index import RANGE, BodyWords
from tui_mail.store.searcher import Searcher
from tui_mail.sync import indexer
from tui_mail.text import SafeText
from tui_mail.understanding import understand

WORK = Account("work", "Anna", "anna@example.org", Protocol.IMAP, Server("localhost", 1, Security.TLS, "anna"))


@pytest.fixture(scope="module")
def reader() -> Iterator[ParserProcess]:
    with ParserProcess(answer="words") as child:
        yield child


class Finder:
    """A store, its index, and somebody who asks."""

    def __init__(self, shelf: Shelf, where: Paths, reader: ParserProcess) -> None:
        self.shelf, self.where, self.reader = shelf, where, reader
        self.searcher = Searcher(where, shelf.db, [WORK])
        self._uid = 0

    def put(
        self,
        subject: str,
        text: str = "",
        *,
        sender: str = "Anna <anna@example.org>",
        to: str = "",
        folder: int = 0,
        identity: str = "",
        flags: Flag = Flag.NONE,
        list_id: str = "",
        filename: str = "",
        size: int = 0,
        date: int = 0,
    ) -> int:
        """A message, whole if there is a text; its id."""
        self._uid += 1
        name, _, email = sender.rpartition(" ")
        fields = HeaderFields(
            date=date or 1_700_000_000 + self._uid,
            from_=(Address(SafeText(name), SafeText(email.strip("<>"))),),
            to=(Address(SafeText(""), SafeText(to)),) if to else (),
            cc=(),
            subject=SafeText(subject),
            message_id=f"m{self._uid}@example.org",
            references=(),
            list_id=SafeText(list_id),
            has_attachments=bool(filename),
        )
        where = folder or self.shelf.inbox
        row = replace(arrival(self._uid, size=size or 100 + len(text)), fields=fields, identity=identity, flags=flags)
        self.shelf.db.run(lambda txn: messages.insert(txn, self.shelf.account, where, [row]))
        query = "SELECT id FROM message WHERE folder_id = ? AND uid = ?"
        id_ = int(self.shelf.db.read().execute(query, (where, self._uid)).fetchone()[0])
        if text or filename:
            head = f"Subject: {subject}\r\nMIME-Version: 1.0\r\n"
            body = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            if filename:
                body = (
                    f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{body}--b\r\n"
                    "Content-Type: application/pdf\r\n"
                    f'Content-Disposition: attachment; filename="{filename}"\r\n\r\nx\r\n--b--\r\n'
                )
            bodies.save(self.shelf.db, [bodies.pack(id_, (head + body).encode())])
        return id_

    def index(self) -> None:
        index = indexer.opened(self.where, self.shelf.db)
        for _ in indexer.catch_up(index, self.shelf.db, lambda: self.reader):
            pass
        index.close()

    def find(self, text: str) -> list[int]:
        return list(self.searcher.find(understand(text)).ids)

    def delete(self, *ids: int) -> None:
        self.shelf.db.run(lambda txn: txn.sql.executemany("DELETE FROM message WHERE id = ?", ((id_,) for id_ in ids)))

    def sql(self) -> sqlite3.Connection:
        made = open_for_search(self.where, self.shelf.db.mail_path, self.shelf.db.store_id())
        assert made is not None
        return made


@pytest.fixture
def finder(shelf: Shelf, tmp_path: Path, reader: ParserProcess) -> Iterator[Finder]:
    made = Finder(shelf, paths(tmp_path), reader)
    yield made
    made.searcher.close()


def test_what_is_here_of_a_large_message_is_found_and_then_all_of_it(finder: Finder) -> None:
    """By the words of its text and the names of its files, before it is here; then the whole takes their place."""
    large = finder.put("Plans", size=20_000_000)
    other = finder.put("Other plans", "nothing of it")
    octets = (
        b"Subject: Plans\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/plain\r\n\r\nThe harbour wall.\r\n--b\r\nContent-Type: application/pdf\r\n"
        b'Content-Disposition: attachment; filename="quay.pdf"\r\n\r\n\r\n--b--\r\n'
    )
    excerpts.save(finder.shelf.db, large, Excerpt(octets, 20_000_000, 0, ()))
    finder.index()
    assert finder.find("harbour wall") == finder.find("filename:quay") == finder.find("arbou") == [large]
    whole = b"Subject: Plans\r\n\r\nThe harbour wall and the lighthouse.\r\n"
    bodies.save(finder.shelf.db, [bodies.pack(large, whole)])
    finder.index()
    assert finder.find("lighthouse") == finder.find('"harbour wall"') == [large]
    assert finder.find("filename:quay") == []
    assert finder.find("nothing") == [other]
    finder.delete(large)
    finder.index()
    assert finder.find("harbour") == []
    with contextlib.closing(finder.sql()) as sql:
        assert sql.execute("SELECT COUNT(*) FROM body").fetchone() == (1,)


def test_an_excerpt_that_cannot_be_read_is_no_bar_to_the_whole(finder: Finder) -> None:
    """It is not tried again; the message is, once it is here."""
    large = finder.put("Plans", size=20_000_000)
    excerpts.save(finder.shelf.db, large, Excerpt(b"", 20_000_000, 0, ()))

    def damage(_: Transaction) -> None:
        with bodies.writing(finder.shelf.db) as sql:
            sql.execute("UPDATE excerpt SET raw = x'00'")

    finder.shelf.db.run(damage)
    finder.index()
    bodies.save(finder.shelf.db, [bodies.pack(large, b"Subject: Plans\r\n\r\nThe lighthouse.\r\n")])
    finder.index()
    assert finder.find("lighthouse") == [large]


def test_every_kind_of_term(finder: Finder) -> None:
    """Each finds what it names and nothing else; the newest comes first."""
    lunch = finder.put(
        "Lunch on Friday", "Shall we meet at noon? Überraschung!", sender="Bob Stone <bob@stone.example>"
    )
    plan = finder.put(
        "Plan", "The annual report", to="team@lists.example", filename="Quartal Ω.pdf", flags=Flag.SEEN | Flag.FLAGGED
    )
    listed = finder.put(
        "Re: PEP", sender="Cy <cy@x.example>", list_id="python-dev.python.org", folder=finder.shelf.archive
    )
    chinese = finder.put("会议通知", "我们明天下午三点开会议，请带上季度报告。", size=9_000_000)
    finder.index()
    every = [chinese, listed, plan, lunch]
    for text, found in {
        "lunch": [lunch],
        "LUNCH friday": [lunch],
        '"lunch on friday"': [lunch],
        '"friday lunch"': [],
        "uberraschung": [lunch],
        "raschun": [lunch],
        '"uberrasch"': [],
        "fri": [lunch],
        "iday": [lunch],
        "from:bob": [lunch],
        "from:stone.example": [lunch],
        "from:one.exam": [lunch],
        "to:team@lists": [plan],
        "subject:report": [],
        "body:report": [plan],
        "report": [plan],
        "filename:pdf": [plan],
        "filename:quartal": [plan],
        "has:attachment": [plan],
        "is:unread": [chinese, listed, lunch],
        "is:starred": [plan],
        "-is:starred": [chinese, listed, lunch],
        "in:archive": [listed],
        "in:inbox": [chinese, plan, lunch],
        "in:work:inbox lunch": [lunch],
        "in:nowhere": [],
        "account:work": every,
        "account:other": [],
        "list:python-dev": [listed],
        "larger:5M": [chinese],
        "smaller:5M": [listed, plan, lunch],
        "会议": [chinese],
        "季度报": [chinese],
        "度": [chinese],
        "议会": [],
        "subject:会议": [chinese],
        "lunch OR plan": [plan, lunch],
        "(lunch OR plan) is:read": [plan],
        "-lunch": [chinese, listed, plan],
        "NOT (lunch OR plan)": [chinese, listed],
        "after:2023-11-10": every,
        "before:2023-11-10": [],
    }.items():
        assert finder.find(text) == found, text
    assert finder.searcher.find(understand("in:nowhere a is:odd")).hints == (
        *understand("is:odd").hints,
        SafeText("there is no folder “nowhere”"),
    )


def test_new_deleted_and_changed_messages(finder: Finder) -> None:
    """The index follows; what is no longer displayed is never found, also before the index knows."""
    first = finder.put("apple", "inside apple")
    finder.index()
    second = finder.put("apple pie")
    assert finder.find("apple") == [first]
    finder.index()
    assert finder.find("apple") == [second, first]
    finder.delete(first)
    assert finder.find("apple") == [second]
    finder.index()
    sql = finder.sql()
    assert sql.execute("SELECT COUNT(*) FROM doc").fetchone()[0] == 1
    assert sql.execute("SELECT COUNT(*) FROM body").fetchone()[0] == 0
    assert sql.execute("SELECT rowid FROM head WHERE head MATCH 'apple'").fetchall() == [(second,)]
    assert sql.execute("SELECT rowid FROM inside WHERE inside MATCH 'apple'").fetchall() == []
    sql.close()


def test_what_was_found_stays_though_it_was_read_since(finder: Finder) -> None:
    """Not though it was moved away or deleted; nor without having been found before."""
    unread, read, moved = finder.put("apple one"), finder.put("apple two", flags=Flag.SEEN), finder.put("apple three")
    finder.index()
    query = understand("apple is:unread in:inbox")
    assert finder.find(query.text) == [moved, unread]
    elsewhere = finder.shelf.add("Elsewhere", Role.NONE)

    def job(txn: Transaction) -> None:
        txn.sql.execute("UPDATE message SET flags = 1, view_flags = 1 WHERE id = ?", (unread,))
        txn.sql.execute("UPDATE message SET folder_id = ?2, view_folder = ?2 WHERE id = ?1", (moved, elsewhere))

    finder.shelf.db.run(job)
    assert finder.find(query.text) == []
    assert list(finder.searcher.find(query, kept=[moved, unread]).ids) == [unread]
    assert list(finder.searcher.find(query, kept=[moved, unread, read]).ids) == [read, unread]
    finder.delete(unread)
    assert list(finder.searcher.find(query, kept=[moved, unread]).ids) == []


def test_a_number_that_is_another_message_now(finder: Finder) -> None:
    """After mail.db was made again by other means, a number may have been given twice."""
    id_ = finder.put("old words", "old text")
    finder.index()
    finder.shelf.db.run(
        lambda txn: txn.sql.execute(
            "UPDATE message SET date = date + 1, subject = 'new words', has_body = 0 WHERE id = ?", (id_,)
        )
    )
    finder.index()
    assert finder.find("old") == []
    assert finder.find("new") == [id_]


@pytest.mark.parametrize("gone", [1, 2])
def test_what_is_gone_does_not_hide_that_something_is_missing(finder: Finder, gone: int) -> None:
    """Messages that vanished from the list stay in the index for a while; what comes then is missing still."""
    ids = [finder.put(subject, "needle") for subject in ("one", "two", "three")]
    finder.index()
    covered = finder.searcher.find(understand("needle")).covered
    assert (covered.messages, covered.headers, covered.bodies) == (3, 3, 3)
    finder.shelf.db.run(
        lambda txn: txn.sql.executemany(
            "UPDATE message SET folder_id = NULL, view_folder = NULL, uid = NULL WHERE id = ?",
            [(id_,) for id_ in ids[:gone]],
        )
    )
    new = finder.put("four", "needle")
    covered = finder.searcher.find(understand("needle")).covered
    assert (covered.messages, covered.headers, covered.bodies) == (4 - gone, 3 - gone, 3 - gone)
    finder.index()
    assert finder.find("needle") == [new, *reversed(ids[gone:])]


def test_a_body_that_comes_later_and_one_that_cannot_be_read(finder: Finder) -> None:
    """Coverage counts what can be found."""
    whole, bare = finder.put("one", "needle"), finder.put("two")
    lost = finder.put("three", "lost")
    with contextlib.closing(sqlite3.connect(finder.shelf.db.bodies_path)) as sql, sql:
        sql.execute("UPDATE body SET raw = X'00' WHERE message_id = ?", (lost,))
    finder.index()
    covered = finder.searcher.find(understand("needle")).covered
    assert (covered.messages, covered.headers, covered.bodies) == (3, 3, 1)
    bodies.save(finder.shelf.db, [bodies.pack(bare, b"Subject: two\r\n\r\nanother needle\r\n")])
    finder.index()
    assert finder.find("needle") == [bare, whole]


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 500, None])
def test_a_file_that_is_lost_or_damaged_is_made_again(finder: Finder, damage: bytes | None) -> None:
    """It holds nothing that is not elsewhere; somebody who asks goes on with the new one."""
    id_ = finder.put("apple")
    finder.index()
    assert finder.find("apple") == [id_]
    path = path_of(finder.where)
    path.unlink()
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    if damage is not None:
        path.write_bytes(damage)
    else:
        assert finder.find("apple") == []
    finder.index()
    assert finder.find("apple") == [id_]
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_who_fill_it_at_once_put_nothing_in_twice(finder: Finder) -> None:
    """Each looks again inside its transaction."""
    ids = [finder.put(f"apple {number}", "text") for number in range(20)]
    ours, theirs = (indexer.opened(finder.where, finder.shelf.db) for _ in range(2))
    for index in (ours, theirs, ours):
        index.add_heads(1, RANGE)
    missing = ours.without_body(1, RANGE, 100)
    found = [BodyWords(id_, "", "text") for id_ in missing]
    ours.add_bodies(found)
    theirs.add_bodies(found)
    sql = finder.sql()
    assert sql.execute("SELECT COUNT(*) FROM head WHERE head MATCH 'apple'").fetchone()[0] == len(ids)
    assert sql.execute("SELECT COUNT(*) FROM inside WHERE inside MATCH 'text'").fetchone()[0] == len(ids)
    for one in (sql, ours, theirs):
        one.close()


KILLED = """
import os, sys
from tui_mail.mime.worker import ParserProcess
from tui_mail.paths import paths
from tui_mail.store import search_index
from tui_mail.store.database import Database
from tui_mail.sync import indexer
search_index.HEADS = indexer.BODIES = 3
where = paths(sys.argv[1])
db = Database(where)
index = indexer.opened(where, db)
reader = ParserProcess(answer="words")
for step, _ in enumerate(indexer.catch_up(index, db, lambda: reader)):
    if step == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("step", [0, 1, 4, 6, 8])
def test_killed_at_any_step_it_goes_on(finder: Finder, tmp_path: Path, step: int) -> None:
    """kill -9 costs one transaction; nothing is in twice, nothing is missing."""
    ids = [finder.put(f"apple {number}", f"pear {number}") for number in range(12)]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(step)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    finder.index()
    assert finder.find("apple") == finder.find("pear") == ids[::-1]
    sql = finder.sql()
    for table, words in (("head", "apple"), ("inside", "pear")):
        rows = sql.execute(f"SELECT rowid FROM {table} WHERE {table} MATCH '{words}'").fetchall()
        assert [row[0] for row in rows] == ids
    sql.close()


def test_gmail_shows_one_message_under_several_labels_and_it_is_found_once(finder: Finder) -> None:
    """The inbox's row, whatever came first; `in:` finds the row of that folder."""
    everything = finder.shelf.add("All Mail", Role.ALL)
    all_mail = finder.put("apple", identity="gm:1", folder=everything)
    inbox = finder.put("apple", identity="gm:1")
    other = finder.put("apple", identity="gm:2", folder=everything)
    plain = finder.put("apple")
    finder.index()
    assert finder.find("apple") == [plain, other, inbox]
    assert finder.find("apple in:all") == [other, all_mail]


def test_nothing_that_is_typed_becomes_a_command(finder: Finder) -> None:
    """Signs of FTS5 and of SQL are no words; the words among them are searched for."""
    id_ = finder.put("drop table message near column")
    finder.index()
    for text in (
        "drop * table",
        "table)",
        '"drop" OR',
        "NEAR(drop table)",
        "column : drop",
        "'; drop table--",
        "^drop",
    ):
        finder.find(text)
    assert finder.find("'; drop table message; --") == [id_]
    assert finder.find('" drop "" table') in ([id_], [])


_word = st.sampled_from(["apple", "pear", "appleseed", "pineapple", "会议", "会", "été", "a1"])
_field = st.sampled_from(["", "subject:", "body:", "from:"])
_leaf = st.builds(lambda field, word, sign: f"{sign}{field}{word}", _field, _word, st.sampled_from(["", "-"]))
_tree = st.recursive(
    _leaf, lambda inner: st.builds(lambda a, b, joint: f"({a}{joint}{b})", inner, inner, st.sampled_from([" ", " OR "]))
)
_message = st.tuples(st.lists(_word, max_size=2), st.lists(_word, max_size=3))


@settings(database=None, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_message, min_size=1, max_size=6), st.lists(_tree, min_size=1, max_size=8))
def test_the_index_finds_what_looking_at_every_message_finds(
    finder: Finder, mail: list[tuple[list[str], list[str]]], asked: list[str]
) -> None:
    """Any boolean of words, over subject, sender and text."""
    finder.shelf.db.run(lambda txn: txn.sql.execute("DELETE FROM message"))
    texts = dict[int, dict[str, str]]()
    for subject, body in mail:
        id_ = finder.put(" ".join(subject), " ".join(body), sender="Eve <eve@pear.example>")
        texts[id_] = {"subject": " ".join(subject), "body": " ".join(body), "from": "eve pear"}
    finder.index()
    for text in asked:
        wanted = [id_ for id_ in sorted(texts, reverse=True) if _means(text, texts[id_])]
        assert finder.find(text) == wanted, text


def _means(text: str, fields: dict[str, str]) -> bool:
    """The same by brute force: a word is found anywhere inside of words."""
    text = text.strip()
    if text.startswith("("):
        depth = 0
        for at, sign in enumerate(text):
            depth += (sign == "(") - (sign == ")")
            if depth == 1 and text[at : at + 4] == " OR ":
                return _means(text[1:at], fields) or _means(text[at + 4 : -1], fields)
            if depth == 1 and sign == " " and text[at + 1 : at + 3] != "OR" and text[at - 2 : at] != "OR":
                return _means(text[1:at], fields) and _means(text[at + 1 : -1], fields)
    if text.startswith("-"):
        return not _means(text[1:], fields)
    name, _, word = text.rpartition(":")
    return any(word in fields[one] for one in ([name] if name else fields))


def test_damage_in_the_middle_is_mended_by_the_indexer(finder: Finder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is thrown away and filled again, without anybody's help."""
    monkeypatch.setattr(indexer, "TROUBLE_SECONDS", 0.1)
    monkeypatch.setattr(indexer, "BEGIN_SECONDS", 0.0)
    ids = [finder.put(f"apple {number}", "text") for number in range(50)]
    finder.index()
    path = path_of(finder.where)
    octets = bytearray(path.read_bytes())
    octets[8192:] = bytes(len(octets) - 8192)
    path.write_bytes(octets)
    ids += [finder.put(f"apple {number}") for number in range(50, 60)]
    thread = indexer.Indexer(finder.where, finder.shelf.db, Attention())
    thread.start()
    try:

        def is_mended() -> bool:
            with contextlib.suppress(StoreError):
                return finder.find("apple") == ids[::-1]
            return False

        wait_for(is_mended, "everything is found again")
    finally:
        thread.stop()
        thread.join(10)


def test_a_part_of_very_many_words(finder: Finder) -> None:
    """Up to a limit all of them are looked for; beyond it, only those that begin with it, which is said."""
    few = finder.put("words", " ".join(f"a{number}xyz" for number in range(PARTS_LIMIT - 5)))
    finder.index()
    assert finder.find("xyz") == [few]
    many = finder.put("words", " ".join(f"b{number}xyz" for number in range(50)) + " xyzzy")
    finder.index()
    assert finder.find("xyz") == [many]
    assert "too many words" in " ".join(finder.searcher.find(understand("xyz")).hints)


_nasty = st.lists(
    st.one_of(
        st.sampled_from(
            ["subject:", "from:", "in:", "list:", "keyword:", "(", ")", "-", " OR ", '"', "*", "^", "NEAR(a b)"]
        ),
        st.text(st.characters(), max_size=5),
        st.sampled_from(["a", "会", "\x00", "'", ";--", "{from_}", "NEAR(a b)", "^", "+", ":", "\ud800", "%", "?1"]),
    ),
    max_size=25,
)


@settings(database=None, max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_nasty)
def test_no_text_makes_a_search_fail(finder: Finder, pieces: list[str]) -> None:
    """Whatever is typed is answered."""
    if not path_of(finder.where).exists():
        finder.put("a 会", "text")
        finder.index()
    query = understand("".join(pieces))
    finder.searcher.find(query)
    finder.searcher.find(query, [1, 2, 3])
