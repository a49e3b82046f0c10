"""Measures lists in the store alone: one folder, two as one, and both in tabs with quick filters.

python -m tests.benchmarks.lists --size 100000

`one_*` is a folder of so many messages, `all_*` two of them; `turn_ms` is what going to another tab costs the screen.
`by_*` is all of a folder in an order, `by_date_ms` the usual one beside the others.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.threads import AT_ONCE, mail, median_ms
from tui_mail.facets import Mark, Wish
from tui_mail.model import Kind, Role
from tui_mail.orders import Order, Sort
from tui_mail.paths import paths
from tui_mail.query import OfKind
from tui_mail.store import folders, merged, messages, rows, threads
from tui_mail.store.arranging import arranged
from tui_mail.store.database import Database
from tui_mail.store.faceting import Asked, facets_of
from tui_mail.store.folders import KnownFolder

WINDOW = 2_000
TABS = Asked((OfKind(Kind.PERSON), OfKind(Kind.LIST), OfKind(Kind.CALENDAR), OfKind(Kind.NOTIFICATION)), contacts=False)
FILTERS = replace(TABS, contacts=True)


def main(words: Sequence[str] | None = None) -> int:
    """Fill two inboxes, read them as the screen does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    options = parser.parse_args(words)
    arrivals = [
        replace(one, fields=replace(one.fields, kind=Kind(1 + at % 5))) for at, one in enumerate(mail(options.size))
    ]
    with tempfile.TemporaryDirectory(prefix="tui-mail-bench-") as home:
        db = Database(paths(Path(home)))
        both = list[int]()
        for name in ("work", "home"):
            account = db.run(lambda txn, name=name: folders.account_id(txn, name))  # type: ignore[misc]
            inbox = KnownFolder("INBOX", "/", Role.INBOX, selectable=True)
            both.append(db.run(lambda txn, account=account, inbox=inbox: folders.add(txn, account, inbox)))  # type: ignore[misc]
            for at in range(0, options.size, AT_ONCE):
                some = arrivals[at : at + AT_ONCE]
                db.run(lambda txn, account=account, some=some: messages.insert(txn, account, both[-1], some))  # type: ignore[misc]
        while db.run(threads.place):
            pass
        sql, one, known = db.read(), both[:1], folders.all_folders(db.read())
        facets = facets_of(sql, both, FILTERS, known)
        result = {
            "one_first_rows_ms": median_ms(lambda: rows.first_rows(sql, both[0], 200)),
            "all_first_rows_ms": median_ms(lambda: merged.first_rows(sql, both, 200)),
            "one_ids_ms": median_ms(lambda: rows.ids_of(sql, both[0])),
            "all_ids_ms": median_ms(lambda: merged.ids_of(sql, both)),
            **{
                f"by_{sort}_ms": median_ms(lambda sort=sort: arranged(sql, rows.ids_of(sql, both[0]), Order(sort)))  # type: ignore[misc]
                for sort in Sort
            },
            "all_threads_ms": median_ms(lambda: merged.threads_of(sql, both)),
            "first_of_a_tab_ms": median_ms(lambda: facets_of(sql, both, TABS, known, WINDOW)),
            "one_tabs_ms": median_ms(lambda: facets_of(sql, one, TABS, known)),
            "all_tabs_ms": median_ms(lambda: facets_of(sql, both, TABS, known)),
            "all_tabs_and_filters_ms": median_ms(lambda: facets_of(sql, both, FILTERS, known)),
            "turn_ms": median_ms(lambda: facets.narrowed(Wish(1, Mark.UNREAD))),
            "counts_ms": median_ms(lambda: facets.unread(5)),
        }
        db.close()
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
