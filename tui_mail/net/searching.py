"""A query's tree → the arguments of an IMAP SEARCH (RFC 9051 6.4.4) in one folder.

What belongs here: what each term means to a server. What must never be here: sending it (reading).

What a person typed leaves as a string: quoted, or a literal when it is not ASCII; nothing of it can be a search key.
Dates are told to the day, in which servers count; terms that no server knows must have been left out (query.parted).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tui_mail.errors import UnsafeArgument
from tui_mail.model import Flag
from tui_mail.net.arguments import MONTHS, flag_words, string
from tui_mail.net.wire import Octets
from tui_mail.query import (
    All,
    Either,
    Flagged,
    In,
    Keyword,
    Not,
    Of,
    OnList,
    Size,
    Term,
    When,
    Where,
    Words,
)

Keys = list[bytes | Octets]

_FIELDS = {
    Where.ANY: b"TEXT",
    Where.FROM: b"FROM",
    Where.TO: b"TO",
    Where.CC: b"CC",
    Where.SUBJECT: b"SUBJECT",
    Where.BODY: b"BODY",
}
_FLAGS = {"seen": b"SEEN", "flagged": b"FLAGGED", "answered": b"ANSWERED", "draft": b"DRAFT"}
_LARGEST = 2**32 - 1
_NOTHING: Keys = [b"NOT ALL"]


def criteria(term: Term, holds: Callable[[In | Of], bool]) -> Keys:
    """The arguments after SEARCH. `holds` says whether the folder that is asked is one that a term names.

    Raises UnsafeArgument for a term that no server knows.
    """
    keys = _all(term.terms, holds) if isinstance(term, All) else _key(term, holds)
    is_ascii = all(isinstance(key, bytes) for key in keys)
    return keys if is_ascii else [b"CHARSET UTF-8", *keys]


def _key(term: Term, holds: Callable[[In | Of], bool]) -> Keys:
    """One search key."""
    match term:
        case All(terms):
            return _group(_all(terms, holds))
        case Either(terms):
            *before, last = terms
            keys = list[bytes | Octets]()
            for one in before:
                keys += [b"OR", *_key(one, holds)]
            return keys + _key(last, holds)
        case Not(inner):
            return [b"NOT", *_key(inner, holds)]
        case Words(_, where, _, said) if where in _FIELDS:
            return [_FIELDS[where], string(said.encode("utf-8", "replace"))]
        case OnList(name):
            return [b"HEADER LIST-ID", string(name.encode("utf-8", "replace"))]
        case Flagged(flag, is_set):
            return [_FLAGS[flag] if is_set else b"UN" + _FLAGS[flag]]
        case Keyword(keyword):
            return [b"KEYWORD", *flag_words(Flag.NONE, (keyword,))]
        case Size(octets, larger):
            return [b"%s %d" % (b"LARGER" if larger else b"SMALLER", min(octets, _LARGEST))]
        case When(moment, after):
            return [b"%s %s" % (b"SENTSINCE" if after else b"SENTBEFORE", _day(moment))]
        case In() | Of():
            return [b"ALL"] if holds(term) else list(_NOTHING)
        case _:
            raise UnsafeArgument("No mail server can be asked for that; it was looked for on this computer only.")


def _all(terms: tuple[Term, ...], holds: Callable[[In | Of], bool]) -> Keys:
    return [key for term in terms for key in _key(term, holds)] or [b"ALL"]


def _group(keys: Keys) -> Keys:
    """Several keys as one: parentheses stand at words, because nothing may stand between them and a literal."""
    first, *rest = keys
    assert isinstance(first, bytes)
    return [b"(" + first, *rest, b"ALL)"]


def _day(moment: int) -> bytes:
    try:
        day = time.localtime(moment)
    except (OverflowError, ValueError, OSError):
        day = time.localtime(0)
    return f"{day.tm_mday}-{MONTHS[day.tm_mon - 1]}-{day.tm_year:04}".encode()
