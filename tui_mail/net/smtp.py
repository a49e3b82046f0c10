"""Sending: one session with an SMTP server, in which each message has its own outcome.

    session = SmtpSession.open(server, secret)
    delivery = session.send(envelope, raw, before_dot=commit)
    session.close()

What belongs here: the order of MAIL, RCPT, DATA and the final dot (RFC 5321, 2920, 3461, 6152, 6531, 1870), and whether
a failure leaves any doubt about the message. What must never be here: a second try, or the making of a message.

Until the final dot has been sent, the server must forget what it got: every failure up to there is safe to repeat. From
the first octet of the dot on, only a reply says what became of the message; without one it is DeliveryUnknown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from tui_mail.errors import (
    AuthenticationRefused,
    ConnectionLost,
    DeliveryUnknown,
    MailError,
    MessageDeferred,
    MessageRefused,
    ProtocolViolation,
)
from tui_mail.model import Server
from tui_mail.net.failures import SAFE
from tui_mail.net.smtp_commands import mail_line, rcpt_line, refuse_unsafe, stuffed, whole
from tui_mail.net.smtp_line import Line
from tui_mail.net.smtp_login import log_in
from tui_mail.net.smtp_replies import Delivery, Reply, later, nonsense, refusal, said
from tui_mail.net.witness import NOBODY, Witness
from tui_mail.outgoing import Envelope
from tui_mail.sizes import size_label

__all__ = ["Delivery", "Reply", "SmtpSession"]

PATIENCE = 300.0
"""Seconds for the reply to MAIL, RCPT and DATA, and for a server that takes no octets (RFC 5321 section 4.5.3.2)."""
VERDICT = 600.0
"""Seconds for the reply to the final dot, while the server delivers, or scans for viruses."""
GROUP = 50
"""Commands sent before their replies are read: few enough that neither side's buffers fill up (RFC 2920)."""

BeforeDot = Callable[[Mapping[str, Reply]], None]


