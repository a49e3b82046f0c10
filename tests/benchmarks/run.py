"""Measures the whole program against a real server: what a person waits for, in milliseconds.

    python -m tests.benchmarks.run --sizes 1000,10000,100000 --runs 3 --out results.json

Starts a private Dovecot, fills a user's mailbox for each size, and types into the program in a terminal of 160×48.
A time begins when the key is written (or the program is started) and ends with the read that brought the bytes.
Beside them, in the same run, the floor: a Textual program that does nothing but show rows (`tests.benchmarks.floor`).
A measurement that fails is reported with its reason and does not end the others.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import floor
from tests.benchmarks.maildir import Filled, fill, warm
from tests.servers.dovecot import Dovecot, wait_until
from tests.terminal.terminal import Terminal
from tui_mail.model import Account

PROGRAM = (sys.executable, "-m", "tui_mail")
NEWEST = "18:40 is missing"
"""In the subject of the newest seeded message."""
PATIENCE = 120.0


@dataclass(slots=True)
class Bench:
    """One mailbox of one size, and the home of the program that shows it."""

    server: Dovecot
    user: str
    home: Path
    filled: Filled
    times: dict[str, list[float]] = field(default_factory=dict)
    """Seconds (or octets, for `memory…`) of each measurement, one for each repetition."""
    failures: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, value: float) -> None:
        """Keep a measured value."""
        self.times.setdefault(name, []).append(value)

    def terminal(self) -> Terminal:
        """The program, started in its home."""
        return Terminal([*PROGRAM, "--home", str(self.home)], columns=160, rows=48)


Measure = Callable[[Bench, Terminal], None]
"""Works with the program running and the inbox on the screen."""


def cold_start(bench: Bench, terminal: Terminal) -> None:
    """Empty home → the newest subject is readable."""
    bench.note("cold_start", terminal.seconds_until(NEWEST, terminal.started, PATIENCE))


def warm_start(bench: Bench, terminal: Terminal) -> None:
    """The same home again → the newest subject is readable."""
    bench.note("warm_start", terminal.seconds_until(NEWEST, terminal.started, PATIENCE))


def complete_index(bench: Bench, terminal: Terminal) -> None:
    """Start → the status line is live, and the title counts every message."""

    def is_complete(shown: Terminal) -> bool:
        """Nothing is left to be read."""
        return " messages" in shown.lines[1] and "newest" not in shown.lines[1] and "● live" in shown.lines[0]

    bench.note("complete_index", terminal.seconds_until(is_complete, terminal.started, 600))


def move_down(bench: Bench, terminal: Terminal) -> None:
    """With nothing going on: one key → the last byte before 40 ms of silence, 100 times."""
    terminal.wait_for("● live", 30)
    terminal.seconds_until_quiet(time.perf_counter(), quiet=0.5)
    for _ in range(100):
        bench.note("move_down", terminal.seconds_until_quiet(terminal.press("j"), quiet=0.04))


def hold_down(bench: Bench, terminal: Terminal) -> None:
    """30 keys a second for two seconds → how long the screen still moves after the last."""
    began = time.perf_counter()
    for number in range(60):
        while time.perf_counter() < began + number / 30:
            time.sleep(0.001)
        last = terminal.press("j")
    bench.note("lag_after_holding", terminal.seconds_until_quiet(last, quiet=0.1))


def open_message(bench: Bench, terminal: Terminal) -> None:
    """To the top, and Enter, on a message that just came → a word of its body is readable."""
    for _ in range(3):
        _to_the_top(terminal)
        mark = f"bodymark{time.time_ns() % 10**9}"
        start = "This is what the row may show of it. " * 20
        raw = f"From: Mina <mina@post.example>\nSubject: Open me {mark[8:]}\n\n{start}\n\n{mark}\n"
        bench.server.deliver(bench.user, raw.encode())
        terminal.wait_for(f"Open me {mark[8:]}", 30)
        terminal.seconds_until_quiet(time.perf_counter(), quiet=0.3)
        bench.note("open", terminal.seconds_until(mark, terminal.press("g", "g", "enter"), 20))
        terminal.press("escape")
        terminal.seconds_until_quiet(time.perf_counter(), quiet=0.2)


def new_mail(bench: Bench, terminal: Terminal) -> None:
    """Accepted by LMTP → the row is readable, with no key pressed."""
    for number in range(3):
        _to_the_top(terminal)
        subject = f"Fresh from the press {time.time_ns() % 10**9} {number}"
        bench.server.deliver(bench.user, f"From: Mina <mina@post.example>\nSubject: {subject}\n\nHello\n".encode())
        bench.note("new_mail", terminal.seconds_until(subject, time.perf_counter(), 30))


def archive(bench: Bench, terminal: Terminal) -> None:
    """The key → the row is gone; and → another client sees it in Archive."""
    with bench.server.connect(bench.user, "INBOX") as other:
        for _ in range(3):
            _to_the_top(terminal)
            subject = f"To be put away {time.time_ns() % 10**9}"
            bench.server.deliver(bench.user, f"From: Mina <mina@post.example>\nSubject: {subject}\n\nBye\n".encode())
            terminal.wait_for(subject, 30)
            _to_the_top(terminal)
            pressed = terminal.press("e")
            bench.note("archive", terminal.seconds_until(_without(subject), pressed))
            other.select("Archive")
            assert wait_until(lambda: other.noop()[0] == "OK" and _has(other, subject), 20)  # noqa: B023
            bench.note("archive_on_server", time.perf_counter() - pressed)


def leave(bench: Bench, terminal: Terminal) -> None:
    """q → the program has ended; its memory just before."""
    if octets := terminal.memory():
        bench.note("memory", octets)
        bench.note("memory_shared_once", terminal.memory_once())
    pressed = terminal.press("q")
    terminal.wait_end(10)
    bench.note("quit", time.perf_counter() - pressed)


def first_rows(bench: Bench, terminal: Terminal) -> None:
    """Not measured: wait for the first rows of an empty store."""
    terminal.wait_for(NEWEST, PATIENCE)


def keys_during_sync(bench: Bench, terminal: Terminal) -> None:
    """One key every 50 ms while the mailbox is being indexed → the cursor stands on the next row."""
    terminal.wait_for("syncing", 10)
    for _ in range(60):
        if "syncing" not in terminal.lines[0]:
            break
        here = _cursor_row(terminal)
        bench.note("key_during_sync", terminal.seconds_until(_moved_from(here), terminal.press("j"), 5))
        terminal.seconds_until_quiet(time.perf_counter(), quiet=0.05, timeout=0.05)
        if _cursor_row(terminal) > 12:
            terminal.press("g", "g")
            terminal.wait_for(_cursor_at_top, 5)


def hold_during_sync(bench: Bench, terminal: Terminal) -> None:
    """30 keys a second for ten seconds from the first row on → the longest time without a picture."""
    began = time.perf_counter()
    for number in range(300):
        while time.perf_counter() < began + number / 30:
            time.sleep(0.001)
        last = terminal.press("j")
    terminal.seconds_until_quiet(last, quiet=0.2, timeout=5)
    stamps = [stamp for stamp, _ in terminal.reads if began <= stamp <= last]
    bench.note("longest_stall", max(after - before for before, after in itertools.pairwise([began, *stamps, last])))


SESSIONS: tuple[tuple[Measure, ...], ...] = (
    (first_rows, keys_during_sync, leave),
    (first_rows, hold_during_sync, leave),
    (cold_start, complete_index, leave),
    (warm_start, move_down, hold_down, open_message, new_mail, archive, leave),
)
"""Each is one run of the program; those before `warm_start` begin with an empty store."""


def bare_textual(times: dict[str, list[float]]) -> None:
    """The floor of this machine: start → the last row, and a key → the last byte, as `move_down` is measured."""
    starts, keys = times.setdefault("floor_start", []), times.setdefault("floor_key", [])
    for _ in range(3):
        with Terminal([sys.executable, "-m", floor.__name__], columns=160, rows=48) as terminal:
            starts.append(terminal.seconds_until(floor.READY, terminal.started, PATIENCE))
            terminal.seconds_until_quiet(time.perf_counter(), quiet=0.5)
            for _ in range(40):
                keys.append(terminal.seconds_until_quiet(terminal.press("j"), quiet=0.04))
            terminal.press("q")
            terminal.wait_end(10)


def measure(bench: Bench) -> None:
    """All sessions, one after the other."""
    for session in SESSIONS:
        if session[0] is not warm_start:
            for left in (one for one in bench.home.iterdir() if one.is_dir()):  # where the cursor was is left too
                shutil.rmtree(left, ignore_errors=True)
        with bench.terminal() as terminal:
            for step in session:
                try:
                    step(bench, terminal)
                except (AssertionError, OSError) as problem:
                    bench.failures[step.__name__] = str(problem)[:3000]


@contextmanager
def mailbox(server: Dovecot, size: int) -> Iterator[Callable[[], Bench]]:
    """A filled mailbox; each call gives it with a new, empty home."""
    user = server.new_user()
    filled = fill(server, user, size, folders=("INBOX", "Sent", "Archive"))["INBOX"]
    warm(server, user)
    with tempfile.TemporaryDirectory(prefix="tui-mail-bench-") as top:

        def fresh() -> Bench:
            home = Path(tempfile.mkdtemp(dir=top))
            (home / "config.toml").write_text(configuration(server.account(user)), "utf-8")
            (home / "config.toml").chmod(0o600)
            return Bench(server, user, home, filled)

        yield fresh


def configuration(account: Account) -> str:
    """A config.toml with this account."""
    server = account.incoming
    return (
        f'[accounts.{account.name}]\nname = "{account.full_name}"\nemail = "{account.email}"\nprotocol = "imap"\n'
        f'[accounts.{account.name}.incoming]\nhost = "{server.host}"\nport = {server.port}\n'
        f'security = "{server.security}"\nuser = "{server.user}"\nca_file = "{server.ca_file}"\n'
        f"password_command = {json.dumps(server.password_command)}\n"
    )


def summary(times: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst, and how many."""
    ordered = sorted(times)
    return {
        "median": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
        "worst": ordered[-1],
        "count": len(ordered),
    }


