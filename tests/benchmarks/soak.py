"""A long run on a server that dies every minute: does the engine stay as small as it was, and does it keep all mail?

    python -m tests.benchmarks.soak --minutes 60 --every 60
    python -m tests.benchmarks.soak --minutes 3 --every 20 --threads

Mail arrives, a person archives, marks, deletes and takes back, another client of the same person does so too, and
every so often each process of the server is killed in the middle of that. Memory, threads and descriptors of the
engine are sampled. At the end the engine must be as large as at the beginning, and store and server must hold the
same messages, each once. Exits 1 when that is not so.

What must never be here: measuring how quick something is.
"""

from __future__ import annotations

import argparse
import contextlib
import imaplib
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from tests.servers.dovecot import FOLDERS, Dovecot
from tui_mail.client import MailClient
from tui_mail.config.changing import add_account
from tui_mail.errors import MailError
from tui_mail.model import Change, ChangeState, Flag, LinkState, Role, Row
from tui_mail.paths import paths

USER = "anna"
WORDS = {Flag.SEEN: r"\Seen", Flag.FLAGGED: r"\Flagged", Flag.ANSWERED: r"\Answered", Flag.DELETED: r"\Deleted"}
WARM = 4
"""The first of so many parts of the run is not counted: libraries are loaded, caches fill."""
GROWN_MEGABYTES, GROWN_SHARE = 6.0, 0.10
"""How much larger the last part's median may be than the second's: the larger of the two."""
GROWN_THREADS, GROWN_DESCRIPTORS = 2, 4
MOST_THREADS, MOST_DESCRIPTORS = 10, 24
"""How far a single sample may lie above the median: lines that end and lines that begin at the same time."""
END_SECONDS = 120.0
"""How long store and server may take to agree once the server stays up."""

Mail = dict[str, Counter[tuple[str, str]]]
"""By folder: subject and flags, and how many such messages there are."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The engine's process at one moment."""

    minute: float
    megabytes: float
    threads: int
    descriptors: int
    cpu: float
    """Seconds of processor time so far."""
    pid: int


@dataclass(slots=True)
class Tally:
    """What happened."""

    delivered: int = 0
    actions: int = 0
    elsewhere: int = 0
    kills: int = 0
    lives: int = 0
    """How often the line was live again before the next kill."""
    samples: list[Sample] = field(default_factory=list)


def message(number: int) -> bytes:
    """A message that nobody can mistake for another."""
    return (
        f"From: Anna Berg <anna@example.org>\r\nTo: Ola <ola@example.org>\r\nSubject: Number {number}\r\n"
        f"Date: Mon, 02 Nov 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\r\n"
        f"Message-ID: <soak{number}@test.example>\r\n\r\nBody of number {number}.\r\n"
    ).encode()


class Person:
    """Who acts: here through the client, elsewhere through another connection."""

    def __init__(self, server: Dovecot, client: MailClient, chance: random.Random, tally: Tally) -> None:
        self.server = server
        self.client = client
        self.chance = chance
        self.tally = tally

    def mail_arrives(self) -> None:
        """One to three new messages."""
        for _ in range(self.chance.randint(1, 3)):
            self.server.deliver(USER, message(self.tally.delivered + 1))
            self.tally.delivered += 1

    def act(self) -> None:
        """Something that people do, whether or not there is a line."""
        inbox = self.rows(Role.INBOX)
        picked = [row.id for row in self.chance.sample(inbox, min(len(inbox), self.chance.randint(1, 4)))]
        with contextlib.suppress(MailError):  # what cannot be taken back any more
            match self.chance.randint(0, 6):
                case 0 | 1:
                    self.client.archive(picked).result(30)
                case 2:
                    self.client.delete(picked).result(30)
                case 3:
                    self.client.mark(picked, add=Flag.FLAGGED | Flag.SEEN).result(30)
                case 4:
                    self.client.mark(picked, remove=Flag.FLAGGED).result(30)
                case 5:
                    self.client.undo().result(30)
                case 6 if picked:
                    self.client.request_body(picked[0])
            self.tally.actions += 1

    def act_elsewhere(self) -> None:
        """Another client marks or moves something."""
        connection = self.server.connect(USER, "INBOX")
        try:
            uids = connection.uid("SEARCH", "ALL")[1][0].split()
            if uids:
                uid = self.chance.choice(uids).decode()
                if self.chance.random() < 0.7:
                    connection.uid("STORE", uid, "+FLAGS", r"(\Answered)")
                else:
                    connection.uid("MOVE", uid, self.chance.choice(("Archive", "Junk")))
                self.tally.elsewhere += 1
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                connection.logout()

    def rows(self, role: Role) -> list[Row]:
        """What the person sees of a folder."""
        folder = next((folder for folder in self.client.folders() if folder.role is role), None)
        return self.client.first_rows(folder.id, 1_000_000) if folder is not None else []


