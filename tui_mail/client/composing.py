"""Turning drafts into what is kept and sent, and messages into drafts that answer them.

What belongs here: the order of steps between mime and the store, so that a crash between two leaves nothing half
done. Loaded when something is first written; everything here blocks and runs on threads. What must never be here:
sending (the engine).
"""

from __future__ import annotations

import mimetypes
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tui_mail.client import attaching, edited_files
from tui_mail.client.identities import identities_of
from tui_mail.client.saving import safe_name
from tui_mail.client.unfreezing import in_clear, is_resent, only_to, resent_to
from tui_mail.client.unsealing import clear_quotes, kept_sealed
from tui_mail.errors import MailError, NotFound, UsageError
from tui_mail.excerpt import Excerpt
from tui_mail.mime import answering, compose
from tui_mail.mime.answering import Answer
from tui_mail.mime.compose import Composed
from tui_mail.mime.concerns import concerns
from tui_mail.mime.finished import from_raw
from tui_mail.mime.identities import mine
from tui_mail.mime.mailto import draft_from_mailto
from tui_mail.mime.parse import attachment_bytes, parse_message
from tui_mail.mime.protection import PGP_ENCRYPTED, encrypted_kind, opened, protected_copy, sealed
from tui_mail.mime.recipients import Typed, parse_recipients
from tui_mail.model import Account, Change, Flag, Message, Part, Role, Row
from tui_mail.outgoing import (
    Attachment,
    Begun,
    ComposeSettings,
    Draft,
    Identity,
    OutboxEntry,
    Protection,
    Purpose,
    Remark,
    SendState,
)
from tui_mail.store import blobs, contacts, delivery, drafts, folders, history, journal, messages, outbox, reminding
from tui_mail.store.database import Database, Transaction
from tui_mail.store.making import fields_of, make
from tui_mail.store.outbox import Anew, Frozen, Parcel
from tui_mail.text import safe_line


class Mail(Protocol):
    """What is read of the mail that is here: MailClient."""

    accounts: tuple[Account, ...]
    compose: ComposeSettings

    def row(self, message_id: int) -> Row | None:
        """One row."""

    def raw(self, message_id: int) -> bytes | None:
        """Its octets."""

    def attachment_of(self, message_id: int, index: int) -> tuple[Part, bytes] | None:
        """An attachment, and its content; blocks."""

    def message(self, message_id: int) -> Message | None:
        """It, parsed."""

    def whole(self, message_id: int) -> bytes:
        """Its octets, fetched if need be; blocks."""

    def excerpt(self, message_id: int) -> Excerpt | None:
        """Its text, where its octets are not here."""


Begin = Callable[[bytes, Message, Account, Sequence[Identity]], Answer]


