"""What config.toml says about writing: identities, signatures, the table [compose], and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui_mail.client.identities import identities_of
from tui_mail.config.accounts import load, parse
from tui_mail.config.changing import add_account
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.outgoing import ComposeSettings
from tui_mail.paths import paths

ACCOUNT = """
[accounts.work]
name = "Anna Berg"
email = "anna@example.org"
aliases = ["anna@club.example", "A. Berg <berg@example.org>", "*@anna.example"]
signature = "Anna\\nBerg"
language = "fr"
save_sent = "copy"
{more}
[accounts.work.incoming]
host = "imap.example.org"
[accounts.work.signatures]
"anna@club.example" = "the club"
"""


def test_identities() -> None:
    """The account's own address first, then its aliases, each with its name and signature."""
    [account] = parse(ACCOUNT.format(more=""), Path("/")).accounts
    assert [(one.name, one.email, one.signature) for one in identities_of(account)] == [
        ("Anna Berg", "anna@example.org", "Anna\nBerg"),
        ("Anna Berg", "anna@club.example", "the club"),
        ("A. Berg", "berg@example.org", "Anna\nBerg"),
        ("Anna Berg", "*@anna.example", "Anna\nBerg"),
    ]
    assert (account.language, account.save_sent, account.can_send) == ("fr", "copy", False)


def test_compose_table() -> None:
    """Every key, and what is left out."""
    text = """
[compose]
undo_send = 0
editor = "vim -c startinsert"
markdown = true
spell_command = "hunspell -a -d fr"
address_book_command = ["khard", "email", "--parsable", "%s"]
vcard_folder = "~/contacts"
"""
    config = parse(text, Path("/"))
    assert config.problems == ()
    assert config.compose == ComposeSettings(
        undo_send=0,
        editor="vim -c startinsert",
        markdown=True,
        spell_command=("hunspell", "-a", "-d", "fr"),
        address_book_command=("khard", "email", "--parsable", "%s"),
        vcard_folder=str(Path("~/contacts").expanduser()),
    )
    assert parse("", Path("/")).compose == ComposeSettings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[compose]\nundo_send = 4000\n", "line 2: undo_send must be a number of seconds"),
        ("[compose]\nundo_send = true\n", "undo_send must be"),
        ("[compose]\nmarkdown = 1\n", "true or false"),
        ("[compose]\nedit = 'vi'\n", 'did you mean "editor"'),
        ("[compose]\nspell_command = 3\n", "must be a list of words"),
        ("compose = 3\n", "must be a table"),
    ],
)
def test_compose_table_that_cannot_be(text: str, words: str) -> None:
    """One sentence with its line; the accounts work all the same."""
    config = parse(text if "compose = 3" in text else ACCOUNT.format(more="") + text, Path("/"))
    assert any(words.partition(": ")[2] in problem.sentence for problem in config.problems), config.problems
    assert len(config.accounts) == (0 if "compose = 3" in text else 1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('attribution = "a\\nb"', "control character"),
        ('sendmail_command = ["", "x"]', "must be a list of words"),
        ('smime_key = "a\\u0000"', "control character"),
    ],
)
def test_account_that_cannot_be(more: str, words: str) -> None:
    """The account is left out, with the reason."""
    config = parse(ACCOUNT.format(more=more), Path("/"))
    assert config.accounts == ()
    assert words in config.problems[0].sentence


def test_alias_that_is_no_address() -> None:
    """It is said which."""
    config = parse(ACCOUNT.format(more="").replace("anna@club.example", "anna at club", 1), Path("/"))
    assert '"anna at club" must be an address' in config.problems[0].sentence


def test_account_is_written_and_read_back(tmp_path: Path) -> None:
    """Everything about writing survives the file."""
    account = Account(
        "work", "Anna", "anna@example.org", Protocol.IMAP, Server("h", 993, Security.TLS, "anna@example.org"),
        aliases=("*@anna.example",), signature="a\n-b", signatures=(("x@y.example", "c"),), language="de",
        attribution="{name}:", save_sent="never", sendmail_command=("sendmail", "-t x"),
        smime_certificate="/a.pem", smime_key="/a.key", smime_folder="/certs",
    )  # fmt: skip
    add_account(paths(tmp_path), account)
    assert load(paths(tmp_path)).accounts == (account,)
    assert replace(account, sendmail_command=()).can_send is False
