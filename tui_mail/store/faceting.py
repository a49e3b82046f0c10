"""Reading the facets of messages: in one pass over some folders, or over what a search found.

What belongs here: the expression that gives a facet. What must never be here: what splits there are (config), which
of them is shown (the screen).
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Sequence

from tui_mail.facets import MARKS, Facets
from tui_mail.model import Flag, Folder
from tui_mail.query import EVERYTHING, Not, Query, Term, Words
from tui_mail.records import frozen
from tui_mail.store.merged import newest_first
from tui_mail.store.rows import numbers
from tui_mail.store.search import OF_CONTACT, Condition, condition_of


@frozen
class Asked:
    """What is to be known of each message."""

    splits: tuple[Term, ...] = ()
    """The first that fits has the message; what fits none belongs to the one after the last."""
    contacts: bool = True
    """Whether the sender is somebody one wrote to: a look into another table for each."""
    threads: bool = False

    @property
    def needs_index(self) -> bool:
        """Some split asks for words, which only search.db has."""
        return any(isinstance(leaf, Words) for term in self.splits for leaf in Query("", term).leaves())


def facets_of(
    sql: sqlite3.Connection, folders: Sequence[int], asked: Asked, known: Sequence[Folder], newest: int = -1
) -> Facets:
    """The facets of everything in some folders, or of their newest messages.

    `sql` is of `open_for_search`, or any reader of mail.db where words are not to be found. A fifth of a second for
    100,000 messages.
    """
    if not folders:
        return Facets()
    facet = _facet(sql, asked, known)
    thread = "m.thread" if asked.threads else "0"
    inner = newest_first(f"{thread} AS thread, {facet.sql} AS facet", folders)
    values = [value for folder in folders for value in (*facet.values, folder)]
    query = f"SELECT {_aggregates(asked)} FROM ({inner} LIMIT ?)"  # noqa: S608
    return _read(sql, query, (*values, newest), asked)


def facets_among(sql: sqlite3.Connection, ids: Sequence[int], asked: Asked, known: Sequence[Folder]) -> Facets:
    """The facets of these messages, in their order; those that are shown nowhere are left out."""
    facet = _facet(sql, asked, known)
    query = (
        f"SELECT {_aggregates(asked)} FROM (SELECT m.id AS id, 0 AS thread, {facet.sql} AS facet FROM json_each(?) j"  # noqa: S608
        " CROSS JOIN message m ON m.id = j.value WHERE m.view_folder IS NOT NULL ORDER BY j.key)"
    )
    return _read(sql, query, (*facet.values, json.dumps(list(ids))), asked)


def _aggregates(asked: Asked) -> str:
    """One row: SQLite gives the interpreter away at every row (see `rows`)."""
    thread = "group_concat(thread)" if asked.threads else "''"
    return f"group_concat(id), {thread}, group_concat(char(facet + 1), '')"


def _read(sql: sqlite3.Connection, query: str, values: Sequence[object], asked: Asked) -> Facets:
    ids, threads, facets = sql.execute(query, values).fetchone()
    octets = (facets or "").encode("latin-1").translate(_ONE_LESS)
    return Facets(numbers(ids), octets, numbers(threads) if asked.threads else array("q"))


_ONE_LESS = bytes([0, *range(255)])


def _facet(sql: sqlite3.Connection, asked: Asked, known: Sequence[Folder]) -> Condition:
    """The expression. Names of tables are without that of their file, which is another one for each `sql`."""
    made = Condition()
    cases = list[str]()
    for number, term in enumerate(asked.splits):
        condition = condition_of(sql, term if _can(sql, term) else Not(EVERYTHING), known)
        cases.append(f"WHEN {condition.sql} THEN {number}")
        made.values += condition.values
    split = f"CASE {' '.join(cases)} ELSE {len(cases)} END" if cases else "0"
    contact = f" + 8 * {OF_CONTACT}" if asked.contacts else ""
    made.sql = (
        f"{MARKS} * {split} + ((m.view_flags & {int(Flag.SEEN)}) = 0) + 2 * ((m.view_flags & {int(Flag.FLAGGED)}) != 0)"
        f" + 4 * (m.has_attachments != 0){contact}"
    ).replace("mail.", "")
    return made


def _can(sql: sqlite3.Connection, term: Term) -> bool:
    """Whether a term can be looked for with this connection."""
    if not any(isinstance(leaf, Words) for leaf in Query("", term).leaves()):
        return True
    return any(row[1] == "mail" for row in sql.execute("PRAGMA database_list").fetchall())
