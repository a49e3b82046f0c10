"""Arguments of commands as octets. What would not be one argument is refused here, before anything is sent."""

from __future__ import annotations

import re
import time

from tui_mail.errors import ProtocolViolation, UnsafeArgument
from tui_mail.model import Flag
from tui_mail.net.names import quoted
from tui_mail.net.replies import SYSTEM_NAMES
from tui_mail.net.sets import UidSet
from tui_mail.net.wire import Octets

_KEYWORD = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+")
_SET = re.compile(r"[0-9:*,]+")
_BREAKS = re.compile(rb"[\r\n\0]")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def string(octets: bytes) -> bytes | Octets:
    """A string argument: quoted, or a literal when it is not ASCII. Raises UnsafeArgument for CR, LF and NUL."""
    if _BREAKS.search(octets):
        raise UnsafeArgument(
            "A name that was to be sent to the server holds a line break or a NUL character, which could be read as "
            "another command. Nothing was sent."
        )
    return quoted(octets) if octets.isascii() else Octets(octets)


def sequence_set(uids: str) -> bytes:
    """`1:3,9,12:*` as an argument. Raises UnsafeArgument when it is no set."""
    try:
        if _SET.fullmatch(uids):
            UidSet.parse(uids)
            return uids.encode()
    except ProtocolViolation:
        pass
    raise UnsafeArgument("A list of messages for the server makes no sense. Nothing was sent.", repr(uids[:200]))


def flag_words(flags: Flag, keywords: tuple[str, ...]) -> list[bytes]:
    """System flags and keywords as atoms. Raises UnsafeArgument for a keyword that is none."""
    for keyword in keywords:
        if not _KEYWORD.fullmatch(keyword):
            raise UnsafeArgument(
                f"“{keyword}” cannot be a keyword on a mail server: only letters, digits and simple signs can.",
            )
    return [name for flag, name in SYSTEM_NAMES.items() if flag & flags] + [word.encode() for word in keywords]


def append_date(when: int) -> bytes:
    """Seconds since the epoch as the date-time of RFC 9051, in UTC. Years a server cannot know become 1970."""
    try:
        moment = time.gmtime(when)
    except (OverflowError, ValueError, OSError):
        moment = time.gmtime(0)
    if not 1900 <= moment.tm_year <= 9999:
        moment = time.gmtime(0)
    month = MONTHS[moment.tm_mon - 1]
    clock = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}"
    return f"{moment.tm_mday:2}-{month}-{moment.tm_year:04} {clock} +0000".encode()
