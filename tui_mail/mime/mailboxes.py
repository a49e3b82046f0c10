"""Mail in files as other programs read and write it: mbox (RFC 4155, quoted as mboxrd) and Maildir.

What belongs here: octets and flags to files and back. A Maildir keeps every octet; an mbox has line ends of its own and
two header lines for flags. What must never be here: where the messages come from.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_mail.errors import UsageError
from tui_mail.model import Flag
from tui_mail.records import frozen

_LETTERS = ((Flag.DRAFT, "D"), (Flag.FLAGGED, "F"), (Flag.ANSWERED, "R"), (Flag.SEEN, "S"), (Flag.DELETED, "T"))
_STATUS = ((Flag.SEEN, b"Status", b"R"), (Flag.ANSWERED, b"X-Status", b"A"), (Flag.FLAGGED, b"X-Status", b"F"),
           (Flag.DRAFT, b"X-Status", b"T"), (Flag.DELETED, b"X-Status", b"D"))  # fmt: skip
_FROM_LINE = re.compile(rb"^From [^\n]*\n", re.MULTILINE)
_QUOTED = re.compile(rb"^(>*From )", re.MULTILINE)
_UNQUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_STATUS_LINE = re.compile(rb"^(?:X-)?Status:[^\n]*\n", re.MULTILINE | re.IGNORECASE)


@frozen
class Stored:
    """A message in a file."""

    raw: bytes
    """Lines end with CRLF."""
    flags: Flag
    when: int
    """When it was received, in seconds since the epoch; 0: nobody knows."""


def write_mbox(path: Path, messages: Iterable[Stored]) -> int:
    """Write a file that is not there yet, whole or not at all; returns how many messages. Raises UsageError."""
    if path.exists():
        raise UsageError(f"{path} is there already; nothing was written. Choose another name.")
    count, part = 0, path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            for one in messages:
                file.write(_mbox_entry(one))
                count += 1
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike rename, never over a file that came meanwhile
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Nothing was exported.") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def write_maildir(folder: Path, messages: Iterable[Stored]) -> int:
    """Add messages to a Maildir, which is made if need be; each is there whole or not at all. Raises UsageError."""
    count = 0
    try:
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for one in messages:
            name = f"{int(time.time())}.M{count:07d}{secrets.token_hex(6)}.tui_mail"
            with (folder / "tmp" / name).open("xb") as file:
                file.write(one.raw)
                file.flush()
                os.fsync(file.fileno())
            if one.when:
                os.utime(folder / "tmp" / name, (one.when, one.when))
            letters = "".join(letter for flag, letter in _LETTERS if one.flags & flag)
            (folder / "tmp" / name).rename(folder / "cur" / f"{name}:2,{letters}")
            count += 1
    except OSError as error:
        done = f"{count} messages were exported before" if count else "Nothing was exported"
        raise UsageError(f"{folder} cannot be written: {error.strerror}. {done}.") from error
    return count


def read_messages(path: Path) -> Iterator[Stored] | None:
    """The messages of a Maildir or an mbox, in their order; None for anything else. Raises OSError."""
    if (path / "cur").is_dir():
        return _maildir(path)
    with contextlib.suppress(IsADirectoryError), path.open("rb") as file:
        if file.read(5) == b"From ":
            return _mbox(path.read_bytes())
    return None


def _maildir(folder: Path) -> Iterator[Stored]:
    files = [one for part in ("cur", "new") if (folder / part).is_dir() for one in (folder / part).iterdir()]
    for one in sorted(files, key=lambda file: file.name):
        if one.is_file() and not one.name.startswith("."):
            letters = one.name.rpartition(":2,")[2] if ":2," in one.name else ""
            flags = Flag.NONE
            for flag, letter in _LETTERS:
                flags |= flag if letter in letters else Flag.NONE
            yield Stored(_crlf(one.read_bytes()), flags, int(one.stat().st_mtime))


def _mbox(text: bytes) -> Iterator[Stored]:
    text = text.replace(b"\r\n", b"\n")
    starts = [
        match
        for match in _FROM_LINE.finditer(text)
        if match.start() == 0 or text[max(0, match.start() - 2) : match.start()] == b"\n\n"
    ]
    for at, match in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        raw = text[match.end() : end]
        raw = raw[:-1] if raw.endswith(b"\n\n") else raw
        header, gap, body = raw.partition(b"\n\n")
        header += b"\n" if gap else b""
        flags = Flag.NONE
        for line in _STATUS_LINE.findall(header):
            name, _, letters = line.partition(b":")
            for flag, field, letter in _STATUS:
                flags |= flag if name.lower() == field.lower() and letter in letters else Flag.NONE
        header = _STATUS_LINE.sub(b"", header)
        whole = header + b"\n" + _UNQUOTED.sub(rb"\1", body) if gap else header
        yield Stored(_crlf(whole), flags, _date_of(match[0]))


def _mbox_entry(one: Stored) -> bytes:
    raw = one.raw.replace(b"\r\n", b"\n")
    header, gap, body = raw.partition(b"\n\n")
    letters = dict[bytes, bytes]()
    for flag, field, letter in _STATUS:
        if one.flags & flag:
            letters[field] = letters.get(field, b"") + letter
    status = b"".join(b"\n%s: %s" % line for line in letters.items())
    when = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(one.when)).encode()
    whole = b"From MAILER-DAEMON " + when + b"\n" + header.rstrip(b"\n") + status + b"\n"
    if gap:
        whole += b"\n" + _QUOTED.sub(rb">\1", body)
    return whole + (b"" if whole.endswith(b"\n") else b"\n") + b"\n"


def _date_of(line: bytes) -> int:
    import calendar

    words = line.decode("ascii", "replace").split()[-5:]
    with contextlib.suppress(ValueError, OverflowError):
        return calendar.timegm(time.strptime(" ".join(words), "%a %b %d %H:%M:%S %Y"))
    return 0


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
