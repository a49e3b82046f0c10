"""What a search means: a tree of terms, and which of them a server can answer.

What belongs here: the terms. What must never be here: reading what was typed (understanding), SQL (store.search), or
IMAP (net.searching).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeAlias

from tui_mail.model import Kind
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line


class Where(StrEnum):
    """In which part of a message words are looked for."""

    ANY = "any"
    FROM = "from"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    BODY = "body"
    FILENAME = "filename"


@frozen
class Words:
    """Words in a row; `exact`: the last one is whole, and the first one too."""

    text: str
    """Folded, parted by spaces: see `words`."""
    where: Where = Where.ANY
    exact: bool = False
    said: str = ""
    """As it was typed: a server folds in its own way."""


@frozen
class In:
    """In a folder, by role, name, last part of its name, or ACCOUNT:NAME."""

    folder: str
    exact: bool = False
    """Only by role (that of every account), or by ACCOUNT and whole name."""


@frozen
class Of:
    """Of an account."""

    account: str


@frozen
class OnList:
    """Of a mailing list, by part of its List-Id."""

    name: str


@frozen
class Flagged:
    """With a system flag (by its name in SQL and IMAP: seen, flagged …), or without it."""

    flag: str
    is_set: bool = True


@frozen
class Keyword:
    """With a keyword."""

    keyword: str


@frozen
class HasAttachment:
    """With a file."""


@frozen
class OfKind:
    """Of a person, a list, a calendar, a machine, or to very many."""

    kind: Kind


@frozen
class OfContact:
    """From somebody whom the person wrote to."""


@frozen
class Size:
    """Of more (or else less) than so many octets."""

    octets: int
    larger: bool


@frozen
class When:
    """Dated at or after a moment (epoch), or else before it."""

    moment: int
    after: bool


@frozen
class Not:
    """Anything else."""

    term: Term


@frozen
class All:
    """Every one of these; none at all: everything."""

    terms: tuple[Term, ...]


@frozen
class Either:
    """At least one of these."""

    terms: tuple[Term, ...]


Term: TypeAlias = (
    Words | In | Of | OnList | Flagged | Keyword | HasAttachment | OfKind | OfContact | Size | When | Not | All | Either
)

EVERYTHING = All(())


@frozen
class Query:
    """What was understood, and in a few words what was not."""

    text: str
    """As it was typed, without what is no character."""
    term: Term
    hints: tuple[SafeText, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for."""
        return self.term == EVERYTHING

    def leaves(self) -> Iterator[Term]:
        """Every single term."""
        waiting: list[Term] = [self.term]
        while waiting:
            term = waiting.pop()
            if isinstance(term, All | Either):
                waiting += term.terms
            elif isinstance(term, Not):
                waiting.append(term.term)
            else:
                yield term


@frozen
class Parted:
    """A query parted between a server, which knows every text, and this computer, which knows the rest better."""

    server: Term | None
    """What a server is asked; None: nothing that only a server knows."""
    local: Term
    """What must be true besides."""
    hints: tuple[SafeText, ...] = ()
    """What no server can be asked."""


def parted(query: Query) -> Parted:
    """The terms with words go to the server, each with what it is joined to by OR; all others are better known here."""
    terms = query.term.terms if isinstance(query.term, All) else (query.term,)
    server, local, hints = list[Term](), list[Term](), list[SafeText]()
    for term in terms:
        leaves = list(Query("", term).leaves())
        if any(_is_ours_alone(leaf) for leaf in leaves):
            local.append(term)
            if any(isinstance(leaf, Words) for leaf in leaves):
                hints.append(safe_line("a server cannot look for names of files"))
        elif any(isinstance(leaf, Words) for leaf in leaves):
            server.append(term)
        else:
            local.append(term)
    return Parted(joined(server) if server else None, joined(local), tuple(dict.fromkeys(hints)))


def _is_ours_alone(leaf: Term) -> bool:
    return isinstance(leaf, HasAttachment | OfKind | OfContact) or (
        isinstance(leaf, Words) and leaf.where is Where.FILENAME
    )


def lasting(term: Term) -> Term:
    """What of a term no key changes: what a message is, and where, not whether it is read, starred or labelled."""
    match term:
        case Flagged() | Keyword():
            return EVERYTHING
        case Not(inner):
            return term if lasting(inner) == inner else EVERYTHING
        case All(terms):
            return joined([lasting(one) for one in terms])
        case Either(terms):
            ways = tuple(lasting(one) for one in terms)
            return EVERYTHING if EVERYTHING in ways else Either(ways)
    return term


def joined(terms: list[Term]) -> Term:
    """All of these, without those that ask for nothing."""
    flat = [term for term in terms if term != EVERYTHING]
    return flat[0] if len(flat) == 1 else All(tuple(flat))
