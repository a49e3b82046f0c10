"""Names of folders between servers and us: modified UTF-7 (RFC 3501 section 5.1.3), quoting, and what is neither.

A name that cannot be read, or would not be written back as the same octets, is kept as `MARK` plus its
octets as Latin-1: it can still be listed and opened, and it never hides the others.
"""

from __future__ import annotations

from imapclient.imap_utf7 import encode as encode_utf7

from tui_mail import utf7
from tui_mail.errors import UnsafeArgument

MARK = "\ufeff"
"""Begins a name that is its raw octets; `safe_line` drops it, so no one sees it."""


def decode_name(raw: bytes) -> str:
    """The folder name in these octets: UTF-8 when an octet has its high bit, else modified UTF-7. Never raises."""
    if raw.upper() == b"INBOX":
        return "INBOX"
    try:
        if not raw.isascii():
            return raw.decode("utf-8")
        name = utf7.decode(raw)
        if encode_utf7(name) == raw and not name.startswith(MARK):
            return name
    except ValueError:
        pass
    return MARK + raw.decode("latin-1")


def encode_name(name: str) -> bytes:
    """The octets that a server knows the folder by. Raises UnsafeArgument for what no name can hold."""
    try:
        if name.startswith(MARK):
            return name[1:].encode("latin-1")
        encoded: bytes = encode_utf7(name)
    except UnicodeError as error:
        raise UnsafeArgument("This folder name cannot be sent to a mail server. Choose another name.") from error
    return encoded


def quoted(text: bytes) -> bytes:
    """A quoted string of RFC 9051 section 4.3; CR, LF and NUL are refused where lines are sent."""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
