"""Changing an account from POP3 to IMAP or the other way round, with the mail that is here.

What belongs here: what would happen, in plain words, what stands in the way, and the order of steps. What must never be
here: rows (store/conversion), words of the command line.

The step that decides is the one write of config.toml: killed before it, the account is what it was; killed after it,
the next start ends the change (sync/settling). No server is told to delete anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tui_mail.attention import Attention
from tui_mail.config import accounts as configuration
from tui_mail.config import changing
from tui_mail.errors import MailError, UsageError
from tui_mail.model import CHECK_EVERY, Account, Protocol, Security, Server
from tui_mail.net.imap import ImapSession
from tui_mail.net.pop3 import Pop3Session
from tui_mail.paths import Paths
from tui_mail.records import frozen
from tui_mail.settings import DEFAULT_PORTS
from tui_mail.store import bodies, conversion, layout, mirror
from tui_mail.store.conversion import Standing
from tui_mail.store.database import Database
from tui_mail.store.layout import Intent
from tui_mail.sync.engine import Engine
from tui_mail.sync.settling import finish
from tui_mail.text import SafeText, safe_line

Secret = Callable[[Account], str]
"""The password of an account's incoming server. Raises SecretUnavailable."""


@frozen
class Plan:
    """A change that can be made, and what it means."""

    before: Account
    after: Account
    beside: Account | None
    """POP3 to IMAP: the account that keeps what is on this computer."""
    standing: Standing
    upload: bool = False

    @property
    def sentences(self) -> tuple[SafeText, ...]:
        """What will happen, for people."""
        server, count = self.after.incoming, _many(self.standing.messages, "message", "messages")
        if self.beside is not None:
            words = [
                f"{self.after.name} becomes an IMAP account on {server.host}: all folders of the server are shown,"
                " and what you do reaches your other devices.",
                f"What is here ({count}) stays here, in an account {self.beside.name} without a server. What the server"
                " has too is recognised and shown once, in its folder there; whether it is read, starred or filed (also"
                " in the trash) is carried over.",
                f"What only this computer has is then uploaded, except drafts and trash, and leaves {self.beside.name}"
                " once it is there."
                if self.upload
                else f"What only this computer has is kept in {self.beside.name}, nowhere else.",
            ]
        else:
            words = [
                f"{self.after.name} becomes a POP3 account on {server.host}: its mailbox is this computer, and what you"
                " do here is not seen by your other devices any more.",
                f"What is here ({count}) is whole on this disk and stays in its folders, which become folders of this"
                " computer. It is not fetched again when POP3 lists it.",
                "Everything stays on the server, too."
                if self.after.delete_from_server == "never"
                else f"From then on messages are deleted on the server, as you chose: {self.after.delete_from_server}.",
            ]
        return tuple(safe_line(sentence) for sentence in [*words, "The change itself deletes nothing on any server."])


