"""Whether a message is what a query means, by its headers alone and without an index: for mail that has just come.

What belongs here: what each term means of one message, as `search` says it to a database. What must never be here:
what is done with what fits (ruling). Words are looked for in the subject and the addresses.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tui_mail.model import Flag, Folder, Kind
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
    Size,
    Term,
    When,
    Where,
    Words,
)
from tui_mail.store.many import chunks, marks
from tui_mail.store.search import KIND, OF_CONTACT, folders_meant
from tui_mail.words import is_unspaced, words_of

_FLAGS = {"seen": Flag.SEEN, "flagged": Flag.FLAGGED, "answered": Flag.ANSWERED, "draft": Flag.DRAFT}
_COLUMNS = (
    "m.id, a.name, m.view_folder, m.view_flags, m.view_keywords, m.date, m.size, m.list_id, m.has_attachments,"
    f" {KIND}, {OF_CONTACT.replace('mail.', '')}, m.from_, m.to_, m.cc, m.subject"
)
_PLACES = (Where.FROM, Where.TO, Where.CC, Where.SUBJECT)


@dataclass(slots=True)
class Letter:
    """What a rule may ask of a message; what an earlier rule did to it is true already."""

    id: int
    account: str
    folder: int
    flags: Flag
    keywords: set[str]
    date: int
    size: int
    list_id: str
    has_attachments: bool
    kind: Kind
    from_contact: bool
    texts: tuple[str, ...]
    """From, to, cc, subject."""
    _words: dict[Where, list[str]] = field(default_factory=dict)

    def words(self, where: Where) -> list[str]:
        """The words of one of its texts."""
        if where not in self._words:
            self._words[where] = words_of(self.texts[_PLACES.index(where)])
        return self._words[where]


def letters(sql: sqlite3.Connection, ids: Iterable[int]) -> list[Letter]:
    """Messages that are displayed, in the order in which they came."""
    found = list[Letter]()
    for chunk in chunks(sorted(ids)):
        for id_, account, folder, flags, keywords, date, size, list_id, files, kind, known, *texts in sql.execute(
            f"SELECT {_COLUMNS} FROM message m JOIN account a ON a.id = m.account_id"  # noqa: S608
            f" WHERE m.id IN ({marks(chunk)}) AND m.view_folder IS NOT NULL ORDER BY m.id",
            chunk,
        ):
            words = {word.casefold() for word in keywords.split()}
            found.append(
                Letter(
                    id=id_,
                    account=account,
                    folder=folder,
                    flags=Flag(flags),
                    keywords=words,
                    date=date,
                    size=size,
                    list_id=list_id.lower(),
                    has_attachments=bool(files),
                    kind=Kind(kind),
                    from_contact=bool(known),
                    texts=tuple(texts),
                )
            )
    return found


def fits(term: Term, letter: Letter, folders: Sequence[Folder]) -> bool:
    """Whether a message is what the term means. `folders` are all that there are."""
    match term:
        case All(terms):
            return all(fits(one, letter, folders) for one in terms)
        case Either(terms):
            return any(fits(one, letter, folders) for one in terms)
        case Not(inner):
            return not fits(inner, letter, folders)
        case Words():
            places = _PLACES if term.where is Where.ANY else (term.where,)
            return any(_holds(letter.words(place), term) for place in places if place in _PLACES)
        case In():
            return letter.folder in folders_meant(term, folders)
        case Of(name):
            return letter.account.casefold() == name.casefold()
        case OnList(name):
            return name in letter.list_id
        case Flagged(flag, is_set):
            return bool(letter.flags & _FLAGS[flag]) is is_set
        case Keyword(keyword):
            return keyword.casefold() in letter.keywords
        case HasAttachment():
            return letter.has_attachments
        case OfKind(kind):
            return letter.kind is kind
        case OfContact():
            return letter.from_contact
        case Size(octets, larger):
            return letter.size > octets if larger else letter.size < octets
        case When(moment, after):
            return letter.date >= moment if after else letter.date < moment


def _holds(words: Sequence[str], term: Words) -> bool:
    """The words in a row; unless they are exact, the last may go on, and the first may have begun before."""
    wanted = term.text.split()
    return any(_is_row(words[at : at + len(wanted)], wanted, term.exact) for at in range(len(words) - len(wanted) + 1))


def _is_row(words: Sequence[str], wanted: Sequence[str], exact: bool) -> bool:
    if exact:
        return list(words) == list(wanted)
    first, last = wanted[0], wanted[-1]
    inside = len(first) >= 3 and not is_unspaced(first)
    if len(wanted) == 1:
        return first in words[0] if inside else words[0].startswith(first)
    begins = words[0].endswith(first) if inside else words[0] == first
    return begins and list(words[1:-1]) == list(wanted[1:-1]) and words[-1].startswith(last)
