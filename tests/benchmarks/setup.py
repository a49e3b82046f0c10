"""The setup race: keys and seconds from the start of a program to the first message on the screen, by its assistant.

    python -m tests.benchmarks.setup [--runs 3] [--rate 10] [--show] [PROGRAM…]

Every program runs on an internet of its own (tests/servers/island.py), in an empty home, in a terminal of 80×24. The
same person types at the same rate, looks until the next page is there, and knows the shortest way through it: name,
address and password, and nothing that the program finds by itself. Their domain has SRV records, which all of them ask
for.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.island import PASSWORD, SUBJECT, Island, missing
from tests.terminal.terminal import Terminal

NAME, ADDRESS = "Anna Berg", "anna@records.example"
PATIENCE = 60.0


@dataclass(frozen=True)
class Page:
    """What is typed once a page is there."""

    sign: str
    """A text by which it is known."""
    keys: tuple[str, ...]
    """Names of keys in angle brackets, and texts."""


def page(sign: str, *keys: str) -> Page:
    """A page, by its sign."""
    return Page(sign, keys)


PAGES = {
    "tui-mail": (
        page("E-mail", NAME, "<enter>", ADDRESS, "<enter>", PASSWORD, "<enter>", "<enter>"),
        page(" Test these settings ", "<enter>"),
        page(" Continue ", "<enter>"),
        page("asked for in each run", "<up>", "<space>", "<tab>", "<enter>"),
        page(" Open my mail ", "<enter>"),
    ),
    "aerc": (
        page("Name for this account?", "work", "<tab>", NAME, "<tab>", ADDRESS, "<tab>", "<enter>"),
        page("Configure incoming mail", "<tab>", PASSWORD[:2]),  # a dialog comes up, and the second letter is lost
        page("passwords in plaintext", "<enter>", PASSWORD[1:], "<shift+tab>", "<shift+tab>", "<enter>"),
        page("Configure outgoing mail", "<shift+tab>", "<enter>"),
        page("[Finish]", "<right>", "<enter>"),
    ),
}


def run(island: Island, program: str, rate: float, *, show: bool) -> tuple[int, float]:
    """Keys and seconds. Raises AssertionError, with the screen, when it does not come to a message."""
    home = Path(tempfile.mkdtemp(prefix="setup-race-", dir="/tmp"))
    folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "CACHE", "STATE")}
    argv = [sys.executable, "-m", "tui_mail"] if program == "tui-mail" else [program]
    env = {**island.env, **folders, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    pressed = 0
    try:
        with Terminal([*island.inside, *argv], env=env, columns=80, rows=24) as terminal:
            for one in PAGES[program]:
                terminal.wait_for(one.sign, PATIENCE)
                if show:
                    passed = time.perf_counter() - terminal.started
                    print(f"--- {program}, after {pressed} keys and {passed:.1f} s\n{terminal.text}")
                for key in _strokes(one.keys):
                    time.sleep(1 / rate)
                    terminal.press(key)
                    pressed += 1
            return pressed, terminal.seconds_until(SUBJECT, terminal.started, PATIENCE)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _strokes(keys: Sequence[str]) -> list[str]:
    strokes: list[str] = []
    for key in keys:
        strokes += [key[1:-1]] if key.startswith("<") else key
    return strokes


def main(words: Sequence[str] | None = None) -> int:
    """Race, and print a line for each program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("programs", nargs="*", default=list(PAGES), metavar="PROGRAM")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=10.0, help="keys a second")
    parser.add_argument("--show", action="store_true", help="print every page as it is found")
    asked = parser.parse_args(words)
    if lacking := missing():
        sys.exit(lacking)
    failed = False
    with Island() as island:
        for program in asked.programs:
            if program != "tui-mail" and shutil.which(program) is None:
                print(f"{program:10} is not installed")
                continue
            try:
                runs = [run(island, program, asked.rate, show=asked.show) for _ in range(asked.runs)]
            except AssertionError as error:
                failed = True
                print(f"{program:10} {error}")
                continue
            seconds = [took for _, took in runs]
            print(
                f"{program:10} {runs[0][0]} keys, {statistics.median(seconds):.1f} s "
                f"({min(seconds):.1f} to {max(seconds):.1f} in {len(seconds)} runs)",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
