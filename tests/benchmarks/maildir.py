"""Fills a test server's mailbox with the demo's mail, many thousand messages a second.

Writes Maildir files and the dovecot-uidlist that names them, so that Dovecot finds a folder it seems to have
delivered itself: UIDs 1 to N in the order of time, INTERNALDATE from the file's time.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.dovecot import MAIL_OWNER, Dovecot
from tui_mail.demo.mail import Entry, plan, render
from tui_mail.demo.sample.cast import MINA, ROBIN
from tui_mail.demo.sample.letters import letter, plain
from tui_mail.model import Flag

NOW = 1_780_000_000
UIDVALIDITY = 1_700_000_001
CHUNK = 2_000

NEEDLES = 7
"""How many messages of the inbox hold each of the two words to search for."""
SUBJECT_NEEDLE = "quokkaberry"
BODY_NEEDLE = "zanzibarium"

_LETTERS = ((Flag.DRAFT, "D"), (Flag.FLAGGED, "F"), (Flag.ANSWERED, "R"), (Flag.SEEN, "S"), (Flag.DELETED, "T"))


@dataclass(frozen=True, slots=True)
class Filled:
    """What lies in a folder now."""

    folder: str
    count: int
    octets: int
    seconds: float
    newest: bytes
    """The last message, whole."""
    oldest: bytes


def fill(
    server: Dovecot, user: str, count: int, *, seed: int = 1, now: int = NOW, folders: Sequence[str] = ("INBOX",)
) -> dict[str, Filled]:
    """Put `count` messages into the user's INBOX, and what goes with them into the other `folders` asked for.

    The folders must be empty. The server may run; it notices at the next SELECT.
    """
    planned = plan(count, seed, now)
    workers = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        filled = {}
        for folder in folders:
            began, entries = time.perf_counter(), planned[folder]
            maildir = server.maildir(user, folder)
            _make(maildir, server.root)
            chunks = [
                (str(maildir / "cur"), seed, first, entries[first : first + CHUNK], len(entries), folder == "INBOX")
                for first in range(0, len(entries), CHUNK)
            ]
            written = pool.starmap(_write, chunks, chunksize=1)
            _write_uidlist(maildir, [name for names, _ in written for name in names])
            octets = sum(size for _, size in written)
            newest, oldest = render(entries[-1], seed), render(entries[0], seed)
            filled[folder] = Filled(folder, len(entries), octets, time.perf_counter() - began, newest, oldest)
    return filled


def warm(server: Dovecot, user: str, folder: str = "INBOX") -> float:
    """Let Dovecot build its caches for every field a client may ask for; seconds. Without it the first client pays."""
    began = time.perf_counter()
    with server.connect(user, folder) as client:
        client.fetch(
            "1:*",
            "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT "
            "MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE)])",
        )
    return time.perf_counter() - began


def _whole(entry: Entry, place: int, total: int, seed: int, has_needles: bool) -> bytes:
    """The message at a place of the folder; a few of the inbox are there to be searched for."""
    step = max(1, total // NEEDLES)
    number, offset = divmod(place, step)
    if has_needles and number < NEEDLES and step > 4 and offset in (1, 3):
        subject, word = (f"A jar of {SUBJECT_NEEDLE} jam", "jam") if offset == 1 else ("An old word", BODY_NEEDLE)
        text = f"Robin,\n\nhave you ever heard of {word}? I had not, before today.\n\nMina\n"
        message_id = f"needle.{seed:x}.{place}@post.example"
        return letter(MINA, ROBIN, f"{subject} {number + 1}", entry.date, message_id, plain(text))
    return render(entry, seed)


def _write(
    directory: str, seed: int, first: int, entries: Sequence[Entry], total: int, has_needles: bool
) -> tuple[list[str], int]:
    """Write one chunk of a folder in a worker; the names, and how many octets."""
    as_root = os.geteuid() == 0
    names, octets = [], 0
    for place, entry in enumerate(entries, first):
        raw = _whole(entry, place, total, seed, has_needles)
        size = len(raw)
        name = f"{entry.date}.M{place:07d}P1.bench,S={size},W={size}"
        flags = "".join(sign for flag, sign in _LETTERS if entry.flags & flag)
        path = f"{directory}/{name}:2,{flags}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, raw)
            os.utime(file, (entry.date, entry.date))
            if as_root:
                os.fchown(file, MAIL_OWNER, MAIL_OWNER)
        finally:
            os.close(file)
        names.append(name)
        octets += size
    return names, octets


def _make(maildir: Path, root: Path) -> None:
    """The folder and everything above it, owned by the mail user."""
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True, exist_ok=True)
    assert not any((maildir / "cur").iterdir()), f"{maildir} is not empty"
    if maildir.name.startswith("."):
        (maildir / "maildirfolder").touch()
    if os.geteuid() == 0:
        for path in [maildir, *maildir.iterdir()]:
            os.chown(path, MAIL_OWNER, MAIL_OWNER)
        for path in maildir.parents:
            if path == root:
                break
            os.chown(path, MAIL_OWNER, MAIL_OWNER)


def _write_uidlist(maildir: Path, names: Sequence[str]) -> None:
    """dovecot-uidlist, version 3: UIDVALIDITY, the next UID, a GUID, then one line for each message."""
    lines = [f"3 V{UIDVALIDITY} N{len(names) + 1} G{maildir.name.encode().hex():0>32.32}\n"]
    lines += [f"{uid} :{name}\n" for uid, name in enumerate(names, 1)]
    path = maildir / "dovecot-uidlist"
    path.write_text("".join(lines))
    if os.geteuid() == 0:
        os.chown(path, MAIL_OWNER, MAIL_OWNER)
