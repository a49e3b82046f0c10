"""Measures searching: how fast search.db is filled, what it weighs, and how long answers take, beside notmuch.

    python -m tests.benchmarks.search --size 100000

The same mail (the demo's, and one message in fifty in Chinese or Japanese) is put into a store and into files, from
which `notmuch new` makes its index. Then both answer the same questions in turn, in the same run. An answer is the ids
of all that was found, newest first. notmuch is a process for each question, as a person at a shell has it; what it
takes to start one is measured too, by a question that finds nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_mail.demo.mail import plan, render
from tui_mail.mime.headers import parse_headers
from tui_mail.mime.worker import ParserProcess
from tui_mail.model import Flag, Folder, Role
from tui_mail.paths import Paths, paths
from tui_mail.store import bodies, folders, messages, search
from tui_mail.store.database import Database
from tui_mail.store.folders import KnownFolder
from tui_mail.store.messages import Arrival
from tui_mail.store.search_file import open_for_search, path_of
from tui_mail.sync import indexer
from tui_mail.understanding import understand

NOW = 1_780_000_000
CHUNK = 500
QUESTIONS = (
    # ours, notmuch's
    ("nothing", "qqzzqq", "qqzzqq"),
    ("rare word", "quokkaberry", "quokkaberry*"),
    ("common word", "please", "please*"),
    ("two words", "please thank", "please* and thank*"),
    ("phrase", '"thank you"', '"thank you"'),
    ("sender", "from:example", "from:example*"),
    ("one letter", "a", ""),
    ("two letters", "th", ""),
    ("not", "please -from:example.org", 'please* and not from:"example.org"'),
    ("part of a word", "okkaber", ""),
    ("unread subject", "subject:re is:unread", ""),
    ("Chinese", "会议", "会议"),
    ("Japanese", "東京", "東京"),
)
_CJK = (
    "我们明天下午三点开会议，请带上季度报告。",
    "東京の天気は晴れです。来週の会議は火曜日です。",
    "周末一起吃饭吗？",
)


def raws(size: int) -> Iterator[tuple[bytes, int]]:
    """The messages and their dates, oldest first."""
    dice = random.Random(1)
    for number, entry in enumerate(plan(size, 1, NOW)["INBOX"]):
        raw = render(entry, 1)
        if number % (size // 7 + 1) == 3:
            raw += b"\r\nThe quokkaberry is in flower.\r\n"
        if number % 50 == 0:
            text = "\r\n".join(dice.choice(_CJK) for _ in range(20))
            raw = (
                f"From: Wang Wei <wei@example.org>\r\nTo: mina@example.org\r\nSubject: 报告 {number}\r\n"
                f"Message-ID: <cjk{number}@example.org>\r\nMIME-Version: 1.0\r\n"
                f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
            ).encode()
        yield raw, entry.date


def fill(db: Database, mail: Path, size: int) -> None:
    """Put the mail into a store, and into files."""
    account = db.run(lambda txn: folders.account_id(txn, "work"))
    inbox = db.run(lambda txn: folders.add(txn, account, KnownFolder("INBOX", "/", Role.INBOX, selectable=True)))
    for part in ("cur", "new", "tmp"):
        (mail / "INBOX" / part).mkdir(parents=True)
    waiting = list[tuple[bytes, int]]()

    def put() -> None:
        arrivals = [
            Arrival(first + offset, Flag.SEEN if offset % 3 else Flag.NONE, (), date, len(raw), parse_headers(raw))
            for offset, (raw, date) in enumerate(waiting)
        ]
        db.run(lambda txn: messages.insert(txn, account, inbox, arrivals))
        ids = dict(db.read().execute("SELECT uid, id FROM message WHERE uid >= ?", (first,)).fetchall())
        bodies.save(db, [bodies.pack(ids[first + at], raw) for at, (raw, _) in enumerate(waiting)])

    first = 1
    for number, (raw, date) in enumerate(raws(size), 1):
        (mail / "INBOX" / "cur" / f"{date}.{number}.bench:2,S").write_bytes(raw)
        waiting.append((raw, date))
        if len(waiting) == CHUNK:
            put()
            first += len(waiting)
            waiting.clear()
    if waiting:
        put()


def build(where: Paths, db: Database) -> dict[str, float]:
    """Fill search.db without pauses: headers first, then bodies."""
    index = indexer.opened(where, db)
    began = time.perf_counter()
    for _ in indexer.catch_up(index, db, None):
        pass
    heads = time.perf_counter() - began
    longest = 0.0
    with ParserProcess(answer="words") as reader:
        began = at = time.perf_counter()
        for _ in indexer.catch_up(index, db, lambda: reader):
            longest, at = max(longest, time.perf_counter() - at), time.perf_counter()
        whole = time.perf_counter() - began
    began = time.perf_counter()
    for _ in indexer.catch_up(index, db, None):
        pass
    again = time.perf_counter() - began
    index.close()
    return {"headers": heads, "bodies": whole, "longest step": longest, "compare again": again}


def notmuch(config: Path, *words: str) -> bytes:
    """Run notmuch; what it prints."""
    environment = {**os.environ, "NOTMUCH_CONFIG": str(config), "XAPIAN_CJK_NGRAM": "1"}
    return subprocess.run(["notmuch", *words], env=environment, check=True, capture_output=True).stdout


def main(words: Sequence[str] | None = None) -> int:
    """Build both, ask both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder to work in that is kept, and used again")
    options = parser.parse_args(words)
    root = options.keep or Path(tempfile.mkdtemp(prefix="tui-mail-search-"))
    try:
        print(json.dumps(measure(root, options.size, options.runs), ensure_ascii=False, indent=1))
    finally:
        if options.keep is None:
            shutil.rmtree(root)
    return 0


