"""Signs that somebody else takes mail out of a POP3 maildrop: another program, another device, or the server itself.

What belongs here: what is remembered of it from one visit to the next, when it is certain, and the sentence. What must
never be here: visiting.

A listing may lack messages for no reason (Gmail hides, servers hiccup), and nothing is forgotten for that. Gone is what
was left there, listed again after it was fetched, and missing at two visits in a row.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace

from tui_mail.records import frozen
from tui_mail.store.database import Transaction
from tui_mail.store.files import meta
from tui_mail.text import SafeText, safe_line

MOST = 1_000
"""Names that are remembered from one visit to the next."""
IN_USE_TIMES = 5
"""So many visits must be turned away one after the other, because somebody else is in there, before it is said."""
REMEMBERED_SECONDS = 30 * 86_400
"""How long lists mention it after the last sign."""


@frozen
class Signs:
    """What is known of others at one maildrop."""

    taken: int = 0
    """Messages, left on the server, that somebody took away…"""
    missed: int = 0
    """…and those of them that were never fetched here."""
    in_use: int = 0
    """Visits that were turned away one after the other, because somebody else was in there."""
    at: int = 0
    """When the last sign was seen (epoch); 0: none was."""
    told: bool = False
    """The person has been told."""
    missing: tuple[str, ...] = ()
    """UIDLs that the last listing lacked."""
    waiting: tuple[str, ...] = ()
    """UIDLs that were listed and not fetched."""
    until: int = 0
    """What was listed last before or at this time has been counted."""


def signs(sql: sqlite3.Connection, account: int) -> Signs:
    """What is known of others at the maildrop of an account."""
    noted = meta(sql, f"others:{account}")
    if noted is None:
        return Signs()
    told = json.loads(noted)
    return Signs(**{**told, "missing": tuple(told["missing"]), "waiting": tuple(told["waiting"])})


def note(txn: Transaction, account: int, now: Signs) -> None:
    """Remember it."""
    if now != signs(txn.sql, account):
        value = json.dumps(asdict(now), separators=(",", ":"))
        txn.sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"others:{account}", value))


def tell(txn: Transaction, account: int) -> None:
    """The person has been told what there is to be told."""
    now = signs(txn.sql, account)
    if now.at:
        note(txn, account, replace(now, told=True))


def after_listing(
    before: Signs, listed: Collection[str], gone: Mapping[str, int], unfetched: Collection[str], now: int
) -> Signs:
    """What a visit says. Pure.

    `listed`: all UIDLs of it. `gone`: UIDL → when it was listed last, of messages that were left there, were listed at
    a visit after the one that fetched them, and are not listed now. `unfetched`: listed, and not fetched by this visit.
    """
    news = {uidl: seen for uidl, seen in gone.items() if seen > before.until}
    lost = [uidl for uidl in before.waiting if uidl not in listed]
    missing = {*news, *lost}
    proven = missing.intersection(before.missing)
    missed = sum(1 for uidl in lost if uidl in proven)
    waiting = [uidl for uidl in lost if uidl not in proven] + [uidl for uidl in unfetched if uidl not in lost]
    return replace(
        before,
        taken=before.taken + len(proven),
        missed=before.missed + missed,
        in_use=0,
        at=now if proven else before.at,
        told=before.told and not (missed and not before.missed),
        missing=tuple(sorted(missing - proven)[:MOST]),
        waiting=tuple(waiting[:MOST]),
        until=max([before.until, *(news[uidl] for uidl in proven if uidl in news)]),
    )


def after_refusal(before: Signs, now: int) -> Signs:
    """A visit was turned away because somebody else is in there. Pure."""
    times = before.in_use + 1
    return replace(before, in_use=times, at=now if times >= IN_USE_TIMES else before.at)


def sentence(found: Signs, account: str, now: int, *, once: bool) -> SafeText:
    """What the person should know; empty when there is nothing, it is long ago, or (`once`) it was said already."""
    if not found.at or now - found.at > REMEMBERED_SECONDS or (once and found.told):
        return SafeText("")
    advice = "Let only one program take mail away there, and set the others to leave it on the server."
    if found.missed:
        return safe_line(
            f"{_many(found.missed)} of {account} went from the server before this computer had fetched it all: another"
            f" program or device takes mail away there, and has it now. What is here is safe. {advice}"
        )
    if found.taken:
        return safe_line(
            f"{_many(found.taken)} of {account} that tui-mail left on the server went from there: another program or"
            f" device deletes in this mailbox, or the server does so after a time. All of it is safe here. {advice}"
        )
    return safe_line(
        f"The mailbox of {account} was in use by another program or device at every visit lately, so new mail comes"
        f" late. What is here is safe. {advice}"
    )


def of(sql: sqlite3.Connection, name: str, *, once: bool) -> SafeText:
    """The sentence for an account by its name."""
    row = sql.execute("SELECT id FROM account WHERE name = ?", (name,)).fetchone()
    return SafeText("") if row is None else sentence(signs(sql, row[0]), name, int(time.time()), once=once)


def was_told(sql: sqlite3.Connection, key: str) -> bool:
    """Whether the person knows that accounts of config.toml read one mailbox."""
    return meta(sql, key) is not None


def note_told(txn: Transaction, keys: Iterable[str]) -> None:
    """The person has been told these."""
    txn.sql.executemany("INSERT OR REPLACE INTO meta VALUES (?, '1')", ((key,) for key in keys))


def _many(count: int) -> str:
    return f"{count} message{'s' * (count != 1)}"
