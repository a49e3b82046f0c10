"""Running rules: over what came since they ran last, or over what is there.

What belongs here: how far rules have run, what they mean to do, and writing that into the journal. What must never be
here: when they run (sync.arrivals), reading config.toml.

What is new in a folder is what has a higher id than any message had when rules ran there last, and was not brought
there by a change of the journal. The actions and the new mark are one transaction: a rule neither leaves a message out
nor sees it twice, whenever the program dies. A folder is looked at only when all of it is known, so that what a first
sync brings is no news.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_mail.arriving import Rule, Ruled
from tui_mail.model import ChangeKind, Flag, Folder, Role
from tui_mail.records import frozen
from tui_mail.store import folders, journal, snoozing
from tui_mail.store.database import Transaction
from tui_mail.store.folders import FolderState
from tui_mail.store.journal import Effect
from tui_mail.store.matching import Letter, fits, letters
from tui_mail.understanding import understand

VERB = "rule"
OLD_MARK = 1_000
"""So many messages later a mark is moved on, though nothing came to its folder: what is looked at stays little."""

_NEW = (
    "SELECT m.id FROM message m WHERE +m.folder_id = ? AND m.id > ? AND +m.view_folder = m.folder_id"
    " AND NOT EXISTS (SELECT 1 FROM journal_item i JOIN journal j ON j.id = i.journal_id"
    "  WHERE i.message_id = m.id AND j.kind IN ('move', 'copy', 'append'))"
)


@frozen
class Arrivals:
    """What came to the folders of an account since rules ran there."""

    ids: tuple[int, ...]
    marks: tuple[tuple[int, int, int], ...]
    """(folder, UIDVALIDITY, highest id) of each, as they are to be noted; only those that are others than before."""


@dataclass(slots=True)
class Plan:
    """What one rule is to do."""

    rule: Rule
    found: list[Letter]


def arrivals(sql: sqlite3.Connection, account: int) -> Arrivals:
    """What rules have not seen yet. What is in a folder that they have never looked at counts as seen."""
    newest = sql.execute("SELECT COALESCE(MAX(id), 0) FROM message").fetchone()[0]
    known = {row[0]: row[1:] for row in sql.execute("SELECT folder_id, uidvalidity, newest FROM rules_mark")}
    ids, marks = list[int](), list[tuple[int, int, int]]()
    for state in folders.states(sql, account):
        if not state.complete or not is_looked_at(sql, state):
            continue
        before = known.get(state.id)
        if before is not None and before[0] == state.uidvalidity:
            came = [row[0] for row in sql.execute(_NEW, (state.id, before[1]))]
            if not came and newest - before[1] < OLD_MARK:
                continue  # a mark that is a little old finds the same
            ids += came
        marks.append((state.id, state.uidvalidity, newest))
    return Arrivals(tuple(ids), tuple(marks))


def is_looked_at(sql: sqlite3.Connection, state: FolderState) -> bool:
    """Whether rules run in a folder: the inbox, and those of a person's own."""
    return state.role in (Role.INBOX, Role.NONE) and not snoozing.is_ours(sql, state.account_id, state.name)


def plans(sql: sqlite3.Connection, rules: Sequence[Rule], ids: Iterable[int], now: float) -> list[Plan]:
    """What each rule would do to these messages, one after the other. Takes a while for many."""
    there, known = letters(sql, ids), folders.all_folders(sql)
    made = list[Plan]()
    for rule in rules:
        query = understand(rule.query, now)
        wanted = [letter for letter in there if rule.account in ("", letter.account)]
        found = [letter for letter in wanted if not query.hints and fits(query.term, letter, known)]
        made.append(Plan(rule, found))
        for letter in found:
            letter.flags |= rule.add
            letter.keywords.update(word.casefold() for word in rule.keywords)
            letter.folder = _place_after(rule, letter, known)
        if rule.stop:
            done = {letter.id for letter in found}
            there = [letter for letter in there if letter.id not in done]
    return made


def carry_out(txn: Transaction, made: Iterable[Plan], *, asked: bool) -> list[Ruled]:
    """Write what the rules do, one batch each. Not `asked`: nobody pressed a key, and undo has to be told which one."""
    done = list[Ruled]()
    for plan in made:
        batch: int | None = None
        by_account = dict[str, list[int]]()
        for letter in plan.found:
            by_account.setdefault(letter.account, []).append(letter.id)
        for name, ids in by_account.items():
            batch = _act(txn, plan.rule, folders.account_id(txn, name), ids, batch, asked=asked)
        if batch is not None and not asked:
            journal.pass_over(txn, batch)
        done.append(Ruled(plan.rule, tuple(letter.id for letter in plan.found), batch))
    return done


def note(txn: Transaction, marks: Iterable[tuple[int, int, int]]) -> None:
    """Rules have run over what came to these folders so far."""
    txn.sql.executemany("INSERT OR REPLACE INTO rules_mark VALUES (?, ?, ?)", marks)


def forget(txn: Transaction, account: int) -> None:
    """There are no rules for an account: what comes meanwhile is no news to later ones."""
    txn.sql.execute(
        "DELETE FROM rules_mark WHERE folder_id IN (SELECT id FROM folder WHERE account_id = ?)", (account,)
    )


def has_marks(sql: sqlite3.Connection, account: int) -> bool:
    """Whether rules ever ran in an account."""
    query = "SELECT 1 FROM rules_mark r JOIN folder f ON f.id = r.folder_id WHERE f.account_id = ? LIMIT 1"
    return sql.execute(query, (account,)).fetchone() is not None


def _act(txn: Transaction, rule: Rule, account: int, ids: list[int], batch: int | None, *, asked: bool) -> int | None:
    verb = f"{VERB} “{rule.name}”:"
    if rule.add or rule.keywords:
        effect = Effect(ChangeKind.FLAGS, None, rule.add, Flag.NONE, " ".join(rule.keywords))
        batch = journal.record(txn, effect, ids, verb, batch=batch, undoable=asked) or batch
    if rule.move or rule.role:
        target = _target(txn, account, rule)
        batch = journal.record(txn, Effect(ChangeKind.MOVE, target), ids, verb, batch=batch, undoable=asked) or batch
    return batch


def _target(txn: Transaction, account: int, rule: Rule) -> int:
    """Where a rule moves mail to; a folder that is not there is made with the first message."""
    if rule.role:
        return folders.for_role(txn, account, rule.role)
    named = _named(rule.move, folders.all_folders(txn.sql, folders.account_name(txn.sql, account)))
    if named is not None:
        return named.id
    above = folders.prefix(txn.sql, account)
    return folders.add_unmade(txn, account, rule.move if rule.move.startswith(above) else above + rule.move)


def _named(name: str, known: Iterable[Folder]) -> Folder | None:
    """A folder by its whole name, in any case, below the inbox where all are, or by its role."""
    low, some = name.casefold(), list(known)
    exact = [one for one in some if one.name == name]
    alike = [one for one in some if low in (one.name.casefold(), one.role)]
    below = [one for one in some if one.name.casefold() == f"inbox{one.delimiter}{low}"]
    return next(iter(exact + alike + below), None)


def _place_after(rule: Rule, letter: Letter, known: Iterable[Folder]) -> int:
    """The folder in which a message will be; 0 when it is yet to be made."""
    if not (rule.move or rule.role):
        return letter.folder
    its = [folder for folder in known if folder.account == letter.account]
    there = _named(rule.move, its) if rule.move else next((one for one in its if one.role is rule.role), None)
    return there.id if there is not None else 0