def measure(root: Path, size: int, runs: int) -> dict[str, object]:
    """The numbers: seconds and megabytes for the indexes, milliseconds (median) for answers."""
    where, mail, config = paths(root / "home"), root / "mail", root / "notmuch.config"
    db = Database(where)
    document: dict[str, object] = {"messages": size}
    try:
        if not mail.exists():
            fill(db, mail, size)
        if not path_of(where).exists():
            document["index, s"] = build(where, db)
        if shutil.which("notmuch") and not (mail / ".notmuch").exists():
            config.write_text(
                f"[database]\npath={mail}\n[user]\nname=M\nprimary_email=mina@example.org\n[new]\ntags=\n"
                "[search]\nexclude_tags=\n"
            )
            began = time.perf_counter()
            notmuch(config, "new", "--quiet")
            document["notmuch new, s"] = time.perf_counter() - began
        with contextlib.closing(sqlite3.connect(db.mail_path)) as sql:
            sql.execute("PRAGMA wal_checkpoint(PASSIVE)")
        with contextlib.closing(sqlite3.connect(db.bodies_path)) as sql:
            sql.execute("PRAGMA wal_checkpoint(PASSIVE)")
        document["MB"] = {
            "search.db": path_of(where).stat().st_size / 1e6,
            "mail.db": db.mail_path.stat().st_size / 1e6,
            "bodies.db": db.bodies_path.stat().st_size / 1e6,
            "notmuch": sum(one.stat().st_size for one in (mail / ".notmuch").rglob("*") if one.is_file()) / 1e6,
        }
        found = open_for_search(where, db.mail_path, db.store_id())
        assert found is not None
        document["answers, ms"] = answers(found, folders.all_folders(db.read()), config, runs)
    finally:
        db.close()
    return document


def answers(sql: sqlite3.Connection, known: Sequence[Folder], config: Path, runs: int) -> dict[str, object]:
    """For each question: how many each found, and the median time of each."""
    document = dict[str, object]()
    for name, ours, theirs in QUESTIONS:
        mine, others, count, their_count = list[float](), list[float](), 0, 0
        for _ in range(runs):
            began = time.perf_counter()
            count = len(search.find(sql, understand(ours), known).ids)
            mine.append(time.perf_counter() - began)
            if theirs and shutil.which("notmuch"):
                began = time.perf_counter()
                found = notmuch(config, "search", "--output=messages", "--exclude=false", theirs)
                others.append(time.perf_counter() - began)
                their_count = len(found.splitlines())
        row: dict[str, object] = {"found": count, "tui-mail": round(sorted(mine)[runs // 2] * 1e3, 1)}
        if others:
            row |= {"notmuch found": their_count, "notmuch": round(sorted(others)[runs // 2] * 1e3, 1)}
        document[name] = row
    return document


if __name__ == "__main__":
    sys.exit(main())
