"""Putting labels on messages, and taking them off: the keywords of the account, most used first, or a new one.

What belongs here: which labels are offered, and what is said of one. What must never be here: what a label is called
(`keyword_text`), carrying it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from tui_mail.errors import UsageError
from tui_mail.model import Change
from tui_mail.text import SafeText
from tui_mail.ui.screens.words import messages_words
from tui_mail.ui.widgets.keyword_text import is_label, keyword_for, label_name

if TYPE_CHECKING:
    from tui_mail.ui.screens.picker import Choice
    from tui_mail.ui.screens.triage import Triage

LOOKED_AT = 500
"""Messages at most whose labels are read before the list of labels opens."""


class Labelling:
    """Labels of the triage screen."""

    def __init__(
        self, screen: Triage, targets: Callable[[], list[int]], repeat: Callable[[Callable[[], None]], None]
    ) -> None:
        """`targets` tells which messages are meant, `repeat` is told what "the same again" means."""
        self._screen = screen
        self._client = screen.client
        self._targets = targets
        self._repeat = repeat
        self._counts: dict[str, Mapping[str, int]] = {}
        """Of each account: its keywords, as they were counted last."""

    def pick(self) -> None:
        """Let the person pick a label: off if all the messages have it, else on."""
        from tui_mail.ui.screens.picker import Picker

        here, ids = self._screen.here, self._targets()
        if here is None or not ids:
            return
        account = here.account
        rows = self._client.rows(ids[:LOOKED_AT])
        having = Counter(word for row in rows for word in row.keywords)

        def picked(word: str | None) -> None:
            if word is not None:
                self._put(word, ids, off=having[word] == len(rows) > 0)

        def offered() -> list[Choice[str]]:
            return _choices(self._counts.get(account, {}), having, len(rows))

        def counted(counts: Mapping[str, int]) -> None:
            self._counts[account] = counts
            if picker.is_attached:
                picker.offer(offered())

        def made(typed: str) -> Choice[str] | None:
            return _made(typed, {**self._counts.get(account, {}), **having})

        nothing = "A label: letters, digits, - and spaces." if not offered() else "Nothing fits."
        picker = Picker(f"Label {messages_words(len(ids))}", offered(), nothing, made)
        self._screen.app.push_screen(picker, picked)
        self._screen.bridge.when_done(self._client.keyword_counts(account), counted, self._screen.problem)

    def _put(self, word: str, ids: list[int], *, off: bool) -> None:
        self._repeat(lambda: self._put(word, self._targets(), off=off))
        if not ids:
            return
        words = f"Label {label_name(word)} {'off' if off else 'on'}: {messages_words(len(ids))}"

        def done(change: Change | None) -> None:
            screen = self._screen
            screen.messages.refresh_rows()
            screen.reading.renew(next(iter(self._client.rows([screen.reading.message_id])), None))
            screen.standing.acted()
            if change is not None:
                self._screen.say(SafeText(f"{words} · {screen.keymap.shown('undo')} undo"))

        try:
            marked = self._client.mark(ids, remove_keywords=[word]) if off else self._client.mark(
                ids, add_keywords=[word]
            )  # fmt: skip
        except UsageError as error:
            self._screen.problem(error)
            return
        self._screen.outcome.follow(marked, done, "Labelled")


def _choices(counts: Mapping[str, int], having: Mapping[str, int], messages: int) -> list[Choice[str]]:
    """The labels, those on the messages first, then the most used."""
    from tui_mail.ui.screens.picker import Choice

    known = [word for word in {**counts, **having} if is_label(word)]
    known.sort(key=lambda word: (-having.get(word, 0), -counts.get(word, 0), word.casefold()))
    marks = {word: "✓" if having.get(word, 0) == messages else "–" if having.get(word) else " " for word in known}
    return [
        Choice(word, f"{marks[word]} {label_name(word)}", "", f"{counts[word]:,}" if word in counts else "")
        for word in known
    ]


def _made(typed: str, known: Collection[str]) -> Choice[str] | None:
    """A new label; None when the name cannot be one, or is one already: case makes no difference (RFC 9051 2.3.2)."""
    from tui_mail.ui.screens.picker import Choice

    word = keyword_for(typed)
    names = {text.casefold() for one in known for text in (one, label_name(one))}
    if {word.casefold(), " ".join(typed.split()).casefold()} & names:
        return None
    return Choice(word, f"+ New label “{label_name(word)}”") if word else None