def main(words: Sequence[str] | None = None) -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    report: dict[str, object] = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": os.getloadavg()}
    with Dovecot() as server:
        for size in map(int, options.sizes.split(",")):
            with mailbox(server, size) as fresh:
                benches = [fresh() for _ in range(options.runs)]
                for bench in benches:
                    measure(bench)
            merged: dict[str, list[float]] = {}
            bare_textual(merged)
            failures: dict[str, str] = {}
            for bench in benches:
                failures |= bench.failures
                for name, values in bench.times.items():
                    merged.setdefault(name, []).extend(values)
            report[str(size)] = {name: summary(values) for name, values in merged.items()} | {"failures": failures}
            _print(size, merged, failures)
    if options.out is not None:
        options.out.write_text(json.dumps(report, indent=1), "utf-8")
    return 0


def _print(size: int, times: dict[str, list[float]], failures: dict[str, str]) -> None:
    print(f"\n{size} messages")
    for name, values in times.items():
        found = summary(values)
        unit, scale = ("MB", 1e-6) if name.startswith("memory") else ("ms", 1e3)
        shown = "  ".join(f"{key} {found[key] * scale:9.1f} {unit}" for key in ("median", "p95", "worst"))
        print(f"  {name:<20} {shown}  of {found['count']}")
    for name, reason in failures.items():
        print(f"  {name:<20} FAILED: {reason.splitlines()[0]}")


def _to_the_top(terminal: Terminal) -> None:
    terminal.press("g", "g")
    terminal.seconds_until_quiet(time.perf_counter(), quiet=0.3)


def _cursor_row(terminal: Terminal) -> int:
    """The row of the screen that the cursor of the list stands on."""
    return next((number for number, line in enumerate(terminal.lines) if "▌" in line), -1)


def _cursor_at_top(terminal: Terminal) -> bool:
    """The cursor stands on the first row of the list."""
    return 0 <= _cursor_row(terminal) <= 3


def _moved_from(row: int) -> Callable[[Terminal], bool]:
    def answer(terminal: Terminal) -> bool:
        return _cursor_row(terminal) not in (row, -1)

    answer.__doc__ = "the cursor on another row"
    return answer


def _without(text: str) -> Callable[[Terminal], bool]:
    def answer(terminal: Terminal) -> bool:
        return terminal.row_of(text) < 0

    answer.__doc__ = f"no row with {text!r}"
    return answer


def _has(client: object, subject: str) -> bool:
    found = client.search(None, "SUBJECT", f'"{subject}"')[1]  # type: ignore[attr-defined]
    return bool(found and found[0])


if __name__ == "__main__":
    sys.exit(main())