def here(client: MailClient) -> Mail:
    """What the store shows."""
    return {
        folder.name: Counter((str(row.subject), _words(row.flags)) for row in client.first_rows(folder.id, 1_000_000))
        for folder in client.folders()
    }


def on_server(server: Dovecot) -> Mail:
    """What another client sees."""
    found: Mail = {}
    connection = server.connect(USER)
    try:
        for name in ("INBOX", *FOLDERS):
            connection.select(name, readonly=True)
            _, data = connection.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            found[name] = Counter(
                (part[1].split(b":", 1)[1].strip().decode(), _said(part[0])) for part in data if isinstance(part, tuple)
            )
    finally:
        connection.logout()
    return found


def differences(ours: Mail, theirs: Mail, delivered: int) -> list[str]:
    """What is lost, doubled, or different, in words."""
    wrong = []
    for name in sorted(ours.keys() | theirs.keys()):
        mine, its = ours.get(name, Counter()), theirs.get(name, Counter())
        wrong += [f"only here, in {name}: {what} ×{count}" for what, count in (mine - its).items()]
        wrong += [f"only there, in {name}: {what} ×{count}" for what, count in (its - mine).items()]
    for side, mail in (("here", ours), ("there", theirs)):
        everything = Counter(subject for folder in mail.values() for subject, _ in folder.elements())
        wrong += [f"doubled {side}: {subject} ×{count}" for subject, count in everything.items() if count > 1]
        wrong += [f"lost {side}: Number {n}" for n in range(1, delivered + 1) if f"Number {n}" not in everything]
    return wrong


def not_flat(samples: Sequence[Sample]) -> list[str]:
    """What grew, in words."""
    part = len(samples) // WARM
    if part < 2:
        return [f"only {len(samples)} samples: too few to tell"]
    early, late, counted = samples[part : 2 * part], samples[-part:], samples[part:]
    grown: list[str] = []

    def compare(what: str, of: Callable[[Sample], float], allowed: float, above: float) -> None:
        before, after = statistics.median(map(of, early)), statistics.median(map(of, late))
        if after > before + allowed:
            grown.append(f"{what} grew from {before:.1f} to {after:.1f}")
        largest = max(map(of, counted))
        if largest > statistics.median(map(of, counted)) + above:
            grown.append(f"{what} were once {largest:.1f}")

    size = statistics.median(sample.megabytes for sample in early)
    allowed = max(GROWN_MEGABYTES, size * GROWN_SHARE)
    compare("megabytes", lambda sample: sample.megabytes, allowed, 2 * allowed)
    compare("threads", lambda sample: sample.threads, GROWN_THREADS, MOST_THREADS)
    compare("descriptors", lambda sample: sample.descriptors, GROWN_DESCRIPTORS, MOST_DESCRIPTORS)
    if len({sample.pid for sample in samples}) > 1:
        grown.append("the engine's process died and was started again")
    return grown


