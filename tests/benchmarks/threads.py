"""Measures the list of threads in the store alone: placing, the first window, all threads, next to all ids.

python -m tests.benchmarks.threads --size 100000
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tui_mail.model import Address, Flag, HeaderFields, Role
from tui_mail.paths import paths
from tui_mail.store import conversations, folders, messages, rows, threads
from tui_mail.store.database import Database
from tui_mail.store.folders import KnownFolder
from tui_mail.store.messages import Arrival
from tui_mail.text import SafeText

AT_ONCE = 200
WINDOW = 130


def mail(count: int) -> list[Arrival]:
    """Messages newest first; three of five answer one of the four hundred threads before them."""
    chance, open_, made = random.Random(1), list[list[str]](), list[Arrival]()
    for number in range(1, count + 1):
        if open_ and chance.random() < 0.6:
            thread = open_[chance.randrange(max(0, len(open_) - 400), len(open_))]
        else:
            open_.append(thread := [])
        sender = Address(SafeText(f"Person {number % 97}"), SafeText(f"p{number % 97}@example.org"))
        name, when = f"m{number}@example.org", 1_700_000_000 + number * 60
        subject, references = SafeText(f"Number {number}"), tuple(thread[-20:])
        fields = HeaderFields(when, (sender,), (), (), subject, name, references, SafeText(""), False)
        made.append(Arrival(number, Flag.SEEN, (), when, 4_000, fields))
        thread.append(name)
    return made[::-1]


def median_ms(act: Callable[[], object], times: int = 7) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return round(statistics.median(taken) * 1000, 1)


def main(words: Sequence[str] | None = None) -> int:
    """Fill a store, place everything, read it as the screen does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    options = parser.parse_args(words)
    arrivals = mail(options.size)
    with tempfile.TemporaryDirectory(prefix="tui-mail-bench-") as home:
        db = Database(paths(Path(home)))
        account = db.run(lambda txn: folders.account_id(txn, "work"))
        inbox = db.run(lambda txn: folders.add(txn, account, KnownFolder("INBOX", "/", Role.INBOX, selectable=True)))
        began = time.perf_counter()
        for at in range(0, options.size, AT_ONCE):
            some = arrivals[at : at + AT_ONCE]
            db.run(lambda txn, some=some: messages.insert(txn, account, inbox, some))  # type: ignore[misc]
        stored = time.perf_counter() - began
        placing = list[float]()
        more = True
        while more:
            began = time.perf_counter()
            more = db.run(threads.place)
            placing.append(time.perf_counter() - began)
        sql = db.read()
        newest = conversations.threads_of(sql, inbox, 400)
        groups = [newest.group(index) for index in range(min(WINDOW, len(newest.heads)))]
        result = {
            "stored_per_second": round(options.size / stored),
            "placed_per_second": round(options.size / sum(placing)),
            "longest_write_ms": round(max(placing) * 1000, 1),
            "first_threads_ms": median_ms(lambda: conversations.threads_of(sql, inbox, 400)),
            "rows_ms": median_ms(lambda: rows.rows_of(sql, [group[0] for group in groups])),
            "conversations_ms": median_ms(lambda: conversations.conversations_of(sql, inbox, groups)),
            "all_threads_ms": median_ms(lambda: conversations.threads_of(sql, inbox)),
            "all_ids_ms": median_ms(lambda: rows.ids_of(sql, inbox)),
        }
        db.close()
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