class SmtpSession:
    """A logged-in connection. One thread at a time; only `shut` may come from another.

    After a MailError other than MessageRefused and MessageDeferred the session is closed.
    """

    def __init__(self, line: Line, offered: Mapping[str, str], *, patience: float, verdict: float) -> None:
        self.host = line.server.host
        self._line = line
        self._offered = offered
        self._patience = patience
        self._verdict = verdict
        size = offered.get("SIZE", "").partition(" ")[0]
        self.size_limit = int(size) if size.isascii() and size.isdigit() and len(size) < 19 else 0
        """Octets of the largest message that the server takes (RFC 1870); 0 when it does not say."""

    @classmethod
    def open(
        cls,
        server: Server,
        secret: str,
        *,
        timeout: float = 30.0,
        patience: float = PATIENCE,
        verdict: float = VERDICT,
        witness: Witness = NOBODY,
    ) -> SmtpSession:
        """Connect, encrypt, log in. `secret` is the password, or the access token when `server.auth` is "oauth2".

        `timeout` is for each step of this; `patience` and `verdict` are for sending. Raises Unreachable,
        CertificateRefused, AuthenticationRefused, UnsafeArgument, ProtocolViolation, ConnectionLost, and ServerBusy for
        whatever is to be tried again later.
        """
        line = Line(server, timeout=timeout, witness=witness)
        try:
            offered = log_in(line, secret, timeout)
        except BaseException:
            line.close()
            raise
        return cls(line, offered, patience=patience, verdict=verdict)

    @property
    def is_open(self) -> bool:
        """False once the connection was closed or broke, as far as that was noticed."""
        return self._line.alive

    def has(self, extension: str) -> bool:
        """True when the server offers this extension."""
        return extension.upper() in self._offered

    def send(self, envelope: Envelope, raw: bytes, before_dot: BeforeDot) -> Delivery:
        """Send one message byte for byte; the caller's `before_dot` is the last moment at which it can be stopped.

        `before_dot` is given the replies to the recipients when everything but the final dot has been sent; what it
        raises comes out of here, and the server forgets the message. It is not called when no recipient was accepted.

        Raises UnsafeArgument and MessageRefused before anything is sent, MessageRefused and MessageDeferred for the
        server's own refusals, AuthenticationRefused when it wants a login, ConnectionLost, ServerBusy and
        ProtocolViolation while a repetition is safe, and DeliveryUnknown when it is not.
        """
        raw = whole(raw)
        refuse_unsafe(envelope, raw)
        opening = self._opening(envelope, raw)
        try:
            recipients = self._introduce(opening, envelope)
            if not any(reply.is_ok for reply in recipients.values()):
                self._reset()
                return Delivery(recipients, None)
            self._begin_text()
        except (MessageRefused, MessageDeferred):
            self._reset()
            raise
        except BaseException:
            self._line.close()
            raise
        try:
            self._transmit_text(raw)
            before_dot(recipients)
            self._still_listening()
            return Delivery(recipients, self._finish())
        except BaseException:
            self._line.close()  # without the dot, that takes the message back
            raise

    def close(self) -> None:
        """QUIT, for at most two seconds; never raises."""
        with contextlib.suppress(MailError):
            if self._line.alive:
                self._line.command(b"QUIT\r\n", patience=1.0)
                self._line.reply(1.0)
        self._line.close()

    def shut(self) -> None:
        """End the connection at once, from any thread; whoever uses it gets ConnectionLost or DeliveryUnknown."""
        self._line.cut()

    # --- before the message -------------------------------------------------------------------

    def _opening(self, envelope: Envelope, raw: bytes) -> bytes:
        """MAIL, with what this message needs. Raises MessageRefused when the server does not offer it."""
        utf8 = envelope.utf8 or not all(map(str.isascii, (envelope.sender, *envelope.recipients)))
        eight_bit = not raw.isascii()
        if utf8 and not self.has("SMTPUTF8"):
            raise MessageRefused(
                f"{self.host} takes only addresses of ASCII letters, and this message has others. It was not sent. "
                "Use another address of that person, or another account."
            )
        if eight_bit and not self.has("8BITMIME"):
            raise MessageRefused(
                f"{self.host} takes only messages in 7-bit encoding, and this one is not. It was not sent.",
                "no 8BITMIME",
                needs_seven_bit=True,
            )
        if self.size_limit and len(raw) > self.size_limit:
            raise MessageRefused(
                f"The message is too large for {self.host}: {size_label(len(raw))}, and {size_label(self.size_limit)} "
                "are allowed. It was not sent. Leave out an attachment, or send a link to it."
            )
        size = len(raw) if self.has("SIZE") else 0
        return mail_line(envelope, size=size, eight_bit=eight_bit, utf8=utf8, dsn=envelope.dsn and self.has("DSN"))

    def _introduce(self, opening: bytes, envelope: Envelope) -> dict[str, Reply]:
        """MAIL and every RCPT, in groups when the server takes them so; the reply to each recipient."""
        dsn = envelope.dsn and self.has("DSN")
        names = list(dict.fromkeys(envelope.recipients))
        replies = self._replies([opening, *(rcpt_line(name, dsn=dsn) for name in names)])
        first = next(replies)
        if not first.is_ok:
            with contextlib.suppress(MailError):
                for _ in islice(replies, GROUP - 1 if self.has("PIPELINING") else 0):  # what was sent along with it
                    pass
            raise self._refused(first)
        found: dict[str, Reply] = {}
        for name, reply in zip(names, replies, strict=True):
            if reply.code == 421:
                raise later(self.host, reply)
            if reply.code // 100 not in (2, 4, 5):
                raise nonsense(self.host, f"to RCPT: {reply}")
            found[name] = reply
        return found

    def _replies(self, commands: Sequence[bytes]) -> Iterator[Reply]:
        """Send the commands, each when its turn comes; the reply to each."""
        step = GROUP if self.has("PIPELINING") else 1
        for start in range(0, len(commands), step):
            group = commands[start : start + step]
            self._ask(*group)
            for _ in group:
                yield self._line.reply(self._patience)

    def _ask(self, *commands: bytes) -> None:
        self._line.command(*commands, patience=self._patience)

    def _refused(self, reply: Reply) -> MailError:
        """A reply that stops the message before its text."""
        if reply.code == 530:
            return AuthenticationRefused(
                f"{self.host} takes no mail without a login{said(reply)}. Nothing was sent. {SAFE} Enter user name and "
                "password of the outgoing server.",
                str(reply),
            )
        return refusal(self.host, reply)

    def _reset(self) -> None:
        """RSET; a server that does not understand that is not spoken to any more."""
        with contextlib.suppress(MailError):
            self._ask(b"RSET\r\n")
            if self._line.reply(self._patience).is_ok:
                return
        self._line.close()

    # --- the message --------------------------------------------------------------------------

    def _begin_text(self) -> None:
        self._ask(b"DATA\r\n")
        reply = self._line.reply(self._patience)
        if reply.code != 354:
            raise self._refused(reply)

    def _transmit_text(self, raw: bytes) -> None:
        if not self._line.transmit(stuffed(raw), self._patience, heed=True):
            raise self._interrupted()
        self._still_listening()

    def _still_listening(self) -> None:
        """Raise when the server hung up or spoke before it got the final dot: it will not take the message any more."""
        if self._line.spoken():
            raise self._interrupted()

    def _interrupted(self) -> MailError:
        """What the server says in the middle of the message."""
        try:
            reply = self._line.reply(min(self._patience, 10.0))
        except MailError as error:
            return error
        return refusal(self.host, reply)

    def _finish(self) -> Reply:
        """The final dot, and the server's verdict. Raises DeliveryUnknown."""
        detail = ""
        try:
            self._line.transmit(b".\r\n", self._patience)
            reply = self._line.reply(self._verdict)
            if reply.code // 100 in (2, 4, 5):
                return reply
            detail = f"to the message: {reply}"
        except (ConnectionLost, ProtocolViolation) as error:
            detail = error.detail
        raise DeliveryUnknown(
            f"The message was sent to {self.host}, but no answer came back, so it may have been delivered or not. It "
            "is kept in the outbox and is not sent again by itself. Look into the Sent folder, or ask a recipient, "
            "before you send it again.",
            detail,
        ) from None
