"""What was sent, in the Sent folder once: filed by the server itself, or by us.

What belongs here: finding out who files it, waiting for the server's copy, and recording ours (an upload of the
journal, with its probe). What must never be here: sending.

Unless it is known, the Sent folder is looked at first: a copy that the server put there is known by its Message-ID,
or, where the server gave it another one, by date and subject. What is found there also answers what nobody else can:
whether a message whose last answer was lost has been sent.
"""

from __future__ import annotations

import time
from typing import Protocol

from tui_mail import model
from tui_mail.errors import StoreDamaged
from tui_mail.model import Account, ChangeKind, Flag, Role
from tui_mail.net.quirks import quirks_of
from tui_mail.store import blobs, delivery, folders, journal, purposes
from tui_mail.store.database import Database, Transaction
from tui_mail.store.delivery import Copy
from tui_mail.store.journal import Effect, Item
from tui_mail.store.making import fields_of, make

SOON_SECONDS = 6.0
"""How long a server may take to file a message before it is taken for one that does not."""
LATE_SECONDS = 120.0
"""The same where it is known that it does."""
DOUBT_SECONDS = 600.0
"""How long after an unanswered final dot the Sent folder is watched for the message."""
LOOK_SECONDS = 2.0
"""Least time between two looks at the Sent folder."""


class SentFolder(Protocol):
    """The account's other side: AccountWorker."""

    def refresh(self, folder_id: int | None = None) -> None:
        """Compare a folder with the server now."""

    def replay(self) -> None:
        """A change was written to the journal."""

    def compared_at(self, folder_id: int) -> float:
        """When the last comparison of a folder began that went well (time.time()); 0 never."""


class Filing:
    """The Sent copies of one account."""

    def __init__(self, account: Account, db: Database, inbox: SentFolder | None) -> None:
        """`inbox` None: there is no server with a Sent folder."""
        self._account = account
        self._db = db
        self._inbox = inbox
        self._looked = 0.0
        self._learned = ""
        host = account.outgoing.host if account.outgoing is not None else ""
        self._known = quirks_of(host).files_sent_mail

    def look(self, account_id: int) -> bool:
        """See to every copy that can be seen to now; True while one is awaited."""
        sql = self._db.read()
        wanted, doubtful = delivery.copies_wanted(sql, account_id), delivery.unknown(sql, account_id)
        if wanted and self._account.save_sent != "never" and purposes.lacking(sql, account_id, Role.SENT):
            return False  # what was chosen for sent mail is not there: the copies wait on this disk
        doubtful = [one for one in doubtful if time.time() - one.accepted < DOUBT_SECONDS]
        if not wanted and not doubtful:
            return False
        sent = folders.by_role(sql, account_id, Role.SENT)
        for copy in wanted:
            self._see_to(account_id, copy, sent.id if sent is not None else 0)
        for copy in doubtful:
            if sent is not None and self._found(copy, sent.id):
                self._db.run(lambda txn, copy=copy: delivery.found_in_sent(txn, copy.id))  # type: ignore[misc]
        waits = delivery.copies_wanted(self._db.read(), account_id) or doubtful
        if waits and sent is not None and self._inbox is not None and time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            self._inbox.refresh(sent.id)
        return bool(waits)

    def _see_to(self, account_id: int, copy: Copy, sent: int) -> None:
        wish = self._account.save_sent
        if wish == "never" or self._inbox is None:
            why = (
                "none, as config.toml asks" if wish == "never" else "none: this account has no Sent folder on a server"
            )
            self._db.run(lambda txn: delivery.copy_seen_to(txn, copy.id, why))
            return
        if self._account.protocol is not model.Protocol.IMAP:
            self._file(account_id, copy, learn=None)
            return
        learned = delivery.files_sent(self._db.read(), account_id)
        files_itself = True if wish == "server" or self._known else False if wish == "copy" else learned
        if files_itself is False or not sent:
            self._file(account_id, copy, learn=None)
        elif self._found(copy, sent):
            self._db.run(lambda txn: self._note_found(txn, account_id, copy.id))
        else:
            patience = SOON_SECONDS if files_itself is None else LATE_SECONDS
            if self._inbox.compared_at(sent) > copy.accepted + patience:
                if wish == "server" or self._known:  # it may be hidden from IMAP, and a second copy helps nobody
                    self._db.run(lambda txn: delivery.copy_seen_to(txn, copy.id, "left to the server"))
                else:
                    self._file(account_id, copy, learn=False if files_itself is None else None)

    def _found(self, copy: Copy, sent: int) -> bool:
        try:
            raw = blobs.load(self._db.read_bodies(), copy.kept_blob)
        except StoreDamaged:
            return False
        return delivery.find_copy(self._db.read(), sent, fields_of(raw)) is not None

    def _note_found(self, txn: Transaction, account_id: int, outbox_id: int) -> None:
        delivery.copy_seen_to(txn, outbox_id, "by the server")
        if not self._known:
            delivery.learn_files_sent(txn, account_id, True)

    def _file(self, account_id: int, copy: Copy, learn: bool | None) -> None:
        """Have our copy uploaded; noted in the same commit, so that there are never two."""
        raw = blobs.load(self._db.read_bodies(), copy.kept_blob)
        id_ = make(self._db, self._account.name, raw, Flag.SEEN, copy.accepted)

        def job(txn: Transaction) -> None:
            if delivery.copy_seen_to(txn, copy.id, "stored in Sent"):
                target = folders.for_role(txn, account_id, Role.SENT)
                effect, items = Effect(ChangeKind.APPEND, target), [Item(id_, None)]
                journal.write_change(txn, account_id, effect, items, "stored in Sent:", None, undoable=False)
            if learn is not None:
                delivery.learn_files_sent(txn, account_id, learn)

        self._db.run(job, urgent=True)
        if self._inbox is not None:
            self._inbox.replay()