class Desk:
    """Where drafts begin and are made ready to go."""

    def __init__(self, mail: Mail, db: Database) -> None:
        self._mail = mail
        self._db = db

    # --- beginning ------------------------------------------------------------------------------

    def blank(self, account: str | None) -> Draft:
        """As Writing.blank_draft."""
        able = [one for one in self._mail.accounts if one.can_send] or list(self._mail.accounts)
        chosen = next((one for one in able if one.name == account), able[0] if able else None)
        if chosen is None:
            raise UsageError("There is no account to write from; add one with `tui-mail account add`.")
        identity = identities_of(chosen)[0]
        return Draft(
            account=chosen.name,
            from_name=identity.name,
            from_email=identity.email,
            body=f"\n\n-- \n{identity.signature}" if identity.signature else "",
            markdown=self._mail.compose.markdown,
        )

    def mailto(self, url: str) -> Begun:
        """As Writing.mailto_draft."""
        asked, blank = draft_from_mailto(url, self.identities()), self.blank(None)
        notes = (safe_line(f"The link wants a hidden copy (Bcc) to go to {asked.bcc}."),) if asked.bcc else ()
        draft = replace(
            asked,
            account=blank.account,
            from_name=blank.from_name,
            from_email=blank.from_email,
            body=asked.body + blank.body,
        )
        return Begun(draft, notes, is_written=bool(asked.subject or asked.body))

    def begin(self, message_id: int, begin: Begin, opened_as: bytes = b"", *, text_does: bool = False) -> Begun:
        """A draft made of a message, with the files that it carries on kept already. Raises MailError.

        `opened_as`: the octets that the reader shows in the place of the stored ones: under another charset, without
        what it was signed in, decrypted. What repeats an encrypted message is to be encrypted.
        `text_does`: nothing but its header and its text is needed.
        """
        row = self._mail.row(message_id)
        if row is None:
            raise NotFound("That message is no longer here.")
        raw = self._body(message_id, text_does=text_does and not opened_as)
        original = raw
        raw = opened_as or raw
        message = parse_message(raw) if opened_as else self._mail.message(message_id)
        if message is None:
            raise NotFound("That message cannot be read now; try again when it is here.")
        account = next(one for one in self._mail.accounts if one.name == row.account)
        ours = sorted(self.identities(), key=lambda identity: identity.account != account.name)
        answer = begin(raw, message, account, ours)
        files = [self._carried(message_id, index, opened_as) for index in answer.carry]
        if answer.attach_original:
            original = compose.for_others(raw)  # who else got it is not for others to know
            files.append(self.attachment(f"{message.subject or 'message'}.eml", original, "message/rfc822"))
        source = message_id if answer.draft.purpose is not Purpose.NEW else 0
        if answer.source_message_id:
            source = messages.of_message_id(self._db.read(), answer.source_message_id)
        draft = replace(
            answer.draft,
            account=answer.draft.account or account.name,
            attachments=(*answer.draft.attachments, *files),
            source=source,
        )
        if opened_as:
            draft, notes = kept_sealed(draft, original)
            return Begun(draft, (*answer.notes, *notes))
        return Begun(draft, answer.notes)

    def open_draft(self, message_id: int) -> Begun:
        """As Writing.open_draft."""
        known = drafts.of_copy(self._db.read(), message_id)
        if known is not None:
            return Begun(known)
        if drafts.is_being_sent(self._db.read(), message_id):
            raise UsageError("This draft is in the outbox; take it back there (g o, then u) to go on writing it.")
        begun = self.begin(message_id, self._read_draft)
        source = begun.draft.source if begun.draft.source != message_id else 0
        return replace(begun, draft=replace(begun.draft, copy=message_id, source=source))

    def _read_draft(self, raw: bytes, message: Message, account: Account, ours: Sequence[Identity]) -> Answer:
        kind = encrypted_kind(raw)
        if kind:
            from tui_mail.mime import pgp, smime

            inside = sealed(raw)
            content = (
                pgp.decrypt(inside)
                if kind == PGP_ENCRYPTED
                else smime.decrypt(inside, account.smime_certificate, account.smime_key)
            )
            raw = opened(raw, content)
            message = parse_message(raw)
        return answering.draft_from_raw(raw, message, ours)

    # --- keeping --------------------------------------------------------------------------------

    def save(self, draft: Draft) -> Draft:
        """Write what was typed to this disk."""
        message_id = draft.message_id or compose.new_message_id(draft.from_email)
        return self._db.run(lambda txn: drafts.save(txn, draft, message_id), urgent=True)

    def keep(self, draft: Draft) -> Draft:
        """Save a draft and have it stored in the Drafts folder."""
        draft = self.save(draft)
        version, now = drafts.version_of(self._db.read(), draft.id), int(time.time())
        copy = replace(draft, message_id=compose.new_message_id(draft.from_email))  # no two copies are alike
        about = self._mail.row(draft.source) if draft.source else None
        source = about.message_id if about is not None else ""
        raw = compose.draft_octets(copy, self._files(draft), when=now, source_message_id=source)
        if draft.encrypt:
            raw = protected_copy(raw, self._sealer(draft))
        id_ = make(self._db, draft.account, raw, Flag.SEEN | Flag.DRAFT, now)
        if self._db.run(lambda txn: drafts.keep(txn, draft.id, version, id_), urgent=True) is None:
            return drafts.load(self._db.read(), draft.id) or draft
        return replace(draft, copy=id_)

    def recover(self, before: float, folder: Path) -> list[Draft]:
        """As Writing.recover_drafts: those saved last before a time (epoch), and what editors left in a folder."""
        left = [draft for draft in drafts.not_kept(self._db.read()) if draft.updated < before and not draft.is_blank]
        known, blank = (lambda: drafts.all_open(self._db.read())), (lambda: self.blank(None))
        edited = edited_files.taken_over(folder, known, blank, self.identities(), self.save)
        return [self.keep(draft) for draft in ({draft.id: draft for draft in (*left, *edited)}).values()]

    def take_back(self, outbox_id: int, keep: bool) -> Draft | None:
        """As Writing.cancel_sending."""
        try:
            anew = self._anew(outbox_id)
        except MailError:
            entry = outbox.entry(self._db.read(), outbox_id)
            if entry is None or entry.state is not SendState.QUEUED:
                raise
            self._stop(entry)  # it would go out, else
            return None
        return self._taken_back(outbox_id, anew, keep)

    def _taken_back(self, outbox_id: int, anew: Anew | None, keep: bool) -> Draft | None:
        id_ = self._db.run(lambda txn: outbox.cancel(txn, outbox_id, anew), urgent=True)
        draft = drafts.load(self._db.read(), id_) if id_ else None
        return self.keep(draft) if draft is not None and keep else draft

    def forget(self, outbox_id: int) -> Draft | None:
        """As Writing.forget_sending."""
        entry, draft = outbox.entry(self._db.read(), outbox_id), None
        if entry is not None and entry.state is SendState.FAILED:
            try:
                anew = self._anew(outbox_id)
            except MailError:  # encrypted, and no key here
                self._stop(entry)
            else:
                draft = self._taken_back(outbox_id, anew, keep=True)
        self._db.run(lambda txn: outbox.forget(txn, outbox_id), urgent=True)
        return draft

    def _stop(self, entry: OutboxEntry) -> None:
        """Without a draft that could be written on: its octets stay, among the sent mail or as they are in Drafts."""
        frozen = outbox.frozen_of(self._db.read(), entry.id)
        id_ = 0
        if frozen is not None and not entry.is_with_some:
            raw = blobs.load(self._db.read_bodies(), frozen.kept_blob)
            id_ = make(self._db, entry.account, raw, Flag.SEEN | Flag.DRAFT, int(time.time()))

        def job(txn: Transaction) -> None:
            now = outbox.entry(txn.sql, entry.id)
            outbox.cancel(txn, entry.id, draft_lost=True)
            if id_ and now is not None and not now.is_with_some:
                _to_drafts(txn, entry.account, id_)

        self._db.run(job, urgent=True)

    def _anew(self, outbox_id: int) -> Anew | None:
        """What makes a draft of a message of the outbox that has none; None when it needs none. Raises MailError."""
        entry = outbox.entry(self._db.read(), outbox_id)
        frozen = outbox.frozen_of(self._db.read(), outbox_id)
        account = next((one for one in self._mail.accounts if entry is not None and one.name == entry.account), None)
        if frozen is None:
            return None
        if account is None:
            raise NotFound("The account of that message is not in config.toml any more; nothing was taken back.")
        raw = blobs.load(self._db.read_bodies(), frozen.kept_blob)
        if frozen.source and is_resent(raw):
            begun = self.begin(frozen.source, lambda raw, message, _, ours: answering.redirect(raw, message, ours))
            draft = resent_to(begun.draft, raw)
        else:
            draft = self._unfrozen(raw, account, frozen)
        draft = replace(draft, account=account.name, message_id=compose.new_message_id(draft.from_email))
        return lambda emails: only_to(draft, emails)

    def _unfrozen(self, raw: bytes, account: Account, frozen: Frozen) -> Draft:
        clear, asked = in_clear(raw, account)
        message = parse_message(clear)
        ours = sorted(self.identities(), key=lambda identity: identity.account != account.name)
        answer = answering.draft_from_raw(clear, message, ours)
        return replace(
            answer.draft,
            attachments=tuple(self._carried(0, index, clear) for index in answer.carry),
            purpose=frozen.purpose,
            source=frozen.source,
            protection=asked.protection,
            sign=asked.sign,
            encrypt=asked.encrypt,
        )

    def attach(self, files: Sequence[Path]) -> list[Attachment]:
        """As Writing.attach."""
        return [self._of_disk(path.absolute()) for path in files]

    def _of_disk(self, path: Path) -> Attachment:
        content, modified = attaching.read(path)
        return replace(self.attachment(path.name, content), path=str(path), modified=modified)

    def attachment(self, name: str, content: bytes, content_type: str = "") -> Attachment:
        """Octets as a file of a draft."""
        kind = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Attachment(name, kind, len(content), blobs.save(self._db, content))

    # --- sending --------------------------------------------------------------------------------

    def concerns(self, draft: Draft) -> tuple[Remark, ...]:
        """As Writing.concerns."""
        written = contacts.known(self._db.read(), written=True)
        original = self._mail.raw(draft.source) if draft.source else None
        changed = attaching.changed(draft.attachments, lambda blob: blobs.load(self._db.read_bodies(), blob))
        overlooked = concerns(
            draft,
            known_domains={email.rpartition("@")[2] for email in written},
            known_emails=written,
            lists=contacts.lists(self._db.read()),
            own=self.identities(),
            received_at=self._received_at(draft),
            size_limit=delivery.size_limit(self._db.read(), draft.account),
            size=len(draft.body) + sum(file.size * 140 // 100 for file in draft.attachments),
        )
        return (*changed, *clear_quotes(draft, original), *overlooked)

    def _received_at(self, draft: Draft) -> str:
        """The address at which the answered message came, as far as its To and Cc tell."""
        row = self._mail.row(draft.source) if draft.source and draft.purpose is Purpose.REPLY else None
        if row is None:
            return ""
        found = mine(self.identities()).best_of([str(address.email) for address in row.to])
        return found.email if found is not None else ""

    def send(self, draft: Draft, at: int | None) -> OutboxEntry:
        """As Writing.send."""
        self._able(draft.account)
        now = int(time.time())
        window = self._mail.compose.undo_send
        draft = self.save(draft)
        composed = self._composed(draft, max(now + window, at) if at else now)
        return self._queue(composed, draft.account, draft.subject, window, at or 0, draft)

    def send_raw(self, raw: bytes, account: str, recipients: Sequence[str], answers: int) -> OutboxEntry:
        """As Writing.send_raw."""
        identity, now = identities_of(self._able(account))[0], int(time.time())
        composed = from_raw(raw, recipients, Typed(identity.name, identity.email), when=now)
        window = self._mail.compose.undo_send if answers else 0
        return self._queue(composed, account, fields_of(composed.raw).subject, window, answers=answers)

    def draft_raw(self, raw: bytes, account: str) -> Change | None:
        """As Writing.draft_raw."""
        if not raw.strip() or b"\0" in raw:
            raise UsageError("That is no message (it is empty, or holds NUL); nothing was stored.")
        whole = re.sub(rb"\r?\n", b"\r\n", raw)
        id_ = make(self._db, account, whole, Flag.SEEN | Flag.DRAFT, int(time.time()))

        def job(txn: Transaction) -> Change | None:
            batch = _to_drafts(txn, account, id_)
            return None if batch is None else history.change_of_batch(txn.sql, batch)

        return self._db.run(job, urgent=True)

    def identities(self) -> list[Identity]:
        """Whom a message may come from."""
        return [identity for account in self._mail.accounts for identity in identities_of(account)]

    def _able(self, name: str) -> Account:
        account = next((one for one in self._mail.accounts if one.name == name), None)
        if account is None:
            raise UsageError(f"There is no account {name!r}; `tui-mail account list` shows them.")
        if not account.can_send:
            raise UsageError(
                f"The account {name} has no server for sending; the message stays a draft. "
                f"Add [accounts.{name}.outgoing] to config.toml."
            )
        return account

    def _composed(self, draft: Draft, when: int) -> Composed:
        if draft.purpose is Purpose.REDIRECT:
            raw = self._mail.raw(draft.source)
            if raw is None:
                raise NotFound("The message to be sent on is not here any more; nothing was sent.")
            return compose.redirected(raw, draft, when=when, message_id=compose.new_message_id(draft.from_email))
        return compose.compose(draft, self._files(draft), when=when, protect=self._protector(draft))

    def _queue(
        self,
        composed: Composed,
        account: str,
        subject: str,
        window: int,
        at: int = 0,
        draft: Draft | None = None,
        answers: int = 0,
    ) -> OutboxEntry:
        """Into the outbox, for `window` seconds from now (however long encrypting took) and not before `at`."""
        blob = blobs.save(self._db, composed.raw)
        kept = blob if composed.kept == composed.raw else blobs.save(self._db, composed.kept)
        parcel = Parcel(
            account,
            composed.envelope,
            composed.message_id,
            str(safe_line(subject)),
            len(composed.raw),
            blob,
            kept,
            draft=draft.id if draft else 0,
            source=draft.source if draft else answers,
            purpose=draft.purpose if draft else Purpose.REPLY if answers else Purpose.NEW,
        )
        people = [] if draft is None else parse_recipients(",".join((draft.to, draft.cc, draft.bcc))).addresses

        def job(txn: Transaction) -> OutboxEntry:
            now = int(time.time())
            when = max(now + window, at)
            id_ = outbox.queue(txn, parcel, now, when)
            contacts.written_to(txn, [(one.name, one.email) for one in people], now, _chosen(draft))
            if draft is not None and draft.remind_days:
                reminding.expect(
                    txn, folders.account_id(txn, account), composed.message_id, when, when + draft.remind_days * 86_400
                )
            entry = outbox.entry(txn.sql, id_)
            assert entry is not None
            return entry

        return self._db.run(job, urgent=True)

    def _protector(self, draft: Draft) -> Callable[[bytes], bytes] | None:
        """What signs and encrypts the content of a draft as it asks for; None when it asks for nothing."""
        from tui_mail.mime import pgp, smime

        if not (draft.sign or draft.encrypt):
            return None
        account = self._able(draft.account)
        to, hidden = (
            [one.email for one in parse_recipients(typed).addresses] for typed in (f"{draft.to},{draft.cc}", draft.bcc)
        )
        if draft.protection is Protection.PGP:
            if draft.encrypt:
                return lambda part: pgp.encrypt(part, draft.from_email, to, hidden, signed=draft.sign)
            return lambda part: pgp.sign(part, draft.from_email)
        certificate, key = account.smime_certificate, account.smime_key

        def protect(part: bytes) -> bytes:
            if draft.sign:
                part = smime.sign(part, certificate, key)
            return smime.encrypt(part, certificate, [*to, *hidden], account.smime_folder) if draft.encrypt else part

        return protect

    def _sealer(self, draft: Draft) -> Callable[[bytes], bytes]:
        """What encrypts a draft to its writer alone."""
        from tui_mail.mime import pgp, smime

        account = next(one for one in self._mail.accounts if one.name == draft.account)
        if draft.protection is Protection.PGP:
            return lambda part: pgp.encrypt(part, draft.from_email, (), signed=False)
        return lambda part: smime.encrypt(part, account.smime_certificate, (), "")

    def _files(self, draft: Draft) -> list[bytes]:
        return [blobs.load(self._db.read_bodies(), file.blob) for file in draft.attachments]

    def _carried(self, message_id: int, index: int, opened_as: bytes) -> Attachment:
        found = attachment_bytes(opened_as, index) if opened_as else self._mail.attachment_of(message_id, index)
        if found is None:
            raise NotFound("The message is no longer on this computer; nothing was attached.")
        part, content = found
        return self.attachment(safe_name(str(part.filename)), content, str(part.content_type))

    def _body(self, message_id: int, *, text_does: bool) -> bytes:
        """The octets of a message, fetched if need be; where `text_does`, those of its texts. Raises MailError."""
        excerpt = self._mail.excerpt(message_id) if text_does else None
        return self._mail.whole(message_id) if excerpt is None or excerpt.cut else excerpt.octets


def _chosen(draft: Draft | None) -> str:
    """How a draft is protected, as it is remembered of its recipients."""
    if draft is None or not (draft.sign or draft.encrypt):
        return ""
    return " ".join([draft.protection, *(["sign"] if draft.sign else []), *(["encrypt"] if draft.encrypt else [])])


def _to_drafts(txn: Transaction, account: str, id_: int) -> int | None:
    """Have a stored message uploaded to Drafts as it is; gives the batch."""
    owner = folders.account_id(txn, account)
    return journal.record_upload(txn, owner, folders.for_role(txn, owner, Role.DRAFTS), id_, "kept as draft:")
