"""Giving a message to a program."""

from __future__ import annotations

import resource
import sys

import pytest

from tui_mail.client import piping
from tui_mail.client.piping import pipe
from tui_mail.errors import UsageError


def test_what_it_says_and_how_it_ends() -> None:
    """Its answer, its error output, its status."""
    answered = pipe("cat -", b"Hello\n")
    assert (answered.text, answered.code) == ("Hello\n", 0)
    failed = pipe("ls /nowhere-at-all", b"")
    assert failed.code != 0
    assert "nowhere-at-all" in failed.text


def test_a_program_that_does_not_listen() -> None:
    """It reads nothing of what is more than a pipe holds, and answers."""
    assert pipe("echo heard", b"x" * 5_000_000).text == "heard\n"


def test_a_long_answer_is_shown_up_to_a_limit_and_never_held() -> None:
    """Of 40 MB one sees the beginning, and the memory of this process grows by no more than that."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answered = pipe(f"{sys.executable} -c \"import sys; sys.stdout.write('word ' * 8000000)\"", b"")
    assert len(answered.text) == piping.SHOWN
    assert answered.code == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_an_answer_without_end_is_ended() -> None:
    """One sentence, and no program is left."""
    with pytest.raises(UsageError, match="said more than 50 MB and was ended"):
        pipe("yes", b"")


def test_a_program_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise."""
    monkeypatch.setattr(piping, "SECONDS", 0.3)
    with pytest.raises(UsageError, match="seconds and was ended"):
        pipe("sleep 60", b"x" * 5_000_000)
