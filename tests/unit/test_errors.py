"""The tree of errors is the one its docstring draws."""

from __future__ import annotations

import re

import pytest

from tui_mail import errors
from tui_mail.errors import CommandRefused, MailError, NotFound

DRAWN = re.compile(r"^ *[│ ]*(?:[├└]── )?(\w+) +(\d+)   \S", re.MULTILINE)

CLASSES = {
    name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, MailError)
}


def test_the_drawing_shows_every_error_with_its_exit_code() -> None:
    """No class without a line in the drawing, no line without a class, and the same codes in both."""
    drawn = {name: int(code) for name, code in DRAWN.findall(errors.__doc__ or "")}
    assert drawn == {name: value.exit_code for name, value in CLASSES.items()}


def test_the_drawing_shows_who_descends_from_whom() -> None:
    """The depth of a line is the number of ancestors of its class."""
    for line in (errors.__doc__ or "").splitlines():
        if match := DRAWN.match(line):
            name = match[1]
            depth = (len(line[: match.start(1)]) - 4) // 4
            assert len(CLASSES[name].__mro__) - len(MailError.__mro__) == depth, line


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_error_carries_a_sentence_and_a_detail(name: str) -> None:
    """Whatever is raised can be told to a person, and has more for the log."""
    error = CLASSES[name]("The mail is safe.", "EOF after 3 octets")
    assert (str(error), error.sentence, error.detail) == ("The mail is safe.",) * 2 + ("EOF after 3 octets",)


def test_what_a_server_said_is_made_safe_before_it_is_shown() -> None:
    """A server's words in a sentence cannot command the terminal."""
    assert "\x1b" not in NotFound("No folder \x1b[2J\r\nthere").shown
    assert "\n" not in NotFound("No folder \x1b[2J\r\nthere").shown


def test_a_refused_command_keeps_its_response_code() -> None:
    """NO [TRYCREATE] and BAD are told apart by those who must react."""
    refused = CommandRefused("The folder is not there.", "NO [TRYCREATE]", code="TRYCREATE", bad=False)
    assert (refused.code, refused.bad) == ("TRYCREATE", False)