def described(samples: Sequence[Sample]) -> list[str]:
    """First, last, largest and slope of each figure."""
    counted = samples[len(samples) // WARM :]
    lines = []
    for what in ("megabytes", "threads", "descriptors"):
        figures = [float(getattr(sample, what)) for sample in counted]
        times = [sample.minute / 60 for sample in counted]
        slope = statistics.linear_regression(times, figures).slope if len(set(times)) > 1 else 0.0
        lines.append(
            f"{what:12} first {getattr(samples[0], what):8.1f}  warm {figures[0]:8.1f}  last {figures[-1]:8.1f}"
            f"  largest {max(figures):8.1f}  {slope:+8.2f} an hour"
        )
    minutes = samples[-1].minute - samples[0].minute
    lines.append(f"processor    {(samples[-1].cpu - samples[0].cpu) / max(minutes, 0.01):.2f} s a minute")
    return lines


def soak(server: Dovecot, client: MailClient, given: argparse.Namespace, tally: Tally) -> None:
    """The run itself: deliver, act, kill, sample."""
    person = Person(server, client, random.Random(given.seed), tally)
    chance = random.Random(given.seed + 1)
    began = time.monotonic()
    next_kill, next_sample, pause = began + given.every, began, threading.Event()
    lived = False
    while (now := time.monotonic()) < began + given.minutes * 60:
        if now >= next_sample:
            sample = sampled((now - began) / 60, threads=given.threads)
            if sample is not None:
                tally.samples.append(sample)
                status = client.statuses()[0]
                print(
                    f"{sample.minute:6.1f} min  {sample.megabytes:6.1f} MB  {sample.threads:3} threads"
                    f"  {sample.descriptors:3} descriptors  {tally.delivered:5} messages  {tally.actions:5} actions"
                    f"  {tally.kills:3} kills  {status.state}  {status.pending} waiting",
                    flush=True,
                )
            next_sample = now + given.sample
        if chance.random() < 0.5:
            person.mail_arrives()
        if chance.random() < 0.6:
            person.act()
        if chance.random() < 0.1:
            person.act_elsewhere()
        lived = lived or client.statuses()[0].state is LinkState.LIVE
        if now >= next_kill:
            person.act()
            pause.wait(chance.uniform(0.0, 0.05))  # somewhere in the middle of it
            server.kill()
            tally.kills += 1
            tally.lives += lived
            lived = False
            for _ in range(chance.randint(0, 5)):
                person.act()
                pause.wait(0.7)
            server.start()
            next_kill = time.monotonic() + given.every
        pause.wait(chance.uniform(0.3, 1.5))


def sampled(minute: float, *, threads: bool) -> Sample | None:
    """The process that holds the engine; None while there is none."""
    process = psutil.Process()
    if not threads:
        children = [child for child in process.children(recursive=True) if _is_engine(child)]
        if len(children) != 1:
            return None
        process = children[0]
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return Sample(
            minute,
            process.memory_info().rss / 1024 / 1024,
            process.num_threads(),
            process.num_fds(),
            times.user + times.system,
            process.pid,
        )
    return None


def agreed(server: Dovecot, client: MailClient, tally: Tally) -> list[str]:
    """Wait until nothing is left to do; what still differs then."""
    deadline, pause = time.monotonic() + END_SECONDS, threading.Event()
    wrong = ["not looked at"]
    while wrong and time.monotonic() < deadline:
        pause.wait(0.5)
        wrong = [f"{_shown(change)} is {change.state}: {change.error}" for change in client.changes() if _open(change)]
        wrong = wrong or differences(here(client), on_server(server), tally.delivered)
    return wrong


def main(words: Sequence[str] | None = None) -> int:
    """Run, print what was seen; 1 when something grew or got lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds from one kill of the server to the next")
    parser.add_argument("--sample", type=float, default=30.0, help="seconds between two looks at the engine")
    parser.add_argument("--threads", action="store_true", help="the engine as threads of this process")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(words)
    given.sample = min(given.sample, given.minutes * 60 / 40)
    tally = Tally()
    with Dovecot((USER,)) as server, tempfile.TemporaryDirectory(prefix="tui-mail-soak-") as home:
        account = replace(server.account(USER), name="work")
        where = paths(Path(home))
        add_account(where, account)
        client = MailClient(where, [account])
        client.start(apart=not given.threads)
        try:
            soak(server, client, given, tally)
            wrong = agreed(server, client, tally)
        finally:
            client.stop()
    print(
        f"\n{given.minutes:g} minutes, {'threads' if given.threads else 'a process of its own'}: {tally.delivered} "
        f"messages, {tally.actions} actions, {tally.elsewhere} by another client, {tally.kills} kills of the server, "
        f"live again before the next {tally.lives} times"
    )
    print("\n".join(described(tally.samples)))
    grown = not_flat(tally.samples)
    for line in (*grown, *wrong[:50]):
        print(f"WRONG: {line}")
    if not wrong:
        print("store == server: nothing lost, nothing doubled")
    if not grown:
        print("flat")
    return 1 if grown or wrong else 0


def _is_engine(process: psutil.Process) -> bool:
    try:
        return "tui_mail.sync.child" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _open(change: Change) -> bool:
    return change.state not in (ChangeState.DONE, ChangeState.CANCELLED)


def _shown(change: Change) -> str:
    return str(change.summary)


def _words(flags: Flag) -> str:
    return " ".join(sorted(word for flag, word in WORDS.items() if flag in flags))


def _said(told: bytes) -> str:
    return " ".join(sorted(set(re.findall(r"\\\w+", told.decode())) - {r"\Recent"}))


if __name__ == "__main__":
    sys.exit(main())
