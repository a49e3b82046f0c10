"""What config.toml may say of mail that comes in: the tables [[rules]].

What belongs here: one rule per key, as in `rules`. What must never be here: running them (store.ruling).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tui_mail.arriving import Rule
from tui_mail.model import Flag, Role

if TYPE_CHECKING:
    from tui_mail.config.rules import Reader

RULE_KEYS = ("name", "query", "account", "move", "archive", "trash", "junk", "read", "star", "keyword", "stop")
PLACES = {"archive": Role.ARCHIVE, "trash": Role.TRASH, "junk": Role.JUNK}
_KEYWORD = re.compile(r"[A-Za-z0-9$_.\-]{1,64}")


def rules_of(reader: Reader, document: Mapping[str, Any], accounts: Iterable[str]) -> tuple[Rule, ...]:
    """The rules that can be used, in their order; what is wrong with the others is noted."""
    tables = document.get("rules", [])
    if not isinstance(tables, list):
        reader.problem(("rules",), "rules are written as [[rules]], with two brackets, once for each")
        return ()
    known, found = list(accounts), list[Rule]()
    for number, table in enumerate(tables):
        path = ("rules", str(number))
        if not isinstance(table, dict):
            reader.problem(path, "a rule must be a table: [[rules]]")
            continue
        before = len(reader.problems)
        rule = _rule(reader, path, table, known)
        if rule.name in {other.name for other in found}:
            reader.problem((*path, "name"), f'there are two rules called "{rule.name}"; the second is left out')
        if len(reader.problems) == before:
            found.append(rule)
    return tuple(found)


def _rule(reader: Reader, path: tuple[str, ...], table: Mapping[str, Any], accounts: list[str]) -> Rule:
    from tui_mail.config.rules import suggestion

    before = len(reader.problems)
    reader.unknown(path, table, RULE_KEYS)
    switches = {key: _switch(reader, path, table, key) for key in (*PLACES, "read", "star", "stop")}
    move, account = reader.string(path, table, "move"), reader.string(path, table, "account")
    places = [key for key in PLACES if switches[key]]
    rule = Rule(
        name=reader.string(path, table, "name") or f"rule {int(path[1]) + 1}",
        query=_query(reader, path, table),
        account=account,
        move=move,
        role=PLACES[places[0]] if places else Role.NONE,
        add=(Flag.SEEN if switches["read"] else Flag.NONE) | (Flag.FLAGGED if switches["star"] else Flag.NONE),
        keywords=_keywords(reader, path, table),
        stop=switches["stop"],
        place=int(path[1]),
    )
    if len(places) + bool(move) > 1:
        both = " and ".join(["move"] * bool(move) + places)
        reader.problem((*path, places[-1]), f"a message cannot go to two places: {both}")
    if not rule.does() and len(reader.problems) == before:
        what = f'the rule "{rule.name}" does nothing: give it move, archive, trash, junk, read, star, keyword or stop'
        reader.problem(path, what)
    if account and account not in accounts:
        reader.problem((*path, "account"), f'there is no account "{account}"{suggestion(account, accounts)}')
    return rule


def _query(reader: Reader, path: tuple[str, ...], table: Mapping[str, Any]) -> str:
    """What a rule looks for; a query that is not understood whole would do something to other mail than was meant."""
    from tui_mail.query import Where, Words  # who has no rules does not wait for it
    from tui_mail.understanding import understand

    text = reader.string(path, table, "query")
    query = understand(text)
    inside = [leaf for leaf in query.leaves() if isinstance(leaf, Words) and leaf.where in (Where.BODY, Where.FILENAME)]
    if query.hints:
        reader.problem((*path, "query"), f"this query is not clear: {query.hints[0]}")
    elif query.is_empty:
        reader.problem((*path, "query"), 'a rule needs a query, such as query = "in:inbox from:stripe"')
    elif inside:
        where = inside[0].where
        what = f"{where}: cannot be asked by a rule, which runs as soon as the headers are here; ask from:, subject: …"
        reader.problem((*path, "query"), what)
    return text


def _switch(reader: Reader, path: tuple[str, ...], table: Mapping[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        reader.problem((*path, key), f"{key} must be true or false")
    return value is True


def _keywords(reader: Reader, path: tuple[str, ...], table: Mapping[str, Any]) -> tuple[str, ...]:
    value = table.get("keyword", [])
    words = [value] if isinstance(value, str) else value
    if isinstance(words, list) and all(isinstance(word, str) and _KEYWORD.fullmatch(word) for word in words):
        return tuple(words)
    reader.problem((*path, "keyword"), "a keyword is made of letters, digits, $, _ and -")
    return ()
