"""Everything that can go wrong, as one tree.

    MailError                      1   anything a person can be told in one sentence
    ├── UsageError                 2   the words of a command do not make sense
    │   └── NotFound               2   no such account, folder or message
    ├── ConfigError               78   config.toml says something that cannot be
    ├── CannotUndo                 1   an action cannot be taken back
    ├── SecretUnavailable         77   no password could be had
    ├── StoreError                 1   the mail on this disk
    │   ├── StoreDamaged           1   a database is not readable
    │   ├── StoreFull              1   the disk is full
    │   └── StoreReadOnly          1   the folder cannot be written
    ├── TerminalError              2   the output is no terminal
    └── ServerError                1   a mail server
        ├── Unreachable           69   no connection: name, network, port
        ├── CertificateRefused    69   TLS could not be trusted or not be had
        ├── AuthenticationRefused 77   the server does not accept user and password
        ├── ConnectionLost        75   the line broke or went silent; try again
        │   ├── ServerBusy        75   the server wants fewer connections, or to be left alone for a while
        │   └── MessageDeferred   75   the server takes this message later, not now
        ├── CommandRefused         1   the server answered NO or BAD to one command
        ├── MessageRefused         1   the server does not take this message
        ├── DeliveryUnknown       75   the message was sent to its last dot, and no answer came
        ├── ProtocolViolation      1   the server said what no server may say
        └── UnsafeArgument         1   CR, LF or NUL in what was to be sent

`sentence` is what the person reads: what happened, whether mail is safe, what to do. `detail` goes to the
log. Neither ever holds a secret. `exit_code` is the command line's. Raisers give plain text; whoever shows
it makes it SafeText (`MailError.shown`), because servers' words travel in it.
"""

from __future__ import annotations

from tui_mail.text import SafeText, safe_line


class MailError(Exception):
    """The root; `sentence` is for people, `detail` for the log."""

    exit_code = 1

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.detail = detail

    @property
    def shown(self) -> SafeText:
        """The sentence, safe to print."""
        return safe_line(self.sentence)


class UsageError(MailError):
    """The words of a command do not make sense."""

    exit_code = 2


class NotFound(UsageError):
    """No such account, folder or message."""


class ConfigError(MailError):
    """config.toml says something that cannot be."""

    exit_code = 78


class CannotUndo(MailError):
    """An action that cannot be taken back; the sentence says why. `for_now`: it may be in a moment."""

    def __init__(self, sentence: str, detail: str = "", *, for_now: bool = False) -> None:
        super().__init__(sentence, detail)
        self.for_now = for_now


class SecretUnavailable(MailError):
    """No password could be had from any source."""

    exit_code = 77


class StoreError(MailError):
    """Something about the mail kept on this disk."""


class StoreDamaged(StoreError):
    """A database file is not readable."""


class StoreFull(StoreError):
    """The disk is full."""


class StoreReadOnly(StoreError):
    """The folder of the store cannot be written."""


class TerminalError(MailError):
    """The full screen was asked for, and the output is no terminal."""

    exit_code = 2


class ServerError(MailError):
    """Something about a mail server."""


class Unreachable(ServerError):
    """No connection could be made. `reason`: name (there is none) | lookup | refused | timeout | route, or empty."""

    exit_code = 69

    def __init__(self, sentence: str, detail: str = "", *, reason: str = "") -> None:
        super().__init__(sentence, detail)
        self.reason = reason


class CertificateRefused(ServerError):
    """TLS could not be trusted, or could not be had at all.

    `reason`: expired | early | name | untrusted | changed (not the one that is trusted) for the certificate, and plain
    (no TLS from the start) | tls (nothing else) | old | cleartext, or empty.
    """

    exit_code = 69

    def __init__(self, sentence: str, detail: str = "", *, reason: str = "") -> None:
        super().__init__(sentence, detail)
        self.reason = reason


class AuthenticationRefused(ServerError):
    """The server does not accept user and password; never retried without a person."""

    exit_code = 77


class ConnectionLost(ServerError):
    """The line broke or went silent in the middle; trying again is safe."""

    exit_code = 75


class ServerBusy(ConnectionLost):
    """The server wants fewer connections (`too_many`), or nobody for at least so many `seconds` (0: not told).

    `in_use`: somebody else is in the mailbox, which only one may be (POP3).
    """

    def __init__(
        self, sentence: str, detail: str = "", *, too_many: bool = False, seconds: float = 0.0, in_use: bool = False
    ) -> None:
        super().__init__(sentence, detail)
        self.in_use = in_use
        self.too_many = too_many
        self.seconds = seconds


class MessageDeferred(ConnectionLost):
    """The server takes this message later, not now; nothing of it was accepted. `code`: its reply code (4xx)."""

    def __init__(self, sentence: str, detail: str = "", *, code: int = 0) -> None:
        super().__init__(sentence, detail)
        self.code = code


class CommandRefused(ServerError):
    """The server answered NO or BAD. `code` is the response code (`TRYCREATE`, `OVERQUOTA`, …) or empty."""

    def __init__(self, sentence: str, detail: str = "", *, code: str = "", bad: bool = False) -> None:
        super().__init__(sentence, detail)
        self.code = code
        self.bad = bad


class MessageRefused(ServerError):
    """The server does not take this message, or it was found out beforehand that it cannot (`code` 0).

    `needs_seven_bit`: it would be taken in an encoding without 8-bit octets.
    """

    def __init__(self, sentence: str, detail: str = "", *, code: int = 0, needs_seven_bit: bool = False) -> None:
        super().__init__(sentence, detail)
        self.code = code
        self.needs_seven_bit = needs_seven_bit


class DeliveryUnknown(ServerError):
    """The end of a message may have been sent and no answer came: the server may have it. Never sent again unasked."""

    exit_code = 75


class ProtocolViolation(ServerError):
    """The server said what no server may say: too much, too deep, or nonsense."""


class UnsafeArgument(ServerError):
    """CR, LF or NUL in something that was about to be sent to a server."""
