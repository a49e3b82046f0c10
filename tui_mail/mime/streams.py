"""A transfer encoding undone while its octets arrive, with nothing of it in memory but the end of a line.

The octets that come out are those of `decode.payload` for the whole part.
"""

from __future__ import annotations

from binascii import a2b_qp

from tui_mail.mime.words import from_base64

LINE = 1_000_000
"""Octets of a line of quoted-printable after which its end is not waited for."""

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_DIGITS = bytes(set(range(256)) - set(_DIGITS))


class Stream:
    """Octets as they were encoded in, octets of the file out. This one is for what is not encoded."""

    def take(self, octets: bytes) -> bytes:
        """What is known of the file by these octets."""
        return octets

    def end(self) -> bytes:
        """What was kept back."""
        return b""


class Base64(Stream):
    """Four digits are three octets; whatever is no digit is nothing (RFC 2045 section 6.8)."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, octets: bytes) -> bytes:
        """See Stream."""
        digits = self._rest + octets.translate(None, _NO_DIGITS)
        whole = len(digits) - len(digits) % 4
        self._rest = digits[whole:]
        return from_base64(digits[:whole])

    def end(self) -> bytes:
        """See Stream."""
        return from_base64(self._rest)


class QuotedPrintable(Stream):
    """Line by line, because of the soft line ends."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, octets: bytes) -> bytes:
        """See Stream."""
        text = self._rest + octets
        cut = text.rfind(b"\n") + 1
        if not cut and len(text) > LINE:
            cut = len(text) - 3
            cut = text.rfind(b"=", cut - 3, cut) if b"=" in text[cut - 3 : cut] else cut
        self._rest = text[cut:]
        return a2b_qp(text[:cut])

    def end(self) -> bytes:
        """See Stream."""
        return a2b_qp(self._rest)


def stream_of(encoding: str) -> Stream:
    """For a Content-Transfer-Encoding in lower case."""
    match encoding:
        case "base64":
            return Base64()
        case "quoted-printable":
            return QuotedPrintable()
    return Stream()
