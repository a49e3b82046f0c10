"""Accounts of config.toml that read one mailbox."""

from __future__ import annotations

import pytest

from tui_mail.config.overlaps import overlaps
from tui_mail.model import Account, Protocol, Security, Server


def account(name: str, protocol: str, host: str, user: str = "anna", policy: str = "never", port: int = 1) -> Account:
    server = Server(host, port, Security.TLS, user)
    return Account(name, "", "anna@example.org", Protocol(protocol), server, delete_from_server=policy)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (account("a", "imap", "mail.example.org"), account("b", "pop3", "mail.example.org")),
        (account("a", "imap", "imap.example.org"), account("b", "pop3", "POP.example.org.")),
        (account("a", "pop3", "pop3.example.org"), account("b", "pop3", "pop.example.org", user="Anna@example.org")),
        (account("a", "imap", "localhost", port=1), account("b", "pop3", "localhost", port=2)),
    ],
)
def test_one_mailbox(one: Account, other: Account) -> None:
    """By host and user, whatever the provider calls its services."""
    [found] = overlaps([one, account("c", "imap", "imap.example.net"), other])
    assert found.accounts == ("a", "b")
    assert "twice" in found.sentence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (account("a", "imap", "imap.example.org"), account("b", "imap", "imap.example.org")),
        (account("a", "imap", "imap.example.org"), account("b", "pop3", "pop.example.net")),
        (account("a", "imap", "imap.example.org"), account("b", "pop3", "pop.example.org", user="ola")),
        (account("a", "pop3", "x.org", user="anna@x.org"), account("b", "pop3", "x.org", user="anna@y.org")),
        (account("a", "pop3", "localhost", port=1), account("b", "pop3", "localhost", port=2)),
        (account("a", "pop3", "mail.org"), account("b", "pop3", "org")),
        (account("a", "local", ""), account("b", "local", "")),
    ],
)
def test_two_mailboxes(one: Account, other: Account) -> None:
    """Two by IMAP lose nothing; another host, user or tunnel is another mailbox."""
    assert overlaps([one, other]) == []


def test_who_takes_from_whom() -> None:
    """The one that deletes is named, and the one that misses it."""
    [found] = overlaps(
        [account("a", "imap", "imap.example.org"), account("b", "pop3", "pop.example.org", policy="at_once")]
    )
    assert "b deletes there what it has fetched (at_once), which a then misses" in found.sentence
