"""What a person writes and sends: drafts, answers, the outbox.

What belongs here: one method for each thing that can be done with a draft or a message being sent. What must never be
here: what a draft looks like as octets (mime), sending (the engine), widgets.

Whatever takes more than a few milliseconds returns a Future. A draft is saved durably before its Future resolves; what
is sent was frozen durably before its Future resolves. How it is done (`composing`) is loaded when something is written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from tui_mail.client.identities import identities_of
from tui_mail.errors import UsageError
from tui_mail.model import Account, Address, Change
from tui_mail.outgoing import (
    Attachment,
    Begun,
    ComposeSettings,
    Draft,
    Identity,
    OutboxEntry,
    Protection,
    Remark,
)
from tui_mail.paths import Paths
from tui_mail.store import contacts, drafts, outbox
from tui_mail.store.database import Database, Transaction

if TYPE_CHECKING:
    from tui_mail.client.book import Book
    from tui_mail.client.composing import Desk, Mail

T = TypeVar("T")


class Writing:
    """The writing half of MailClient."""

    accounts: tuple[Account, ...]
    compose: ComposeSettings
    paths: Paths
    _db: Database
    _began: float
    _book: Book | None = None

    def identities(self) -> list[Identity]:
        """Whom a message may come from, each account's own address first; patterns are left as they are."""
        return [identity for account in self.accounts for identity in identities_of(account)]

    def blank_draft(self, account: str | None = None) -> Future[Begun]:
        """A new message from an account, the first that can send if none is named. The future raises UsageError."""
        return self._at_desk(lambda desk: Begun(desk.blank(account)))

    def mailto_draft(self, url: str) -> Future[Begun]:
        """A message as a mailto: link asks for it, of its harmless fields. The future raises UsageError."""
        return self._at_desk(lambda desk: desk.mailto(url))

    def reply(
        self, message_id: int, *, everyone: bool = False, to_list: bool = False, selected: str = "", opened: bytes = b""
    ) -> Future[Begun]:
        """An answer to a message; `selected` is what to quote instead of all of it. The future raises NotFound.

        `opened`: the octets that the reader shows in the place of the stored ones; when they were encrypted, the
        answer will be, too.
        """

        def work(desk: Desk) -> Begun:
            from tui_mail.mime import answering

            return desk.begin(
                message_id,
                lambda raw, message, account, ours: answering.reply(
                    raw,
                    message,
                    ours,
                    everyone=everyone,
                    to_list=to_list,
                    selected=selected,
                    language=account.language,
                    attribution=account.attribution,
                ),
                opened,
                text_does=True,
            )

        return self._at_desk(work)

    def forward(self, message_id: int, *, attached: bool = False, opened: bytes = b"") -> Future[Begun]:
        """A message, to be sent on: as text with its attachments, or `attached` as a whole; `opened` as in `reply`."""

        def work(desk: Desk) -> Begun:
            from tui_mail.mime import answering

            return desk.begin(
                message_id,
                lambda raw, message, account, ours: answering.forward(
                    raw, message, ours, attached=attached, language=account.language
                ),
                opened,
            )

        return self._at_desk(work)

    def forward_together(self, message_ids: Sequence[int]) -> Future[Begun]:
        """Messages to be sent on in one, each attached as a whole. The future raises MailError."""

        def work(desk: Desk) -> Begun:
            from tui_mail.client.forwarding import together

            return together(desk, cast("Mail", self), message_ids)

        return self._at_desk(work)

    def redirect(self, message_id: int) -> Future[Begun]:
        """A message, to be sent on under its own headers (RFC 5322 section 3.6.6)."""

        def work(desk: Desk) -> Begun:
            from tui_mail.mime import answering

            return desk.begin(message_id, lambda raw, message, _, ours: answering.redirect(raw, message, ours))

        return self._at_desk(work)

    def edit_as_new(self, message_id: int) -> Future[Begun]:
        """A new message that begins with what this one holds: to write it once more, or to send it again."""

        def work(desk: Desk) -> Begun:
            from tui_mail.mime import answering

            return desk.begin(message_id, lambda raw, message, _, ours: answering.edit_as_new(raw, message, ours))

        return self._at_desk(work)

    def open_draft(self, message_id: int) -> Future[Begun]:
        """The draft that a message of a Drafts folder is, of this program or another. Keeping it replaces that."""
        return self._at_desk(lambda desk: desk.open_draft(message_id))

    # --- drafts ---------------------------------------------------------------------------------

    def drafts(self) -> list[Draft]:
        """Every open draft, the one saved last first."""
        return drafts.all_open(self._db.read())

    def save_draft(self, draft: Draft) -> Future[Draft]:
        """Write what was typed to this disk; a new draft gets its id. Nothing is sent anywhere."""
        return self._at_desk(lambda desk: desk.save(draft))

    def keep_draft(self, draft: Draft) -> Future[Draft]:
        """Save a draft and store it in the Drafts folder, where other programs see it; the older version goes then."""
        return self._at_desk(lambda desk: desk.keep(draft), wake=True)

    def discard_draft(self, draft: Draft) -> Future[None]:
        """Forget a draft, and delete its copy in the Drafts folder."""
        return self._write_and_wake(lambda txn: drafts.discard(txn, draft.id, draft.copy))

    def recover_drafts(self) -> Future[list[Draft]]:
        """Drafts that a program which ended suddenly left, in editors too; they are in the Drafts folder now."""
        return self._at_desk(lambda desk: desk.recover(self._began, self.paths.state), wake=True)

    def attach(self, files: Sequence[Path]) -> Future[list[Attachment]]:
        """Read files, and keep their octets with the draft. The future raises UsageError for an unreadable one."""
        return self._at_desk(lambda desk: desk.attach(files))

    def complete(self, typed: str, limit: int = 8) -> list[Address]:
        """Contacts that what was typed may be the beginning of: of the mail, then of vCards; a few milliseconds."""
        if not typed.strip():
            return []
        book = self._address_book
        book.load()
        return _once([*contacts.matching(self._db.read(), typed.strip(), limit), *book.matching(typed.strip(), limit)])

    def complete_more(self, typed: str) -> Future[list[Address]]:
        """What `address_book_command` knows besides."""
        book = self._address_book
        return self._at_desk(lambda _: book.ask(typed.strip()))

    def protection_for(self, emails: Sequence[str]) -> tuple[Protection, bool, bool]:
        """How messages to all of these were protected last: by what, signed, encrypted."""
        kind, *how = contacts.protection(self._db.read(), emails).split() or [""]
        return Protection(kind), "sign" in how, "encrypt" in how

    def can_protect(self, account: str, kind: Protection) -> bool:
        """Whether an account can sign with this: gpg is here, or there is a certificate. Quick."""
        if kind is Protection.PGP:
            from shutil import which

            return which("gpg") is not None
        return any(one.name == account and bool(one.smime_certificate) for one in self.accounts)

    # --- sending --------------------------------------------------------------------------------

    def concerns(self, draft: Draft) -> Future[tuple[Remark, ...]]:
        """What a person may have overlooked in a draft that is about to be sent."""
        return self._at_desk(lambda desk: desk.concerns(draft))

    def send(self, draft: Draft, *, at: int | None = None) -> Future[OutboxEntry]:
        """Freeze a draft and have it sent: `at` that moment (epoch), else once the undo window is over.

        The future raises UsageError for what cannot be sent: no recipient, an unreadable address, no way to send.
        """
        return self._at_desk(lambda desk: desk.send(draft, at), wake=True)

    def send_raw(
        self, raw: bytes, account: str, recipients: Sequence[str] = (), *, answers: int = 0
    ) -> Future[OutboxEntry]:
        """Have a finished RFC 5322 message sent at once; recipients from its headers if none are given.

        `answers`: a message that is marked once this was accepted; what answers one waits for the undo window.
        """
        return self._at_desk(lambda desk: desk.send_raw(raw, account, recipients, answers), wake=True)

    def draft_raw(self, raw: bytes, account: str) -> Future[Change | None]:
        """Keep a finished message in the Drafts folder. The future raises UsageError for what is no message."""
        return self._at_desk(lambda desk: desk.draft_raw(raw, account), wake=True)

    def account_for(self, raw: bytes) -> str:
        """The account whose identity a message names as its sender; else the first that can send. Raises UsageError."""
        from tui_mail.store.making import fields_of

        senders = {address.email.casefold() for address in fields_of(raw.replace(b"\r\n", b"\n")).from_}
        ours = (one.account for one in self.identities() if one.email.casefold() in senders)
        able = (account.name for account in self.accounts if account.can_send)
        found = next(ours, None) or next(able, None)
        if found is None:
            raise UsageError("No account can send: config.toml names no outgoing server. Nothing was sent.")
        return found

    def outbox(self, *, done_since: int | None = None) -> list[OutboxEntry]:
        """What is being sent, newest first; with `done_since` (epoch) also what was sent since then."""
        return outbox.entries(self._db.read(), done_since=done_since)

    def outbox_entry(self, outbox_id: int) -> OutboxEntry | None:
        """One message of the outbox, also when it is done."""
        return outbox.entry(self._db.read(), outbox_id)

    def cancel_sending(self, outbox_id: int, *, keep: bool = False) -> Future[Draft | None]:
        """Take a message back; gives its draft, open again. The future raises UsageError when it is too late.

        When some have it, they keep it, and the draft is for the others. None for an answer to an invitation, which is
        given anew. `keep` stores the draft in the Drafts folder, for when nobody goes on writing it now.
        """
        return self._at_desk(lambda desk: desk.take_back(outbox_id, keep), wake=True)

    def retry_sending(self, outbox_id: int) -> Future[None]:
        """Try now those recipients again that have not got it."""
        return self._write_and_wake(lambda txn: outbox.retry(txn, outbox_id))

    def send_again(self, outbox_id: int) -> Future[None]:
        """Send a message once more of which nobody knows whether it was sent, with the same Message-ID."""
        return self._write_and_wake(lambda txn: outbox.send_again(txn, outbox_id))

    def take_as_sent(self, outbox_id: int) -> Future[None]:
        """Believe that such a message was sent."""
        return self._write_and_wake(lambda txn: outbox.take_as_sent(txn, outbox_id))

    def forget_sending(self, outbox_id: int) -> Future[Draft | None]:
        """Take a message out of the outbox that was sent, taken back or refused for good.

        Gives the draft, kept in the Drafts folder, of one that was refused: as `cancel_sending`.
        """
        return self._at_desk(lambda desk: desk.forget(outbox_id), wake=True)

    # --- helpers --------------------------------------------------------------------------------

    @property
    def _address_book(self) -> Book:
        if self._book is None:
            from tui_mail.client.book import Book

            self._book = Book(self.compose)
        return self._book

    def _wake(self) -> None:
        """Something was written: whoever is the engine carries it out."""
        raise NotImplementedError

    def _write_and_wake(self, job: Callable[[Transaction], T]) -> Future[T]:
        future = self._db.write(job, urgent=True)
        future.add_done_callback(lambda done: None if done.exception() else self._wake())
        return future

    def _at_desk(self, work: Callable[[Desk], T], *, wake: bool = False) -> Future[T]:
        future = Future[T]()
        future.set_running_or_notify_cancel()

        def run() -> None:
            from tui_mail.client.composing import Desk

            try:
                result = work(Desk(cast("Mail", self), self._db))
                if wake:
                    self._wake()
            except BaseException as problem:
                future.set_exception(problem)
            else:
                future.set_result(result)

        threading.Thread(target=run, name="desk", daemon=True).start()
        return future


def _once(addresses: Sequence[Address]) -> list[Address]:
    """Each address once, the first of its names."""
    found = dict[str, Address]()
    for address in addresses:
        found.setdefault(address.email.casefold(), address)
    return list(found.values())
