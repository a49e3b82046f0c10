"""Changing an account in config.toml: what a person wrote stays, nothing wrong is written, no change is lost."""

from __future__ import annotations

import multiprocessing
import tomllib
from pathlib import Path

import pytest

from tui_mail.config import values
from tui_mail.config.accounts import load
from tui_mail.config.changing import (
    add_account,
    problem_of,
    remove_account,
    set_account,
    with_following_ports,
)
from tui_mail.errors import ConfigError, NotFound, UsageError
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import Paths, paths

WRITTEN = """\
# My mail.
[compose]
undo_send = 5   # seconds

[accounts.work]   # the office
name = "Anna Berg"
email = "anna@example.org"  # mine
[accounts.work.incoming]
host = "imap.example.org"   # old box
port = 993
# nobody else
user = "anna"

[accounts."the club"]
email = 'club@lake.example'
incoming = { host = "imap.lake.example", user = "club" }  # short

[accounts.work.outgoing]
host = "smtp.example.org"
"""


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    """An installation with a file that a person wrote."""
    found = paths(tmp_path)
    found.prepare()
    found.config_file.write_text(WRITTEN, "utf-8")
    return found


def text_of(home: Paths) -> str:
    return home.config_file.read_text("utf-8")


def test_one_value_and_nothing_else(home: Paths) -> None:
    """The comment beside it stays too."""
    set_account(home, "work", {"incoming.host": "mail.example.org"})
    assert text_of(home) == WRITTEN.replace('"imap.example.org" ', '"mail.example.org" ')
    assert home.config_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("work", {"name": "Anna B.", "aliases": ["*@b.org"], "incoming.port": 143, "incoming.security": "starttls"}),
        ("work", {"signature": "Anna\n\nBerg", "signatures.me@club.example": "Club", "keep_bodies": "90 days"}),
        ("work", {"name": None, "incoming.user": None}),
        ("work", {"outgoing": None}),
        ("work", {"outgoing.password_command": ["pass", "show", "x y"], "outgoing.user": "anna-send"}),
        ("the club", {"incoming.port": 10993, "outgoing.host": "smtp.lake.example"}),
        ("the club", {"protocol": "pop3", "incoming.delete_from_server": "14 days"}),
        ("the club", {"outgoing.host": None, "name": None}),
    ],
)  # fmt: skip
def test_every_change_is_read_back(home: Paths, name: str, changes: dict[str, object]) -> None:
    """What was asked for is there, all comments are, and the other accounts are as they were."""
    others = [account for account in load(home).accounts if account.name != name]
    set_account(home, name, changes)
    config = load(home)
    assert not config.problems
    assert [account for account in config.accounts if account.name != name] == others
    table = tomllib.loads(text_of(home))["accounts"][name]
    for key, value in changes.items():
        *above, last = key.split(".", 1)
        inner = table.get(above[0], {}) if above else table
        assert inner.get(last) == value
    for comment in ("# My mail.", "# seconds", "# the office", "# mine", "# nobody else", "# short"):
        assert comment in text_of(home)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"incoming.port": 99999}, "1 to 65535"),
        ({"incoming.security": "tsl"}, 'did you mean "tls"'),
        ({"incoming.security": "none"}, "in the clear"),
        ({"incoming.host": None}, "needs a host"),
        ({"incoming.hots": "x"}, 'did you mean "host"'),
        ({"email": "anna"}, "anna@example.org"),
        ({"aliases": ["x"]}, "must be an address"),
        ({"name": "Anna\x1b[31m"}, "control character"),
        ({"incoming.password": "hunter2"}, "must not stand in this file"),
        ({"incoming.delete_from_server": "at_once"}, "POP3 only"),
        ({"name": "Right", "keep_bodies": "wrong"}, "90 days"),
    ],
)
def test_nothing_wrong_is_written(home: Paths, changes: dict[str, object], words: str) -> None:
    """One sentence, and the file as it was."""
    with pytest.raises(ConfigError) as refused:
        set_account(home, "work", changes)
    assert words in refused.value.sentence
    assert refused.value.sentence.endswith("Nothing was changed.")
    assert text_of(home) == WRITTEN


