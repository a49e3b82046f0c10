"""How one action reads as one line of the history, and what there is to say of it.

What belongs here: words and marks for what was done and how far it is, and which columns fit. Pure functions of plain
values. What must never be here: Textual, the store.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_mail.model import Change, ChangeState
from tui_mail.records import frozen
from tui_mail.text import SafeText
from tui_mail.ui.widgets.cells import clip, fit, steady, width
from tui_mail.ui.widgets.document import Document, Paragraph
from tui_mail.ui.widgets.row_text import Calendar

Run = tuple[str, str]
DATE = 6
"""Cells of the time or day."""
FEW = 3
"""Messages that a line names by their subjects."""
_WAITING = (ChangeState.QUEUED, ChangeState.RUNNING)


@frozen
class Deed:
    """What one key press did, and the first subjects that it was about."""

    change: Change
    subjects: tuple[SafeText, ...] = ()
    here: bool = False
    """It concerns this computer only (POP3): there is no server to tell."""

    @property
    def failed(self) -> bool:
        """The server refused it, and nobody has answered that yet."""
        return self.change.state is ChangeState.FAILED and not self.change.undone

    @property
    def waiting(self) -> bool:
        """A server has yet to hear of it."""
        return self.change.state in _WAITING


@frozen
class DeedColumns:
    """How wide the parts of a line are, in cells; 0: not shown."""

    what: int
    account: int
    state: int

    @classmethod
    def of(cls, cells: int, names: Sequence[str]) -> DeedColumns:
        """The columns of a list that is `cells` wide; `names` are those of the accounts, when there are several."""
        account = min(14, width(", ".join(names))) if cells >= 70 else 0
        state = max(10, min(44, cells * 30 // 100))
        return cls(max(8, cells - DATE - 9 - state - (account + 2 if account else 0)), account, state)


def deed_runs(deed: Deed, columns: DeedColumns, calendar: Calendar, *, cursor: bool) -> list[Run]:
    """One action as runs of (text, look)."""
    change = deed.change
    look = "failed" if deed.failed else "quiet" if change.undone or change.state is ChangeState.CANCELLED else "what"
    what = steady(change.summary)
    runs: list[Run] = [
        ("▌" if cursor else " ", "bar"),
        ("✗" if deed.failed else "↶" if change.undoable else " ", "failed" if deed.failed else "mark"),
        ("  ", ""),
        (fit(calendar.label(change.created, short=True), DATE), "quiet"),
        ("  ", ""),
    ]
    room = columns.what - width(what)
    if deed.subjects and change.count <= FEW and room > 6:
        named = " · ".join(steady(subject) or "(no subject)" for subject in deed.subjects)
        runs += [(what, look), (fit(f"  {named}", room), "quiet")]
    else:
        runs.append((fit(what, columns.what), look))
    if columns.account:
        runs += [("  ", ""), (fit(", ".join(change.accounts) or change.account, columns.account), "quiet")]
    words, look = state_run(deed)
    room = columns.state
    aside = "cannot be undone" if not change.undoable and not change.undone and width(words) + 19 <= room else ""
    if deed.failed and change.error and width(words) + 8 <= room:
        words = f"{words}: {change.error}"
    if aside and not deed.failed:
        runs += [("  ", ""), (words, look), (fit(f" · {aside}", room - width(words)), "quiet")]
    else:
        runs += [("  ", ""), (fit(words, room), look)]
    return [*runs, (" ", "")]


def state_run(deed: Deed) -> Run:
    """How far it is, in a mark and a word or two."""
    change = deed.change
    if deed.failed:
        return "✗ refused", "failed"
    if change.undone:
        return "– undone", "quiet"
    if deed.waiting:
        return "⟳ waiting", "waiting"
    if change.state is ChangeState.DONE and change.error:
        return "– was gone there", "quiet"
    where = "✓ on this computer" if deed.here else "✓ on the server"
    return (where, "done") if change.state is ChangeState.DONE else ("– not sent", "quiet")


def deed_details(deed: Deed, calendar: Calendar, keys: dict[str, str]) -> Document:
    """Everything there is to say of one action; `keys` by the id of their action."""
    change = deed.change
    when = calendar.long_label(change.created)
    head: list[Run] = [(steady(change.summary), "strong"), (f" · {when}", "quiet")]
    if change.accounts:
        head.append((f" · {', '.join(change.accounts)}", "quiet"))
    body = [Paragraph(tuple(head)), Paragraph(_how_far(deed, keys))]
    if change.undoable:
        what = "drops it" if deed.failed else "takes back this alone"
        body.append(Paragraph(((f"Can be undone: {keys['history.undo']} {what}.", ""),)))
    elif change.why_not and not (change.undone or change.state is ChangeState.CANCELLED):
        body.append(Paragraph(((f"Cannot be undone: {change.why_not}", ""),)))
    if deed.subjects:
        named = [steady(subject) or "(no subject)" for subject in deed.subjects]
        more = change.count - len(named)
        listed = " · ".join(f"“{clip(one, 60)}”" for one in named) + (f" and {more:,} more" if more > 0 else "")
        body.append(Paragraph(((listed, "quiet"),)))
    return Document([], body)


def _how_far(deed: Deed, keys: dict[str, str]) -> tuple[Run, ...]:
    change = deed.change
    if deed.failed:
        again = f" {keys['history.retry']} sends it again."
        error = change.error or "The server gave no reason."
        return ("✗ ", "warning"), (f"The server refused: {error}", "warning"), (again, "")
    if change.undone:
        return (("It was taken back.", ""),)
    if deed.waiting:
        return (("⟳ It waits for the server and goes out by itself; nothing is lost.", ""),)
    if change.state is ChangeState.DONE and change.error:
        return (("– ", "quiet"), (change.error, ""))
    if change.state is ChangeState.DONE:
        return (("✓ Done, on this computer." if deed.here else "✓ The server has it.", ""),)
    return (("It was taken back before it was sent.", ""),)


def title_runs(deeds: Sequence[Deed], next_undo: int, key: str) -> tuple[list[Run], list[Run]]:
    """What stands above the history; `next_undo` is the batch that `key` takes back, 0 none."""
    left: list[Run] = [(" History", "strong")]
    at = next((index for index, deed in enumerate(deeds) if deed.change.batch == next_undo), -1)
    if at >= 0 and not deeds[at].change.undoable:
        left.append((f" · “{clip(steady(deeds[at].change.summary), 40)}” cannot be taken back", "quiet"))
    elif at == 0:
        left.append((f" · {key} undoes the first line", "quiet"))
    elif at > 0:
        left.append((f" · {key} undoes “{clip(steady(deeds[at].change.summary), 40)}”", "quiet"))
    elif deeds:
        left.append((" · nothing left to undo", "quiet"))
    waiting = sum(deed.waiting for deed in deeds)
    failed = sum(deed.failed for deed in deeds)
    aside: list[Run] = [(f"⟳ {waiting:,} waiting ", "quiet")] if waiting else []
    if failed:
        aside += [(" " if aside else "", ""), (f"✗ {failed:,} refused ", "error")]
    return left, aside
