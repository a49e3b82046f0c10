"""Settings that lose or double mail, and those that look like it and do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui_mail.config.guards import Seen, accounts_elsewhere, guards, two_profiles
from tui_mail.config.overlaps import one_mailbox
from tui_mail.model import Account, Protocol, Role, Security, Server
from tui_mail.paths import paths

WORK = Account(
    "work", "Anna", "anna@example.org", Protocol.IMAP, Server("imap.example.org", 993, Security.TLS, "anna@example.org")
)
ALL_ROLES = frozenset(Role)


def like(name: str, host: str = "", user: str = "", protocol: Protocol = Protocol.IMAP, **more: str) -> Account:
    """An account as WORK, but for what is said."""
    server = replace(WORK.incoming, host=host or WORK.incoming.host, user=user or WORK.incoming.user)
    return replace(WORK, name=name, incoming=server, protocol=protocol, **more)  # type: ignore[arg-type]


def names(account: Account, *others: Account, seen: Seen | None = None) -> list[str]:
    return [guard.name for guard in guards(account, others, seen)]


@pytest.mark.parametrize(
    "other",
    [
        like("b"),
        like("b", host="IMAP.Example.ORG."),
        like("b", host="mail.example.org"),
        like("b", user="Anna@Example.org"),
        like("b", user="anna"),
    ],
    ids=["the same", "capitals and a dot", "another name of the host", "capitals of the user", "without the domain"],
)
def test_the_same_account_twice(other: Account) -> None:
    """However it is spelt."""
    assert names(WORK, other) == ["same-mailbox"]
    assert guards(WORK, [other])[0].grave


@pytest.mark.parametrize(
    "other",
    [
        like("b", user="bea"),
        like("b", host="imap.example.net"),
        like("b", user="anna@other.example"),
        like("work", host="imap.example.org"),
    ],
    ids=["another user", "another host", "the same name in another domain", "itself"],
)
def test_another_mailbox(other: Account) -> None:
    """Nothing is said."""
    assert names(WORK, other) == []


def test_a_provider_with_two_names() -> None:
    """imap.gmail.com and pop.gmail.com are one house."""
    assert one_mailbox(like("a", host="imap.gmail.com"), like("b", host="pop.gmail.com", protocol=Protocol.POP3))


def test_tunnels_on_this_computer_are_different_servers() -> None:
    """Two ports of loopback are two places."""
    one = replace(WORK, incoming=Server("127.0.0.1", 1143, Security.TLS, "anna"))
    other = replace(one, name="b", incoming=replace(one.incoming, port=2143))
    assert names(one, other) == []


def test_pop3_that_deletes_beside_imap() -> None:
    """Said from both sides, and it names the one that takes mail away; without deleting, mail is only here twice."""
    pop = like("pop", host="pop.example.org", protocol=Protocol.POP3, delete_from_server="14 days")
    for one, other in ((WORK, pop), (pop, WORK)):
        (guard,) = guards(one, [other])
        assert guard.name == "pop-deletes"
        assert "set delete_from_server of pop to never" in guard.words
    assert names(WORK, replace(pop, delete_from_server="never")) == ["same-mailbox"]


@pytest.mark.parametrize(
    ("save_sent", "files", "expected"),
    [
        ("copy", True, ["sent-twice"]),
        ("copy", False, []),
        ("copy", None, []),
        ("server", False, ["sent-nowhere"]),
        ("server", True, []),
        ("auto", True, []),
        ("auto", False, []),
        ("never", False, []),
    ],
)
def test_who_files_sent_mail(save_sent: str, files: bool | None, expected: list[str]) -> None:
    """Both of them is twice, none of them is never."""
    seen = Seen(server_files_sent=files)
    assert names(replace(WORK, save_sent=save_sent), seen=seen) == expected


def test_folders_that_are_not_there() -> None:
    """No archive, and no trash; Gmail's All Mail is an archive, and a POP3 server has no folders to miss."""
    assert names(WORK, seen=Seen(frozenset({Role.INBOX}))) == ["no-archive", "no-trash"]
    assert names(WORK, seen=Seen(frozenset({Role.ALL, Role.TRASH}))) == []
    assert names(WORK, seen=Seen(ALL_ROLES)) == []
    assert names(WORK, seen=Seen()) == []
    assert names(replace(WORK, protocol=Protocol.POP3), seen=Seen(frozenset())) == []


def test_one_mailbox_in_two_homes(tmp_path: Path) -> None:
    """Grave when one of them deletes by POP3; a home that cannot be read says nothing, and this home is not another."""
    here, there, broken = paths(tmp_path / "here"), paths(tmp_path / "there"), paths(tmp_path / "broken")
    for home in (here, there, broken):
        home.prepare()
    text = (
        '[accounts.pop]\nemail = "anna@example.org"\nprotocol = "pop3"\n[accounts.pop.incoming]\n'
        'host = "pop.example.org"\nuser = "anna@example.org"\ndelete_from_server = "at_once"\n'
    )
    here.config_file.write_text(text)
    there.config_file.write_text(text)
    broken.config_file.write_text("[[[")
    elsewhere = accounts_elsewhere(here, [here, there, broken])
    assert [(home, account.name) for home, account in elsewhere] == [(there.config, "pop")]
    (guard,) = guards(WORK, (), elsewhere=elsewhere)
    assert guard.name == "two-homes"
    assert str(there.config) in guard.words
    assert guards(like("other", user="bea"), (), elsewhere=elsewhere) == []


def test_two_profiles_on_one_store() -> None:
    """The accounts that nobody knows are named, and never as something a terminal obeys."""
    words = two_profiles(["old", "evil\x1b[2J"]).words
    assert "old, evil" in words
    assert "\x1b" not in words


def test_the_gravest_comes_first() -> None:
    """Before what is only to be known."""
    assert names(WORK, like("b"), seen=Seen(frozenset())) == ["same-mailbox", "no-archive", "no-trash"]
