"""Measures what is done to one message and to 10,000 at once, to the screen and to the server, and going to a folder.

    python3 -m tests.benchmarks.archive [--size 10000]

In a terminal of 160×48 on a private Dovecot. Beside it, in the same run, bare imaplib moves as many messages of the
same kind on the same server with one command. While the server is told, `j` is pressed in another folder.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.maildir import fill, warm
from tests.benchmarks.run import Bench, _print, archive, mailbox
from tests.servers.dovecot import Dovecot, wait_until
from tests.terminal.terminal import Terminal

LONG = 300.0
"""Seconds after which anything here has failed."""
SWITCHES = (("g", "a", "Archive"), ("g", "s", "Sent"), ("g", "i", "Inbox"))


def main(words: Sequence[str] | None = None) -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=10_000)
    size = parser.parse_args(words).size
    with Dovecot() as server, mailbox(server, size) as fresh:
        bench = fresh()
        with bench.terminal() as terminal:
            terminal.wait_for("live", LONG)
            terminal.wait_for(lambda shown: f"{size:,} messages" in shown.text, LONG)
            archive(bench, terminal)
            switch(bench, terminal)
            everything(bench, terminal, size)
        bench.note("imaplib_moves_all", by_imaplib(server, size))
    _print(size, bench.times, bench.failures)
    told, bare = bench.times["all_on_server"][0], bench.times["imaplib_moves_all"][0]
    print(f"  all on the server: ×{told / bare:.1f} of what bare imaplib takes for one UID MOVE")
    return 0


def switch(bench: Bench, terminal: Terminal) -> None:
    """The second key of going to a folder → its title and rows; and the last byte of it."""
    for _ in range(5):
        for first, second, title in SWITCHES:
            terminal.press(first)
            pressed = terminal.press(second)
            bench.note("folder_title", terminal.seconds_until(lambda shown, title=title: _title(shown, title), pressed))  # type: ignore[misc]
            bench.note("folder_whole", terminal.seconds_until_quiet(pressed, quiet=0.25))


def everything(bench: Bench, terminal: Terminal, size: int) -> None:
    """Select all, archive: until the list is empty, until the server has moved everything, and keys meanwhile."""
    terminal.press("g", "g")
    terminal.seconds_until_quiet(time.perf_counter(), quiet=0.3)
    terminal.press("x", "G")
    pressed = terminal.press("X")
    bench.note("select_all", terminal.seconds_until("selected", pressed, LONG))
    pressed = terminal.press("e")
    bench.note("all_gone_from_screen", terminal.seconds_until("Nothing left", pressed, LONG))
    terminal.press("g", "a")
    terminal.wait_for(lambda shown: _title(shown, "Archive"), LONG)
    with bench.server.connect(bench.user) as other:
        while int(other.select("INBOX", readonly=True)[1][0] or b"0"):
            key = terminal.press("j")
            bench.note("key_meanwhile", terminal.seconds_until_quiet(key, quiet=0.1))
            assert time.perf_counter() - pressed < LONG, "the server was not told"
        bench.note("all_on_server", time.perf_counter() - pressed)
        assert wait_until(lambda: int(other.select("Archive", readonly=True)[1][0] or b"0") >= size, 20)


def by_imaplib(server: Dovecot, size: int) -> float:
    """Seconds of one UID MOVE of as many messages of another user."""
    user = server.new_user()
    fill(server, user, size, folders=("INBOX", "Archive"))
    warm(server, user)
    with server.connect(user, "INBOX") as client:
        client.create("Archive")
        began = time.perf_counter()
        answer, data = client.uid("MOVE", "1:*", "Archive")
        took = time.perf_counter() - began
        assert answer == "OK", data
    return took


def _title(terminal: Terminal, name: str) -> bool:
    """The list has this title; the tree has the name without its number of messages."""
    return any(f" {name} ·" in line for line in terminal.lines[:4])


if __name__ == "__main__":
    sys.exit(main())
