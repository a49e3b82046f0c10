"""What is said to an SMTP server about one message: the lines, the octets, and what is never sent.

What belongs here: Envelope and octets → what goes over the line (RFC 5321 and its extensions), pure. What must never
be here: a socket, or a word that was not looked at before it became part of a line.
"""

from __future__ import annotations

import re

from tui_mail.errors import UnsafeArgument
from tui_mail.outgoing import Envelope

ADDRESS_LIMIT = 512
"""Longest address, octets; RFC 5321 section 4.5.3.1 allows 256."""
ENVELOPE_ID_LIMIT = 100
"""Characters of an ENVID (RFC 3461 section 4.4)."""

_UNSAFE = re.compile("[\x00-\x20\x7f-\x9f<>\u2028\u2029\ud800-\udfff]")
_XTEXT = re.compile(rb"[^!-*,-<>-~]")


def refuse_unsafe(envelope: Envelope, raw: bytes) -> None:
    """Raise UnsafeArgument for what could be read as another command, or as the end of the message."""
    if not envelope.recipients:
        raise UnsafeArgument("A message was to be sent to nobody. Nothing was sent.")
    for address in (envelope.sender, *envelope.recipients):
        if _UNSAFE.search(address) or len(address.encode("utf-8", "replace")) > ADDRESS_LIMIT:
            raise UnsafeArgument(
                f"“{address[:80]}” cannot be an address: it holds a space, a line break, an angle bracket or another "
                "character that a mail server would misread, or is far too long. Nothing was sent. Correct it and try "
                "again."
            )
    if "" in envelope.recipients:
        raise UnsafeArgument("One of the recipients is empty. Nothing was sent. Remove it and try again.")
    if not raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n"):
        raise UnsafeArgument(
            "The message holds a line break that is not CRLF, which servers read in different ways. Nothing was sent."
        )


def whole(raw: bytes) -> bytes:
    """The octets of the message, with the line end that must stand before the final dot."""
    return raw if not raw or raw.endswith(b"\r\n") else raw + b"\r\n"


def stuffed(raw: bytes) -> bytes:
    """The message with a dot before each line that begins with one (RFC 5321 section 4.5.2)."""
    text = raw.replace(b"\r\n.", b"\r\n..")
    return b"." + text if text.startswith(b".") else text


def mail_line(envelope: Envelope, *, size: int = 0, eight_bit: bool = False, utf8: bool = False, dsn: bool) -> bytes:
    """MAIL with its parameters; `size` 0 leaves SIZE out."""
    words = [f"MAIL FROM:<{envelope.sender}>".encode()]
    if size:
        words.append(b"SIZE=%d" % size)
    if eight_bit:
        words.append(b"BODY=8BITMIME")
    if utf8:
        words.append(b"SMTPUTF8")
    if dsn:
        words.append(b"RET=HDRS")
        if envelope.envelope_id:
            words.append(b"ENVID=" + _xtext(envelope.envelope_id[:ENVELOPE_ID_LIMIT]))
    return b" ".join(words) + b"\r\n"


def rcpt_line(address: str, *, dsn: bool) -> bytes:
    """RCPT for one recipient."""
    return f"RCPT TO:<{address}>{' NOTIFY=SUCCESS,FAILURE,DELAY' if dsn else ''}\r\n".encode()


def _xtext(text: str) -> bytes:
    """RFC 3461 section 4: what is not printable ASCII, and + and =, as +XX."""
    return _XTEXT.sub(lambda match: b"+%02X" % match[0][0], text.encode("utf-8", "replace"))
