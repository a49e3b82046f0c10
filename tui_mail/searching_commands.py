"""Searching from the command line: words in the language of `query`, rows out.

What belongs here: printing what was found, and how much was looked at. What must never be here: how it is found.
"""

from __future__ import annotations

import sys

from tui_mail.answers import Arguments, answer, row_json, row_line
from tui_mail.client.searching import covered_words
from tui_mail.errors import UsageError
from tui_mail.query import understand
from tui_mail.session import opened

INDEX_SECONDS = 10.0
"""How long a search first puts into the index what is missing there; a running tui-mail does so by itself."""


def search(given: Arguments) -> int:
    """The newest messages that a query means; what was not understood, and what was covered, goes to stderr."""
    query = understand(" ".join(given.query))
    if query.is_empty:
        raise UsageError(
            f"There is nothing to search for in this: {'; '.join(query.hints)}."
            if query.hints
            else "Say what to search for, such as: tui-mail search from:anna report newer:30d"
        )
    with opened(given) as client:
        client.index_now(INDEX_SECONDS)
        searcher = client.searcher()
        try:
            found = searcher.find(query)
        finally:
            searcher.close()
        folders = {folder.id: folder for folder in client.folders()}
        rows = [row for row in client.rows(found.ids[: given.limit]) if row.folder_id in folders]
        for hint in found.hints:
            print(hint, file=sys.stderr)
        shown = f"{len(found.ids):,} found" + (
            f", the newest {len(rows):,} shown" if len(rows) < len(found.ids) else ""
        )
        print(f"{shown} · {covered_words(found.covered)}", file=sys.stderr)
        answer(given, [row_json(row, folders[row.folder_id]) for row in rows], *map(row_line, rows))
    return 0
