"""The language of searches: what a person types → a tree of terms, and what of it was not understood.

One language for the search box, saved searches, selecting in bulk and the command line:

    lunch friday            both words, anywhere            "lunch on friday"   these words, in this order
    from: to: cc: subject: body: filename: list:            a word, a "phrase" or (several OR others) there
    in:sent  account:work   kind:people   is:unread  has:attachment  keyword:todo
    larger:5M  smaller:20k  before:2024-03-01  after:2024-01  newer:7d  older:1y
    -word  NOT word         lunch OR dinner  (a b)          not, or, together

What belongs here: reading. What must never be here: what the terms mean to a database or a server.
Reading never raises: what makes no sense is named in a hint, and the rest is searched for.
"""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta

from tui_mail.model import Kind
from tui_mail.query import (
    EVERYTHING,
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
    joined,
)
from tui_mail.records import frozen
from tui_mail.text import SafeText, safe_line
from tui_mail.words import words_of

LENGTH_LIMIT = 2_000
"""Characters of a query that are read."""
TERMS_LIMIT = 60
DEPTH_LIMIT = 20
"""Parentheses inside each other."""

STATES: dict[str, Term] = {
    "unread": Flagged("seen", is_set=False),
    "new": Flagged("seen", is_set=False),
    "read": Flagged("seen"),
    "seen": Flagged("seen"),
    "starred": Flagged("flagged"),
    "flagged": Flagged("flagged"),
    "answered": Flagged("answered"),
    "replied": Flagged("answered"),
    "draft": Flagged("draft"),
    "snoozed": Keyword("$Snoozed"),
    "awaiting": Keyword("$Awaiting"),
    "followup": Keyword("$FollowUp"),
    "muted": Keyword("$muted"),
    "forwarded": Keyword("$Forwarded"),
    "contact": OfContact(),
}
KINDS = {
    "people": Kind.PERSON,
    "list": Kind.LIST,
    "calendar": Kind.CALENDAR,
    "notification": Kind.NOTIFICATION,
    "bulk": Kind.BULK,
}
"""What stands after kind:, with or without an s."""
_ATTACHMENT = ("attachment", "attachments", "file", "files")
_PLACES = {
    **{name: Where(name) for name in ("from", "to", "cc", "subject", "body", "filename")},
    "sender": Where.FROM,
    "text": Where.BODY,
    "file": Where.FILENAME,
    "attachment": Where.FILENAME,
}
_OTHERS = frozenset(
    {
        "in",
        "folder",
        "account",
        "is",
        "has",
        "kind",
        "list",
        "keyword",
        "tag",
        "larger",
        "smaller",
        "before",
        "after",
        "since",
    }
    | {"newer", "older", "until"}
)
FIELDS = tuple(sorted(_PLACES.keys() | _OTHERS))
"""What may stand before a colon."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) |
        (?P<minus>-(?=[^\s)-])) |
        (?P<field>[A-Za-z]+:(?=\S)|(?i:FIELDS):) |
        "(?P<phrase>[^"]*)(?:"|$) |
        (?P<word>[^\s()"]+)
    )""".replace("FIELDS", "|".join(FIELDS)),
    re.VERBOSE,
)
QUOTES = '"“”„‟«»＂'
"""A quotation mark, and what keyboards and pages make of it."""
_QUOTES = str.maketrans(dict.fromkeys(QUOTES, '"'))
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SIZE = re.compile(r"(\d{1,12})(?:[.,](\d{1,3}))?\s*([kmg]?)(?:i?b)?", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,5})\s*(h|d|w|m|y)[a-z]*", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def understand(text: str, now: float | None = None) -> Query:
    """Read a query. Any text; never raises. Days begin at midnight of this computer's time."""
    return _Reading(text, time.time() if now is None else now).query()


@frozen
class _Token:
    kind: str
    text: str


