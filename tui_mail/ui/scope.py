"""The only folder that a search looks into, whatever is typed: as a term, and as words that can be kept.

What belongs here: how a folder is meant exactly. What must never be here: asking (finding).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tui_mail.client.inboxes import ALL_INBOXES
from tui_mail.model import Folder
from tui_mail.query import All, In, Query
from tui_mail.understanding import QUOTES


class Scope:
    """A folder, or the inboxes of all accounts."""

    def __init__(self, folder: Folder, known: Callable[[int], Folder | None]) -> None:
        """`known` gives a folder by its id."""
        self._folder = folder
        self._known = known

    @property
    def folder(self) -> Folder:
        """As it is called now; as it was, when it is gone."""
        return self._known(self._folder.id) or self._folder

    def narrowed(self, query: Query) -> Query:
        """What is looked for, in this folder only."""
        terms = query.term.terms if isinstance(query.term, All) else (query.term,)
        return replace(query, term=All((In(exact_name(self.folder), exact=True), *terms)))

    def words_with(self, words: str) -> str:
        """The same as it is typed; empty where the name cannot be."""
        name = exact_name(self.folder)
        if any(not one.isprintable() or one in QUOTES for one in name):
            return ""
        return f'in:"={name}" ({enclosed(words)})'


def exact_name(folder: Folder) -> str:
    """What `In` calls this folder and no other."""
    return folder.role.value if folder.id == ALL_INBOXES else f"{folder.account}:{folder.name}"


def enclosed(words: str) -> str:
    """Words that can stand in parentheses: no quotation and no parenthesis of them is left open, or closes another."""
    kept, depth = list[str](), 0
    for number, part in enumerate(words.split('"')):
        if number % 2:
            kept.append(f'"{part}"')
            continue
        for one in part:
            if one != ")" or depth:
                kept.append(one)
                depth += {"(": 1, ")": -1}.get(one, 0)
    return "".join(kept) + ")" * depth