def test_an_account_that_cannot_be_used_is_mended(home: Paths) -> None:
    """It is in the file, so it can be changed; what else is wrong is said."""
    home.config_file.write_text(WRITTEN.replace("port = 993", 'port = "x"\ncolour = 1'), "utf-8")
    assert [account.name for account in load(home).accounts] == ["the club"]
    with pytest.raises(ConfigError, match="Port must be a number"):
        set_account(home, "work", {"name": "A"})
    set_account(home, "work", {"incoming.port": 993})
    assert [account.name for account in load(home).accounts] == ["work", "the club"]


def test_unknown_accounts_and_broken_files(home: Paths) -> None:
    with pytest.raises(NotFound, match='did you mean "work"'):
        set_account(home, "wrok", {"name": "A"})
    home.config_file.write_text(f"{WRITTEN}[", "utf-8")
    with pytest.raises(ConfigError, match="nothing was changed"):
        set_account(home, "work", {"name": "A"})
    assert text_of(home) == f"{WRITTEN}["


def test_the_last_account_goes(home: Paths) -> None:
    """And the rest of the file stays."""
    remove_account(home, "the club")
    assert [account.name for account in load(home).accounts] == ["work"]
    remove_account(home, "work")
    assert load(home).accounts == ()
    assert load(home).compose.undo_send == 5
    assert "# seconds" in text_of(home)


def _add(root: Path, number: int) -> None:
    server = Server(f"imap{number}.example.org", 993, Security.TLS, "anna")
    add_account(paths(root), Account(f"a{number}", "", "anna@example.org", Protocol.IMAP, server))
    set_account(paths(root), f"a{number}", {"name": f"Anna {number}"})


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    """Each adds accounts and changes them at the same time."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        pool.starmap(_add, [(tmp_path, number) for number in range(12)])
    found = {account.name: account.full_name for account in load(paths(tmp_path)).accounts}
    assert found == {f"a{number}": f"Anna {number}" for number in range(12)}


def test_ports_follow_security() -> None:
    """Only one that was the usual one, and not one that is set at the same time."""
    server = Server("imap.example.org", 993, Security.TLS, "anna")
    account = Account("w", "", "a@b.example", Protocol.IMAP, server, Server("s.example", 4465, Security.TLS, "anna"))
    assert with_following_ports(account, {"incoming.security": "starttls"})["incoming.port"] == 143
    assert with_following_ports(account, {"protocol": "pop3"})["incoming.port"] == 995
    assert "outgoing.port" not in with_following_ports(account, {"outgoing.security": "starttls"})
    both = {"incoming.security": "starttls", "incoming.port": 1143}
    assert with_following_ports(account, both) == both
    assert with_following_ports(account, {"incoming.security": "nonsense"}) == {"incoming.security": "nonsense"}


def test_words_of_people() -> None:
    """Short names of keys, and text to values."""
    assert values.full_key("port") == "incoming.port"
    assert values.full_key("smtp.host") == "outgoing.host"
    assert values.full_key("password-command") == "incoming.password_command"
    assert values.full_key("full-name") == "name"
    assert values.full_key("signatures.me@a-b.example") == "signatures.me@a-b.example"
    with pytest.raises(UsageError, match='did you mean "save_sent"'):
        values.full_key("savesent")
    assert values.parsed("incoming.port", " 143 ") == 143
    assert values.parsed("incoming.port", "x") == "x"
    assert values.parsed("incoming.allow_cleartext", "yes") is True
    assert values.parsed("aliases", "a@b.example, C <c@d.example>") == ["a@b.example", "C <c@d.example>"]
    assert values.parsed("sendmail_command", "msmtp -a 'x y'") == ["msmtp", "-a", "x y"]
    assert values.parsed("signature", "A\\nB") == "A\nB"
    assert values.parsed("name", "  ") is None


def test_what_is_shown_changes_nothing(home: Paths) -> None:
    """The texts of an account, given back, are no change; one that differs is one."""
    for account in load(home).accounts:
        before = values.shown(account)
        assert values.changed(before, before) == {}
        assert values.changed(before, before | {"incoming.port": "995"}) == {"incoming.port": 995}


def test_problem_of_an_account() -> None:
    server = Server("imap.example.org", 993, Security.TLS, "anna")
    good = Account("w", "", "a@b.example", Protocol.IMAP, server)
    assert problem_of(good) == ""
    assert "email must be an address" in problem_of(Account("w", "", "a", Protocol.IMAP, server))
