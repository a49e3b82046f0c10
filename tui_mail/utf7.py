"""Modified UTF-7 (RFC 3501, section 5.1.3): how names of folders beyond ASCII stand on IMAP and in programs' files.

What belongs here: reading it. Writing is imapclient's, which only `net` knows.
"""

from __future__ import annotations

import re
from base64 import b64decode

_SHIFTED = re.compile(rb"&([^-]*)(-|$)")


def decode(raw: bytes) -> str:
    """The name in these octets. Raises ValueError for a shift that never ends or holds no text."""
    return _SHIFTED.sub(_unshifted, raw).decode("utf-8")


def _unshifted(match: re.Match[bytes]) -> bytes:
    coded = match[1]
    if not coded:
        return b"&"
    if not match[2]:
        raise ValueError("the shift never ends")
    octets = b64decode(coded.replace(b",", b"/") + b"=" * (-len(coded) % 4), validate=True)
    return octets.decode("utf-16-be").encode("utf-8")
