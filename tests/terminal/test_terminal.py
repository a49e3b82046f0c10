"""The terminal that the other tests use."""

from __future__ import annotations

import sys
import textwrap

import pytest

from tests.terminal.terminal import Terminal

pytestmark = pytest.mark.terminal


def program(source: str) -> list[str]:
    """A Python program as an argv."""
    return [sys.executable, "-c", textwrap.dedent(source)]


def test_keys_reach_the_program_and_its_screen_is_read() -> None:
    """What is typed comes back, in the middle of the screen and in red."""
    echo = """
        import sys, tty
        tty.setraw(0)
        print("\\x1b[2J\\x1b[5;10Hready", end="", flush=True)
        key = sys.stdin.read(1)
        print(f"\\x1b[8;3H\\x1b[31mgot {key!r}\\x1b[m", end="", flush=True)
        sys.stdin.read(1)
    """
    with Terminal(program(echo), columns=80, rows=24) as terminal:
        terminal.wait_for("ready")
        assert terminal.lines[4] == " " * 9 + "ready"
        took = terminal.seconds_until("got 'x'", since=terminal.press("x"))
        assert 0 < took < 5
        assert terminal.cell(terminal.row_of("got"), 2).fg == "red"
        terminal.press("enter")
        assert terminal.wait_end() == 0


def test_questions_to_the_terminal_are_answered_and_never_shown() -> None:
    """A program that asks for synchronized output gets an answer; the question is not on the screen."""
    asking = """
        import sys, tty
        tty.setraw(0)
        print("\\x1b[?2026$p\\x1b]0;title\\x07\\x1b[>1u\\x1b[4:3m", end="", flush=True)
        answer = sys.stdin.read(11)
        print("answer", repr(answer), end="", flush=True)
        sys.stdin.read(1)
    """
    with Terminal(program(asking)) as terminal:
        terminal.wait_for("2026;2$y")
        assert terminal.lines[0].startswith("answer")
        assert b"\x1b]0;title\x07" in terminal.raw


def test_a_resize_is_announced() -> None:
    """The program gets SIGWINCH and sees the new size."""
    sizes = """
        import os, signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
        print("ready", flush=True)
        while True:
            signal.sigwait([signal.SIGWINCH])
            print(os.get_terminal_size(), flush=True)
    """
    with Terminal(program(sizes)) as terminal:
        terminal.wait_for("ready")
        terminal.resize(100, 30)
        terminal.wait_for("columns=100, lines=30")


def test_a_program_that_ends_early_is_told_with_its_screen() -> None:
    """The failure shows what the program said last."""
    with (
        Terminal(program("print('no such folder'); raise SystemExit(3)")) as terminal,
        pytest.raises(AssertionError, match="no such folder"),
    ):
        terminal.wait_for("never")
    assert terminal.wait_end() == 3


def test_what_was_taken_must_be_given_back() -> None:
    """A program that leaves the alternate screen on is found out."""
    tidy, untidy = "\\x1b[?1049h\\x1b[?25l\\x1b[?25h\\x1b[?1049l", "\\x1b[?1049h\\x1b[?25l\\x1b[?25h"
    for sequence, restored in ((tidy, True), (untidy, False)):
        with Terminal(program(f"print('{sequence}', end='')")) as terminal:
            terminal.wait_end()
            assert terminal.is_restored is restored
