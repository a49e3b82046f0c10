"""Asking search.db and mail.db together: a query's tree → one parametrised SELECT → the ids of what it finds.

What belongs here: what each term means in SQL. What must never be here: reading what was typed (understanding), filling
the index (search_index).

No text of a person or of a message becomes SQL, and none becomes a query of FTS5 but words out of `words`, which hold
no sign that FTS5 knows. A message that Gmail shows under several labels is found once.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tui_mail.model import Flag, Folder, Kind, Role
from tui_mail.query import (
    All,
    Either,
    Flagged,
    HasAttachment,
    In,
    Keyword,
    Not,
    Of,
    OfContact,
    OfKind,
    OnList,
    Query,
    Size,
    Term,
    When,
    Where,
    Words,
    lasting,
    parted,
)
from tui_mail.records import frozen
from tui_mail.store.many import marks
from tui_mail.store.rows import ids_in
from tui_mail.text import SafeText, safe_line
from tui_mail.words import is_unspaced

PARTS_LIMIT = 300
"""Words of which what was typed may be a part; more are too many to look for while somebody types."""

_FLAGS = {"seen": Flag.SEEN, "flagged": Flag.FLAGGED, "answered": Flag.ANSWERED, "draft": Flag.DRAFT}
_HEAD = {
    Where.ANY: "",
    Where.FROM: "{from_} : ",
    Where.TO: "{to_} : ",
    Where.CC: "{cc} : ",
    Where.SUBJECT: "{subject} : ",
}
_INSIDE = {Where.ANY: "", Where.BODY: "{body} : ", Where.FILENAME: "{filename} : "}

KIND = (
    f"CASE WHEN m.kind != 0 THEN m.kind WHEN m.list_id != '' THEN {Kind.LIST:d}"
    " WHEN instr(lower(m.from_), 'noreply@') OR instr(lower(m.from_), 'no-reply@')"
    f" OR instr(lower(m.from_), 'notification') THEN {Kind.NOTIFICATION:d} ELSE {Kind.PERSON:d} END"
)
"""The kind of a message; of one that was stored before kinds were, as far as its row tells."""
OF_CONTACT = (
    "EXISTS (SELECT 1 FROM mail.contact c WHERE c.sent > 0"
    " AND c.email = lower(substr(m.from_, instr(m.from_, char(31)) + 1)))"
)
"""Whether the one sender is somebody whom the person wrote to."""

_EACH = "SELECT m.id FROM mail.message m WHERE m.view_folder IS NOT NULL AND CONDITION ORDER BY m.date DESC, m.id DESC"
_ONCE = (
    "SELECT id FROM (SELECT m.id, m.date, ROW_NUMBER() OVER (PARTITION BY"
    " CASE WHEN substr(m.identity, 1, 3) = 'gm:' THEN m.account_id || m.identity ELSE m.id END"
    " ORDER BY f.role = 'all', f.role != 'inbox', m.id) AS place"
    " FROM mail.message m JOIN mail.folder f ON f.id = m.view_folder WHERE CONDITION)"
    " WHERE place = 1 ORDER BY date DESC, id DESC"
)
"""Of what Gmail shows under several labels one is enough: the inbox's, else any but All Mail's."""


@frozen
class Found:
    """What a search brought: every id, newest first."""

    ids: array[int]
    hints: tuple[SafeText, ...] = ()


@dataclass
class Condition:
    """A WHERE clause over `mail.message m`, and what is to be said about it."""

    sql: str = ""
    values: list[object] = field(default_factory=list)
    hints: list[SafeText] = field(default_factory=list)
    names_folder: bool = False


def find(
    sql: sqlite3.Connection,
    query: Query,
    folders: Sequence[Folder],
    told: Sequence[int] = (),
    kept: Sequence[int] = (),
) -> Found:
    """The messages that a query means. `sql` is of `open_for_search`, `folders` are all that there are.

    `told`: of which servers say that their texts fit (query.parted); the rest of the query holds for them, too.
    `kept`: which it meant before, and means though they were read or labelled since (query.lasting).

    Takes up to a second over 100,000 messages: not for the thread of a screen. Raises StoreError.
    """
    condition = condition_of(sql, query.term, folders)
    for ids, term in ((told, parted(query).local), (kept, lasting(query.term))):
        if ids:
            rest = condition_of(sql, term, folders)
            listed = "m.id IN (SELECT value FROM json_each(?))"
            condition.sql = " ".join(("(", condition.sql, "OR", listed, "AND", rest.sql, ")"))
            condition.values += [json.dumps(list(ids)), *rest.values]
    select = _ONCE if not condition.names_folder and _has_labels(sql) else _EACH
    return Found(ids_in(sql, select.replace("CONDITION", condition.sql), condition.values), tuple(condition.hints))


def condition_of(sql: sqlite3.Connection, term: Term, folders: Sequence[Folder]) -> Condition:
    """What a tree means in SQL; it is as deep as the query allows."""
    made = Condition()
    made.sql = _sql_of(sql, term, folders, made)
    return made


def _sql_of(sql: sqlite3.Connection, term: Term, folders: Sequence[Folder], made: Condition) -> str:
    match term:
        case All(terms) | Either(terms):
            if not terms:
                return "1"
            joint = " AND " if isinstance(term, All) else " OR "
            return "(" + joint.join(_sql_of(sql, one, folders, made) for one in terms) + ")"
        case Not(inner):
            return f"NOT {_sql_of(sql, inner, folders, made)}"
        case Words():
            return _words(sql, term, made)
        case In():
            return _in(term, folders, made)
        case Of(name):
            made.values.append(name.casefold())
            if name.casefold() not in {folder.account.casefold() for folder in folders}:
                made.hints.append(safe_line(f"there is no account “{name}”", 200))
            return "m.account_id IN (SELECT id FROM mail.account WHERE lower(name) = ?)"
        case OnList(name):
            made.values.append(name)
            return "instr(lower(m.list_id), ?) > 0"
        case Flagged(flag, is_set):
            return f"(m.view_flags & {int(_FLAGS[flag])}) {'!=' if is_set else '='} 0"
        case Keyword(keyword):
            made.values.append(f" {keyword.lower()} ")
            return "instr(' ' || lower(m.view_keywords) || ' ', ?) > 0"
        case HasAttachment():
            return "m.has_attachments != 0"
        case OfKind(kind):
            made.values.append(int(kind))
            return f"({KIND} = ?)"
        case OfContact():
            return OF_CONTACT
        case Size(octets, larger):
            made.values.append(octets)
            return f"m.size {'>' if larger else '<'} ?"
        case When(moment, after):
            made.values.append(moment)
            return f"m.date {'>=' if after else '<'} ?"


def _words(sql: sqlite3.Connection, term: Words, made: Condition) -> str:
    wanted = _expression(sql, term, made)
    tables = list[str]()
    for table, columns in (("head", _HEAD), ("inside", _INSIDE)):
        if term.where in columns:
            made.values.append(f"{columns[term.where]}({wanted})")
            tables.append(f"SELECT rowid FROM {table} WHERE {table} MATCH ?")  # noqa: S608
    return f"m.id IN ({' UNION ALL '.join(tables)})"


def _expression(sql: sqlite3.Connection, term: Words, made: Condition) -> str:
    """The words for FTS5: in a row; the last may go on and the first may have begun before, unless all are exact."""
    words = term.text.split()
    if term.exact:
        return _row(words)
    first, rest = words[0], words[1:]
    choices = [f"{_row(words)} *"]
    if len(first) >= 3 and not is_unspaced(first):
        longer = _containing(sql, first, at_end=bool(rest))
        if len(longer) > PARTS_LIMIT:
            made.hints.append(safe_line(f"“{first}” is inside of too many words: found where one begins with it", 200))
        else:
            choices += [_row([word, *rest]) + (" *" if rest else "") for word in longer]
    return " OR ".join(choices)


def _row(words: Sequence[str]) -> str:
    return f'"{" ".join(words)}"'


def _containing(sql: sqlite3.Connection, part: str, *, at_end: bool) -> list[str]:
    """Words that hold a part anywhere but at their beginning, or (`at_end`) at their end."""
    threes = " AND ".join(f'"{part[at : at + 3]}"' for at in range(len(part) - 2))
    place = "substr(w.word, -length(?2)) = ?2" if at_end else "instr(w.word, ?2) > 0"
    found = sql.execute(
        "SELECT w.word FROM part JOIN word w ON w.id = part.rowid"  # noqa: S608
        f" WHERE part MATCH ?1 AND {place} AND substr(w.word, 1, length(?2)) != ?2 LIMIT ?3",
        (threes, part, PARTS_LIMIT + 1),
    )
    return [row[0] for row in found]


def _in(place: In, folders: Sequence[Folder], made: Condition) -> str:
    ids = folders_meant(place, folders)
    if not ids:
        made.hints.append(safe_line(f"there is no folder “{place.folder}”", 200))
    made.names_folder = True
    made.values += ids
    return f"m.view_folder IN ({marks(ids)})"


def folders_meant(place: In, folders: Sequence[Folder]) -> list[int]:
    """The folders that `in:` means: by role, whole name, or last part of it; of one account as ACCOUNT:NAME."""
    name = place.folder
    account, _, rest = name.partition(":")
    if place.exact:
        return [one.id for one in folders if ((one.account, one.name) == (account, rest) if rest else one.role == name)]
    if rest and account in {folder.account for folder in folders}:
        folders, name = [folder for folder in folders if folder.account == account], rest
    wanted = name.casefold()
    return [folder.id for folder in folders if wanted in _names(folder)]


def _names(folder: Folder) -> Collection[str]:
    name = folder.name.casefold()
    last = name.rpartition(folder.delimiter)[2] if folder.delimiter else name
    role = folder.role.value or "-"
    others = {Role.JUNK: ("spam",), Role.TRASH: ("bin",), Role.FLAGGED: ("starred",)}
    return {name, last, role, *others.get(folder.role, ())}


def _has_labels(sql: sqlite3.Connection) -> bool:
    """Whether some account is Gmail's, where one message has a row under each of its labels."""
    query = (
        "SELECT 1 FROM mail.account a WHERE EXISTS (SELECT 1 FROM mail.message m WHERE m.account_id = a.id"
        " AND m.identity != '' AND m.identity >= 'gm:' AND m.identity < 'gm;') LIMIT 1"
    )
    return sql.execute(query).fetchone() is not None
