"""Which folder is for what, as config.toml says it: rules, words of the command line, a guard."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.test_config_guards import ALL_ROLES, WORK, names
from tui_mail.config import values
from tui_mail.config.accounts import load, parse
from tui_mail.config.changing import add_account, set_account
from tui_mail.config.guards import Seen, guards
from tui_mail.model import Role
from tui_mail.paths import paths

WRITTEN = """\
[accounts.work]  # the office
email = "anna@example.org"
[accounts.work.incoming]
host = "imap.example.org"
[accounts.work.folders]
archive = "Archives/2026"  # this year
"""


def test_read_and_written(tmp_path: Path) -> None:
    """By hand, by a program, and changed with the comments kept."""
    here = paths(tmp_path)
    here.prepare()
    here.config_file.write_text(WRITTEN)
    assert load(here).account("work").folders == ((Role.ARCHIVE, "Archives/2026"),)
    set_account(here, "work", {"folders.sent": "Sent/2026", "folders.archive": "Archives/2027"})
    assert 'archive = "Archives/2027"  # this year' in here.config_file.read_text()
    assert load(here).account("work").folders == ((Role.SENT, "Sent/2026"), (Role.ARCHIVE, "Archives/2027"))
    set_account(here, "work", {"folders.sent": None, "folders.archive": None})
    assert load(here).account("work").folders == ()
    other = replace(WORK, name="other", folders=((Role.TRASH, "Papierkorb"),))
    add_account(here, other)
    assert load(here).account("other") == other
    assert tomllib.loads(here.config_file.read_text())["accounts"]["other"]["folders"] == {"trash": "Papierkorb"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('archve = "X"', 'line 6, account "work": "archve" is not a known key; did you mean "archive"?'),
        ('archive = "inbox"', 'line 6, account "work": archive cannot be the inbox'),
        ('archive = "X"\ntrash = "X"', 'line 7, account "work": "X" is the folder for archive already'),
        ("archive = 5", 'line 6, account "work": "archive" must be a text'),
        ('archive = "a\\u0007"', 'line 6, account "work": "archive" holds a control character'),
        ('inbox = "X"', "known here: drafts, sent, archive, junk, trash"),
    ],
)
def test_what_cannot_be(line: str, sentence: str) -> None:
    """Said with its line; an account with a folder in doubt is not used."""
    config = parse("\n".join([*WRITTEN.splitlines()[:5], line]), Path("/"))
    [problem] = config.problems
    assert sentence in problem.sentence
    assert bool(config.accounts) is not problem.fatal


def test_words_of_the_command_line() -> None:
    """`tui-mail account set work archive=…` is enough."""
    assert values.full_key("archive") == "folders.archive"
    assert values.full_key("folders.sent") == "folders.sent"
    assert values.shown(replace(WORK, folders=((Role.JUNK, "Spam 2"),)))["folders.junk"] == "Spam 2"


def test_guard_for_a_folder_that_is_not_there() -> None:
    """One sentence; and an archive that was chosen is one."""
    account = replace(WORK, folders=((Role.ARCHIVE, "Gone"),))
    [guard] = guards(account, (), Seen(ALL_ROLES, wrong_folders=frozenset({Role.ARCHIVE})))
    assert guard.name == "wrong-folder"
    assert guard.words.count('"Gone" as the archive folder of work') == 1
    assert names(account, seen=Seen(frozenset({Role.TRASH}))) == []