class _Reading:
    """One query on its way from text to tree: recursive descent, no deeper than DEPTH_LIMIT."""

    def __init__(self, text: str, now: float) -> None:
        self._text = _CONTROLS.sub(" ", text[:LENGTH_LIMIT])
        self._now = now
        self._hints = list[SafeText]()
        self._terms = 0
        if len(text) > LENGTH_LIMIT:
            self._hint(f"only the first {LENGTH_LIMIT:,} characters were read")
        self._tokens = [
            _Token(found.lastgroup or "", found[found.lastgroup or 0])
            for found in _TOKEN.finditer(self._text.translate(_QUOTES))
        ]
        self._at = 0

    def query(self) -> Query:
        found = list[Term]()
        while self._at < len(self._tokens):
            found.append(self._either(Where.ANY, 0))
            if self._is_next("close"):
                self._at += 1
                self._hint("a “)” closes nothing")
        return Query(self._text, joined(found), tuple(self._hints))

    # --- grammar ------------------------------------------------------------------------------

    def _either(self, where: Where, depth: int) -> Term:
        choices = [self._together(where, depth)]
        while self._takes_word("OR", "|"):
            choices.append(self._together(where, depth))
        if len(choices) > 1 and any(choice == EVERYTHING for choice in choices):
            self._hint("OR stands between two terms")
            choices = [choice for choice in choices if choice != EVERYTHING]
        return Either(tuple(choices)) if len(choices) > 1 else choices[0] if choices else EVERYTHING

    def _together(self, where: Where, depth: int) -> Term:
        found = list[Term]()
        while self._at < len(self._tokens) and not self._is_next("close") and not self._is_word("OR", "|"):
            if not self._takes_word("AND", "&"):
                found.append(self._one(where, depth))
        return joined(found)

    def _one(self, where: Where, depth: int) -> Term:
        negated = False
        while self._is_next("minus") or self._is_word("NOT"):
            self._at += 1
            negated = not negated
        if self._at >= len(self._tokens) or self._is_next("close") or self._is_word("OR", "|", "AND", "&"):
            self._hint("NOT stands before a term")
            return EVERYTHING
        token = self._next()
        if token.kind == "open":
            term = self._group(where, depth)
        elif token.kind == "field":
            term = self._field(token.text.rstrip(":"), where, depth)
        else:
            term = self._words(token, where)
        return Not(term) if negated and term != EVERYTHING else term

    def _group(self, where: Where, depth: int) -> Term:
        if depth >= DEPTH_LIMIT:
            self._hint(f"parentheses more than {DEPTH_LIMIT} deep were passed over")
            return EVERYTHING
        term = self._either(where, depth + 1)
        if self._is_next("close"):
            self._at += 1
        return term

    def _field(self, name: str, where: Where, depth: int) -> Term:
        known = name.lower()
        if known in _PLACES:
            place = _PLACES[known]
            if self._is_next("open"):
                self._at += 1
                return self._group(place, depth)
            return self._words(self._value(), place)
        if known in _OTHERS:
            return self._counted(self._valued(known, self._value().text))
        value = self._value()
        if known not in ("http", "https", "mailto"):
            self._hint(f"there is no “{name}:”; it was searched for as words")
        return self._words(_Token("word", f"{name}:{value.text}"), where)

    def _value(self) -> _Token:
        """What stands after a colon; an opening parenthesis is none."""
        if self._at < len(self._tokens) and self._tokens[self._at].kind in ("word", "phrase"):
            return self._next()
        if self._is_next("field"):  # in:work:Sent
            head = self._next().text
            return _Token("word", f"{head}{self._value().text}")
        if self._is_next("minus"):
            self._at += 1
            return _Token("word", f"-{self._value().text}")
        return _Token("word", "")

    # --- terms --------------------------------------------------------------------------------

    def _words(self, token: _Token, where: Where) -> Term:
        words = words_of(token.text)
        if not words:
            if token.text.strip():
                self._hint(f"“{token.text}” holds no letter or digit")
            return EVERYTHING
        said = " ".join(token.text.split())
        return self._counted(Words(" ".join(words), where, token.kind == "phrase", said))

    def _counted(self, term: Term) -> Term:
        if term == EVERYTHING:
            return term
        self._terms += 1
        if self._terms > TERMS_LIMIT:
            if self._terms == TERMS_LIMIT + 1:
                self._hint(f"only the first {TERMS_LIMIT} terms were searched for")
            return EVERYTHING
        return term

    def _valued(self, name: str, value: str) -> Term:
        """A term that is no words."""
        value = value.strip()
        low = value.lower()
        term: Term | None = None
        match name:
            case _ if not value:  # it is still being typed
                return EVERYTHING
            case "in" | "folder":
                exact = value.startswith("=") and len(value) > 1
                term = EVERYTHING if low in ("anywhere", "any") else In(value[exact:], exact)
            case "account":
                term = Of(value)
            case "list":
                term = OnList(low)
            case "keyword" | "tag":
                term = Keyword(value)
            case "kind":
                kind = KINDS.get({"person": "people"}.get(low, low), KINDS.get(low.removesuffix("s")))
                term = None if kind is None else OfKind(kind)
            case "is":
                term = STATES.get(low)
            case "has":
                term = HasAttachment() if low in _ATTACHMENT else STATES.get({"star": "starred"}.get(low, ""))
            case "larger" | "smaller":
                octets = _octets(value)
                term = None if octets is None else Size(octets, name == "larger")
            case _:
                moment = self._moment(low, spans_first=name in ("newer", "older"))
                term = None if moment is None else When(moment, name in ("after", "since", "newer"))
        if term is None:
            self._hint(f"“{name}:{value}” {_ADVICE.get(name, 'says nothing')}")
            return EVERYTHING
        return term

    def _moment(self, value: str, *, spans_first: bool) -> int | None:
        """Midnight at the beginning of a day, a month or a year; or so long ago."""
        today = datetime.fromtimestamp(self._now).date()  # noqa: DTZ006  # a person's days are this computer's
        if span := _SPAN.fullmatch(value):
            moment = self._now - int(span[1]) * _HOURS[span[2].lower()] * 3600
            return max(0, int(moment))
        if spans_first and value.isdecimal() and len(value) < 4:
            return max(0, int(self._now) - int(value) * 86_400)
        if value in ("today", "yesterday"):
            return _midnight(today - timedelta(days=value == "yesterday"))
        if day := _DAY.fullmatch(value):
            return _of(int(day[1]), int(day[2] or 1), int(day[3] or 1))
        if day := _DAY_FIRST.fullmatch(value):
            return _of(int(day[3]), int(day[2]), int(day[1]))
        return None

    # --- tokens -------------------------------------------------------------------------------

    def _next(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _is_next(self, kind: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].kind == kind

    def _is_word(self, *words: str) -> bool:
        return self._is_next("word") and self._tokens[self._at].text in words

    def _takes_word(self, *words: str) -> bool:
        found = self._is_word(*words)
        self._at += found
        return found

    def _hint(self, words: str) -> None:
        hint = safe_line(words, 200)
        if hint not in self._hints and len(self._hints) < 5:
            self._hints.append(hint)


_ADVICE = {
    "is": "is none of " + ", ".join(sorted(STATES)),
    "has": "is not has:attachment",
    "kind": "is none of " + ", ".join(KINDS),
    **dict.fromkeys(("larger", "smaller"), "is no size such as 5M or 200k"),
    **dict.fromkeys(("before", "after", "since", "until"), "is no day such as 2024-03-01"),
    **dict.fromkeys(("newer", "older"), "is no time such as 7d, 3m or 2024-03-01"),
}


def _octets(value: str) -> int | None:
    found = _SIZE.fullmatch(value)
    if found is None:
        return None
    unit = _UNITS[found[3].lower()]
    part = int(found[2]) * unit // 10 ** len(found[2]) if found[2] else 0
    return min(int(found[1]) * unit + part, 1 << 62)


def _of(year: int, month: int, day: int) -> int | None:
    try:
        return _midnight(date(year, month, day))
    except ValueError:
        return None


def _midnight(day: date) -> int | None:
    try:
        return max(0, int(datetime(day.year, day.month, day.day).timestamp()))  # noqa: DTZ001
    except (OverflowError, ValueError, OSError):
        return None
