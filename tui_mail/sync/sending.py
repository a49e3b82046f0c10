"""The outbox of one account, carried out: a thread that sends what is due, and sees to the Sent copies.

What belongs here: when to connect, what each answer of the server means for each recipient, and when to try again.
What must never be here: the words of SMTP (net/smtp), the states (store/delivery), where sent mail is filed (filing).

Sending is apart from the account's other work: it needs another server, and must go on while that one is down.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from tui_mail.errors import (
    AuthenticationRefused,
    CertificateRefused,
    DeliveryUnknown,
    MailError,
    MessageDeferred,
    MessageRefused,
    SecretUnavailable,
    ServerError,
    StoreError,
    UsageError,
)
from tui_mail.model import Account
from tui_mail.net.connection import Backoff
from tui_mail.net.sendmail import send_by_command
from tui_mail.net.smtp import Delivery, Reply, SmtpSession
from tui_mail.outgoing import RecipientState, SendState
from tui_mail.store import blobs, delivery, folders
from tui_mail.store.database import Database
from tui_mail.store.delivery import Job, Said
from tui_mail.sync.filing import Filing, SentFolder
from tui_mail.sync.opening import opened

RETRY_MINUTES = (1, 5, 15, 60, 60, 120, 240)
"""How long after each refusal for now; then always the last."""
LONGEST_DAYS = 3
"""After so long what is refused for now is refused for good."""
NEEDS_A_PERSON = 3_600
"""Seconds until a wrong password or certificate is tried again unasked."""
MOMENT = 0.5
"""How often a Sent copy is looked for while one is awaited."""
LONGEST_PAUSE = 60.0

log = logging.getLogger(__name__)


class Sender(threading.Thread):
    """Sends for one account. `start` it, `wake` it when the outbox changed, `stop` it."""

    def __init__(
        self, account: Account, db: Database, secret: Callable[[Account], str], inbox: SentFolder | None
    ) -> None:
        """`secret` gives the password for sending; it may block and raise SecretUnavailable. `inbox`: see Filing."""
        super().__init__(name=f"sender-{account.name}", daemon=True)
        self.account = account
        self._db = db
        self._secret = secret
        self._filing = Filing(account, db, inbox)
        self._backoff = Backoff()
        self._woken = threading.Event()
        self._over = False
        self._id = 0
        self._begun = False
        self._session: SmtpSession | None = None

    def wake(self) -> None:
        """The outbox changed; any thread."""
        self._woken.set()

    def retry(self) -> None:
        """A person asks to try again, or the network is another one; any thread."""
        self._backoff.reset()
        self._woken.set()

    def stop(self) -> None:
        """End soon; what has not sent its final dot goes out at the next start."""
        self._over = True
        self._woken.set()
        session = self._session
        if session is not None:
            session.shut()

    def look(self, source: Callable[[str], str]) -> None:
        """As Vigil asks of every account: no line is kept open here."""

    def network_changed(self, why: str) -> None:
        """What waits for a connection need not wait any longer."""
        log.info("sender %s: %s", self.account.name, why)
        if self._id:
            self._db.write(lambda txn: delivery.hurry(txn, self._id))
        self.retry()

    def incoming_is_back(self) -> None:
        """The account's other server is reached again: what waits for a connection tries one now; any thread."""
        if self._id:
            released = self._db.write(lambda txn: delivery.release(txn, self._id, for_person=False))
            released.add_done_callback(lambda _: self.retry())

    def run(self) -> None:
        """Send what is due until stopped."""
        while not self._over:
            self._woken.clear()
            try:
                pause = self._turn()
            except StoreError as error:  # nothing can be noted, so nothing may be sent
                log.warning("sender %s: %s", self.account.name, error.detail)
                self._id, pause = 0, 30.0
            except Exception:  # a thread's top: the message is as it was, the log has the rest
                log.exception("sender %s", self.account.name)
                self._id, pause = 0, 30.0
            if not self._over:
                self._woken.wait(pause)

    def _turn(self) -> float:
        """Do what can be done now; gives the seconds until there may be more."""
        if not self._id:
            self._id = self._db.run(lambda txn: folders.prepare(txn, self.account.name))
            self._db.run(lambda txn: delivery.recover(txn, self._id))
        if not self._begun:  # settings may be others than those with which it was held
            self._db.run(lambda txn: delivery.release(txn, self._id, for_person=True))
            self._begun = True
        if delivery.next_due(self._db.read(), self._id, time.time()) is not None:
            self._send_all()
        awaited = self._filing.look(self._id)
        due = delivery.next_time(self._db.read(), self._id)
        pause = LONGEST_PAUSE if due is None else max(0.02, due - time.time())
        return min(pause, LONGEST_PAUSE, MOMENT if awaited else LONGEST_PAUSE)

    # --- sending --------------------------------------------------------------------------------

    def _send_all(self) -> None:
        """Everything that is due, over one line; what keeps that from being made holds up all of it."""
        try:
            if not self.account.sendmail_command:
                self._session = self._connect()
            while not self._over:
                due = delivery.next_due(self._db.read(), self._id, time.time())
                if due is None:
                    break
                job = self._db.run(lambda txn, due=due: delivery.claim(txn, due))  # type: ignore[misc]
                if job is not None:
                    self._send(job)
        except (AuthenticationRefused, CertificateRefused, SecretUnavailable) as error:
            self._hold(error, NEEDS_A_PERSON, for_person=True)
        except StoreError:
            raise
        except MailError as error:
            self._hold(error, self._backoff.next())
        else:
            self._backoff.reset()
        finally:
            session, self._session = self._session, None
            if session is not None:
                session.close()

    def _connect(self) -> SmtpSession:
        server = self.account.outgoing
        if server is None:
            raise SecretUnavailable(f"The account {self.account.name} has no server for sending any more.")
        if server.user:
            session = opened(self.account, self._secret, lambda secret: SmtpSession.open(server, secret))
        else:
            session = SmtpSession.open(server, "")
        limit = session.size_limit
        if limit != delivery.size_limit(self._db.read(), self.account.name):
            self._db.write(lambda txn: delivery.learn_size_limit(txn, self.account.name, limit))
        return session

    def _send(self, job: Job) -> None:
        """One message: every way this can end is noted before the next one begins."""
        raw = blobs.load(self._db.read_bodies(), job.blob)

        def before_dot(replies: Mapping[str, Reply]) -> None:
            said = {email: _of_rcpt(reply) for email, reply in replies.items()}
            self._db.run(lambda txn: delivery.dot_goes_out(txn, job.id, said), urgent=True)

        try:
            if self.account.sendmail_command:
                told = {email: Reply(250, "handed to the command") for email in job.envelope.recipients}
                outcome = send_by_command(self.account.sendmail_command, job.envelope, raw, lambda: before_dot(told))
            else:
                assert self._session is not None
                outcome = self._session.send(job.envelope, raw, before_dot)
        except DeliveryUnknown as error:
            sentence = error.sentence
            self._db.run(lambda txn: delivery.left_unknown(txn, job.id, sentence), urgent=True)
            raise  # the line is gone
        except MessageDeferred as error:
            self._db.run(lambda txn: delivery.dot_stayed(txn, job.id), urgent=True)
            self._again(job, error)
        except MessageRefused as error:
            sentence = error.sentence
            self._db.run(lambda txn: delivery.dot_stayed(txn, job.id), urgent=True)
            self._db.run(lambda txn: delivery.refuse(txn, job.id, sentence), urgent=True)
        except ServerError:
            self._db.run(lambda txn: delivery.dot_stayed(txn, job.id), urgent=True)
            raise
        except UsageError as error:  # taken away between two looks
            log.info("sender %s: %s", self.account.name, error.sentence)
            raise StoreError("A message was taken out of the outbox while it was sent; it was not sent.") from error
        else:
            self._settle(job, outcome)

    def _again(self, job: Job, error: MailError) -> None:
        sentence = error.sentence
        if time.time() - job.created > LONGEST_DAYS * 86_400:
            self._db.run(lambda txn: delivery.refuse(txn, job.id, sentence), urgent=True)
        else:
            self._db.run(lambda txn: delivery.postpone(txn, job.id, _next_try(job), sentence), urgent=True)

    def _settle(self, job: Job, outcome: Delivery) -> None:
        too_old = time.time() - job.created > LONGEST_DAYS * 86_400
        said = {email: _verdict(reply, outcome.final, too_old) for email, reply in outcome.recipients.items()}
        words = outcome.final or next(iter(outcome.recipients.values()))
        note = f"{words.code} {words.text}"
        state = self._db.run(lambda txn: delivery.settled(txn, job.id, said, note, _next_try(job)), urgent=True)
        log.info("sender %s: message %d is %s", self.account.name, job.id, state)
        if state is SendState.FAILED:
            log.warning("sender %s: message %d refused: %s", self.account.name, job.id, note[:200])

    def _hold(self, error: MailError, seconds: float, *, for_person: bool = False) -> None:
        log.info("sender %s: %s", self.account.name, error.detail or error.sentence)
        until, sentence = int(time.time() + seconds) + 1, error.sentence
        self._db.run(lambda txn: delivery.hold(txn, self._id, until, sentence, for_person=for_person), urgent=True)


def _next_try(job: Job) -> int:
    minutes = RETRY_MINUTES[min(job.attempts, len(RETRY_MINUTES)) - 1] if job.attempts else RETRY_MINUTES[0]
    return int(time.time()) + 60 * minutes


def _of_rcpt(reply: Reply) -> Said:
    """A recipient before the final dot: taken so far, or not."""
    if reply.is_ok:
        return Said(RecipientState.UNKNOWN, reply.code, reply.text)
    return Said(RecipientState.REFUSED if reply.is_permanent else RecipientState.DEFERRED, reply.code, reply.text)


def _verdict(rcpt: Reply, final: Reply | None, too_old: bool) -> Said:
    """A recipient after the server has spoken about the message."""
    decisive = final if final is not None and rcpt.is_ok else rcpt
    if decisive.is_ok:
        return Said(RecipientState.ACCEPTED, decisive.code, decisive.text)
    refused = decisive.is_permanent or too_old
    return Said(RecipientState.REFUSED if refused else RecipientState.DEFERRED, decisive.code, decisive.text)