class Conversion:
    """The change of one account, while no other tui-mail talks to servers; a context manager."""

    def __init__(self, paths: Paths, secret: Secret) -> None:
        self._paths = paths
        self._secret = secret

    def __enter__(self) -> Conversion:
        """Open the store and take the engine's lock. Raises MailError when another tui-mail has it."""
        mirror.recover(self._paths)
        self._db = Database(self._paths)
        self._engine = Engine(self._paths, self._db, (), self._secret, lambda _: None, Attention())
        if not self._engine.take_lock():
            self._db.close()
            raise MailError("Another tui-mail is running on this mail; leave it first. Nothing was changed.")
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.stop()
        self._db.close()

    def plan(self, before: Account, after: Account, *, beside: str = "", upload: bool = False) -> Plan:
        """What the change is. Raises MailError with what is to be done first.

        `beside`: what to call the account that keeps what is here; empty: NAME-local, or with a number.
        """
        laid = layout.laid_out_for(self._db.read(), before.name)
        if after.protocol is (laid or before.protocol) and after.protocol is before.protocol:
            raise UsageError(f"{before.name} is an account of that kind already ({before.protocol}); nothing to do.")
        if laid is Protocol.LOCAL or before.protocol is Protocol.LOCAL:
            raise UsageError(f"{before.name} has no server; it stays what it is. Nothing was changed.")
        standing = conversion.standing(self._db.read(), before.name)
        if standing.outgoing:
            raise MailError(
                f"{_many(standing.outgoing, 'message is', 'messages are')} on the way out; `tui-mail sync` sends what"
                " can be sent, and `tui-mail outbox` shows the rest. Nothing was changed."
            )
        if standing.waiting or standing.failed:
            raise MailError(
                f"{_many(standing.waiting + standing.failed, 'action has', 'actions have')} not reached the server;"
                " `tui-mail sync` sends what can be sent, and `tui-mail undo --list` shows the rest, to be undone or"
                " tried again. Nothing was changed."
            )
        if after.protocol is Protocol.POP3:
            if standing.unread_folders:
                raise MailError(
                    f"{_many(standing.unread_folders, 'folder has', 'folders have')} not been read to the end;"
                    " `tui-mail sync --bodies` does that. Nothing was changed."
                )
            if standing.without_body:
                raise MailError(
                    f"{_many(standing.without_body, 'message is', 'messages are')} not whole on this computer, and"
                    " POP3 may never show them again; `tui-mail sync --bodies` brings them here, and opening one of"
                    " more than 10 MB does. Nothing was changed."
                )
            damaged = sum(1 for id_ in conversion.whole(self._db.read(), before.name) if self._is_damaged(id_))
            if damaged:
                raise MailError(
                    f"{_many(damaged, 'message is', 'messages are')} not on this disk as it was stored; `tui-mail"
                    " doctor` names them, and opening one fetches it again. Nothing was changed."
                )
            return Plan(before, after, None, standing)
        beside = beside or self._free_name(before.name)
        if self._is_taken(beside):
            raise UsageError(
                f'There is mail of an account "{beside}" already; choose another name. Nothing was changed.'
            )
        kept = replace(
            before,
            name=beside,
            protocol=Protocol.LOCAL,
            incoming=_nobody(before),
            delete_from_server="never",
            check_every=CHECK_EVERY,
        )
        return Plan(before, after, kept, standing, upload)

    def _free_name(self, name: str) -> str:
        names = (f"{name}-local{number}" for number in ("", *range(2, 1000)))
        return next(found for found in names if not self._is_taken(found))

    def _is_taken(self, name: str) -> bool:
        named = {account.name for account in configuration.load(self._paths).accounts}
        return name in named or not conversion.is_free(self._db.read(), name)

    def _is_damaged(self, message_id: int) -> bool:
        return bodies.load(self._db.read_bodies(), message_id) is None

    def check(self, plan: Plan) -> int:
        """Log in to the new server; how many messages POP3 lists there, 0 for IMAP. Raises MailError."""
        server, secret = plan.after.incoming, self._secret(plan.after)
        if plan.after.protocol is Protocol.IMAP:
            ImapSession.open(server, secret).leave()
            return 0
        session = Pop3Session.open(server, secret)
        try:
            listed = len(session.listing())
            session.quit()
        finally:
            session.close()
        return listed

    def carry_out(self, plan: Plan) -> None:
        """Make the change; all or nothing, whenever it is killed. Raises ConfigError, StoreError and UsageError."""
        name = plan.after.name
        intent = Intent(plan.after.protocol, plan.beside.name if plan.beside else "", plan.upload)
        self._db.run(lambda txn: layout.intend(txn, name, intent))
        try:
            changing.convert_account(self._paths, plan.after, plan.beside)
        except BaseException:
            self._db.run(lambda txn: layout.intend(txn, name, None))
            raise
        finish(self._db, name, intent)


def server_of(
    before: Account,
    protocol: Protocol,
    *,
    host: str | None,
    port: int | None,
    security: Security | None,
    user: str | None,
) -> Server:
    """Where the mail of an account is by another protocol; what is not told is as it was, or as it usually is."""
    old = before.incoming
    security = security or old.security
    usual = re.sub(r"^(imap4?|pop3?|mail)(?=\.)", protocol.value if protocol is Protocol.IMAP else "pop", old.host)
    return replace(
        old,
        host=host or (old.host if old.host.startswith("mail.") else usual),
        port=port or DEFAULT_PORTS[protocol.value, security],
        security=security,
        user=user or old.user,
        fingerprint=old.fingerprint if host in (None, old.host) else "",
    )


def _nobody(account: Account) -> Server:
    return Server("", 0, Security.TLS, account.email)


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
