"""One login to a server of an account, and a look at the mail behind it; when asked, a letter to oneself.

What belongs here: the order of what a session is asked for. What must never be here: what a failure means (cures).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence

from tui_mail.errors import MailError, MessageRefused
from tui_mail.mime.compose import Composed, compose
from tui_mail.model import Account, Protocol, Role
from tui_mail.net.imap import ImapSession, ListedFolder
from tui_mail.net.pop3 import Pop3Session
from tui_mail.net.quirks import quirks_of
from tui_mail.net.smtp import SmtpSession
from tui_mail.net.witness import Witness
from tui_mail.outgoing import Draft
from tui_mail.records import frozen
from tui_mail.settings import Leg
from tui_mail.store.purposes import Purposes
from tui_mail.sync.listing import canonical
from tui_mail.sync.plan import assign_roles

SESSION_SECONDS = 12.0
"""Patience for each answer on the way in."""
FILED_SECONDS = 8.0
"""How long a server may take to put a message that it sent into the Sent folder."""


class Told(Witness):
    """Is told of what follows the login too."""

    def logged_in(self, capabilities: Sequence[str] = ()) -> None:
        """The session stands; `capabilities`: what is offered now, empty when it is what was offered before."""

    def mail(self, words: str, **facts: str) -> None:
        """The last step is done; `words` are untrusted."""


@frozen
class Attempt:
    """What is to be tried."""

    account: Account
    leg: Leg
    secret: str
    other_secret: str
    letter: bool
    stop: threading.Event

    def carry_out(self, told: Told) -> None:
        """Log in, look, log out; blocks. Raises MailError."""
        if self.leg == "outgoing":
            self._send(told)
        elif self.account.protocol is Protocol.IMAP:
            self._list_folders(told)
        else:
            self._count_messages(told)

    def _list_folders(self, told: Told) -> None:
        session = ImapSession.open(self.account.incoming, self.secret, timeout=SESSION_SECONDS, witness=told)
        try:
            told.logged_in(sorted(session.capabilities_now))
            folders = session.list_all()
            known = _known(folders, self.account)
            special = sorted({role.value for role in known.told.values() if role not in (Role.NONE, Role.INBOX)})
            words = _many(len(folders), "folder")
            wanting = " ".join(role for role, name in self.account.folders if known.problem(role, name))
            facts = {"roles": " ".join(special)} | ({"wrong_folders": wanting} if wanting else {})
            told.mail(f"{words}: {', '.join(special)}" if special else words, **facts)
        finally:
            session.leave()

    def _count_messages(self, told: Told) -> None:
        session = Pop3Session.open(self.account.incoming, self.secret, timeout=SESSION_SECONDS, witness=told)
        try:
            told.logged_in()
            told.mail(_many(session.count(), "message"))
        finally:
            with contextlib.suppress(MailError):
                session.quit()  # nothing was marked, so nothing is deleted

    def _send(self, told: Told) -> None:
        server = self.account.outgoing
        assert server is not None, "checked before"
        session = SmtpSession.open(server, self.secret, timeout=SESSION_SECONDS, patience=60.0, witness=told)
        try:
            told.logged_in()
            if not self.letter:
                return
            letter = _letter(self.account)
            delivery = session.send(letter.envelope, letter.raw, lambda _: self._still_wanted())
        finally:
            session.close()
        refused = next((reply for reply in delivery.recipients.values() if not reply.is_ok), delivery.final)
        if refused is None or not refused.is_ok:
            raise MessageRefused(
                f"{server.host} takes no message from {self.account.email} to itself: “{refused}”. It was not sent. "
                "Check the address; some servers send for their own addresses only.",
                str(refused),
            )
        words = f"sent to {self.account.email}"
        if self.account.protocol is not Protocol.IMAP:
            told.mail(words, message_id=letter.message_id)
            return
        filed = self._who_files(letter.message_id)
        told.mail(f"{words}; {_FILED[filed]}", message_id=letter.message_id, sent_copy=filed)

    def _still_wanted(self) -> None:
        if self.stop.is_set():
            raise MailError("The check was stopped; the message to yourself was not sent.")

    def _who_files(self, message_id: str) -> str:
        """server: it put the message into Sent by itself; copy: it did not; unknown: that could not be seen."""
        if self.account.outgoing is not None and quirks_of(self.account.outgoing.host).files_sent_mail:
            return "server"
        try:
            session = ImapSession.open(self.account.incoming, self.other_secret, timeout=SESSION_SECONDS)
        except MailError:
            return "unknown"
        try:
            roles = _known(session.list_all(), self.account).roles()
            sent = next((name for name, role in roles.items() if role is Role.SENT), None)
            if sent is None:
                return "copy"
            until = time.monotonic() + FILED_SECONDS
            while not self.stop.is_set():
                session.open_folder(sent, read_only=True)
                if session.find_message_id(message_id, 1):
                    return "server"
                if time.monotonic() > until:
                    return "copy"
                self.stop.wait(1.0)
        except MailError:
            return "unknown"
        finally:
            session.leave()
        return "unknown"


_FILED = {
    "server": "the server files sent mail by itself",
    "copy": "the server does not file sent mail, so tui-mail does",
    "unknown": "who files sent mail could not be seen",
}


def _letter(account: Account) -> Composed:
    """A message to oneself."""
    draft = Draft(
        account=account.name,
        from_name=account.full_name,
        from_email=account.email,
        to=account.email,
        subject="A letter to myself",
        body="tui-mail sent this to find out whether sending works. It can be deleted.",
    )
    return compose(draft, (), when=int(time.time()))


def _known(folders: Sequence[ListedFolder], account: Account) -> Purposes:
    """What folders are for, by themselves and as the person chose."""
    roles = assign_roles([(one.name, one.delimiter, one.flags) for one in folders])
    usable = [one for one in folders if not one.flags & {"\\noselect", "\\nonexistent"}]
    told = {canonical(one.name): roles.get(one.name, Role.NONE) for one in usable}
    return Purposes(told, dict(account.folders), next((one.delimiter for one in usable if one.delimiter), ""))


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
