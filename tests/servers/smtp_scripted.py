"""An SMTP server that behaves, except where a test tells it otherwise.

    with Scripted(answering(dot=b"451 4.3.0 later")) as server:
        session = SmtpSession.open(server.server(user=""), "")

Each step is told a reply (without its last CRLF), a list of replies that are used up one by one, the last one for good,
or a function that is given the connection and does as it likes; CUT hangs up.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.servers.scripted import Peer, Script
from tui_mail.outgoing import Envelope

RAW = b"From: anna@example.org\r\nSubject: hello\r\n\r\nhello\r\n.\r\n..\r\nthe end\r\n"
ENVELOPE = Envelope("anna@example.org", ("bea@example.org", "carl@example.org"))

EXTENSIONS = (b"PIPELINING", b"SIZE 1000000", b"8BITMIME", b"SMTPUTF8", b"DSN", b"ENHANCEDSTATUSCODES")

Told = bytes | list[bytes] | Callable[[Peer], None]


def cut(peer: Peer) -> None:
    """Hang up."""
    raise EOFError


def silent(peer: Peer) -> None:
    """Say nothing, until the client hangs up."""
    peer.wait_for_end()
    raise EOFError


def then_cut(reply: bytes) -> Callable[[Peer], None]:
    """Say this, then hang up."""

    def told(peer: Peer) -> None:
        peer.say(reply)
        raise EOFError

    return told


def ehlo(*extensions: bytes) -> bytes:
    """A reply to EHLO."""
    lines = (b"mail.example.org", *extensions)
    return b"\r\n".join(b"250%s%s" % (b" " if line is lines[-1] else b"-", line) for line in lines)


def answering(*, extensions: tuple[bytes, ...] = EXTENSIONS, tls: bool = False, **told: Told) -> Script:
    """A script with a step for each of: greeting, ehlo, starttls, auth, mail, rcpt, data, dot, rset, quit.

    `tls`: STARTTLS is offered, and what `extensions` says (AUTH among them) only after it.
    """
    steps: dict[str, Told] = {
        "greeting": b"220 mail.example.org ESMTP",
        "ehlo": ehlo(*extensions),
        "starttls": b"220 2.0.0 go ahead",
        "auth": b"235 2.7.0 welcome",
        "mail": b"250 2.1.0 fine",
        "rcpt": b"250 2.1.5 fine",
        "data": b"354 go ahead",
        "dot": b"250 2.0.0 queued as 1234",
        "rset": b"250 2.0.0 forgotten",
        "quit": b"221 2.0.0 bye",
        "other": b"502 5.5.2 unknown command",
        **told,
    }

    def script(peer: Peer) -> None:
        encrypted = not tls

        def step(name: str) -> bytes:
            what = steps[name]
            if isinstance(what, list):
                what = what.pop(0) if len(what) > 1 else what[0]
            if callable(what):
                what(peer)
                return b""
            peer.say(what)
            return what

        step("greeting")
        while True:
            word = peer.line().split(b" ")[0].upper()
            if word == b"EHLO" and not encrypted:
                peer.say(ehlo(b"STARTTLS", b"8BITMIME"))
            elif word == b"STARTTLS":
                if step("starttls").startswith(b"220"):
                    peer.encrypt()
                    encrypted = True
            elif word == b"DATA":
                if step("data").startswith(b"354"):
                    while peer.line() != b".":
                        pass
                    step("dot")
            elif word.lower().decode("ascii", "replace") in steps:
                step(word.lower().decode())
                if word == b"QUIT":
                    return
            else:
                step("other")

    return script
