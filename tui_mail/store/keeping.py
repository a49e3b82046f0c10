"""Keywords with a date that a server does not keep: they are kept here, and shown as if it did.

What belongs here: the table `kept_keyword`. What must never be here: what the words mean (dated). Other keywords that a
server does not keep are refused, as the person has to know it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_mail.dated import FOLLOW_UP, SNOOZED
from tui_mail.store.database import Transaction

MARKS = ("$snoozed", "$awaiting", "$followup")


def is_kept_here(word: str) -> bool:
    """Whether a keyword is the client's own, and has to last whatever the server does with it."""
    low = word.casefold()
    return low in MARKS or low.startswith((SNOOZED, FOLLOW_UP))


def keep(txn: Transaction, ids: Iterable[int], words: Sequence[str]) -> None:
    """The server did not keep these words of these messages."""
    txn.sql.executemany(
        "INSERT OR IGNORE INTO kept_keyword VALUES (?, ?)", [(id_, word) for id_ in ids for word in words]
    )


def let_go(txn: Transaction, ids: Iterable[int], words: str) -> None:
    """These words (parted by spaces) were taken off these messages."""
    gone = [word for word in words.split() if is_kept_here(word)]
    txn.sql.executemany(
        "DELETE FROM kept_keyword WHERE message_id = ? AND lower(word) = lower(?)",
        [(id_, word) for id_ in ids for word in gone],
    )
