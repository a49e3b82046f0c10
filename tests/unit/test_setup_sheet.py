"""The answers of the assistant: how they follow from each other, and what is kept of them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tui_mail.config.accounts import load
from tui_mail.config.changing import add_account
from tui_mail.errors import ConfigError
from tui_mail.model import Account, Protocol, Role, Security, Server
from tui_mail.paths import Paths, paths
from tui_mail.settings import Candidate, Discovery, Found, mismatch
from tui_mail.ui.screens.setup_pages import reads_french
from tui_mail.ui.sheet import Sheet, forget, keep, kept, name_for

ADDRESS = "anna@example.org"


def server(host: str, port: int, security: Security = Security.TLS, user: str = ADDRESS) -> Server:
    return Server(host, port, security, user)


IMAP = Candidate(
    Protocol.IMAP, server("imap.example.org", 993), server("smtp.example.org", 587, Security.STARTTLS), Found.DOMAIN
)
POP3 = Candidate(Protocol.POP3, server("pop.example.org", 995), server("smtp.example.org", 465), Found.DOMAIN)


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    place = paths(tmp_path)
    place.prepare()
    return place


def filled() -> Sheet:
    sheet = Sheet("Anna Berg", ADDRESS, "geheim")
    sheet.take(IMAP)
    return sheet


def test_what_was_found_becomes_an_account(where: Paths) -> None:
    sheet = filled()
    account = sheet.account(where)
    assert (account.name, account.full_name, account.email) == ("example", "Anna Berg", ADDRESS)
    assert (account.incoming, account.outgoing) == (IMAP.incoming, IMAP.outgoing)
    assert sheet.secrets() == {"incoming": "geheim", "outgoing": "geheim"}
    add_account(where, account)
    assert load(where).accounts == (account,)
    assert sheet.account(where).name == "example-2"


@pytest.mark.parametrize(
    ("leg", "protocol", "port", "security", "ways"),
    [
        ("outgoing", Protocol.IMAP, 587, Security.TLS, [(465, Security.TLS), (587, Security.STARTTLS)]),
        ("outgoing", Protocol.IMAP, 465, Security.STARTTLS, [(587, Security.STARTTLS), (465, Security.TLS)]),
        ("incoming", Protocol.IMAP, 143, Security.TLS, [(993, Security.TLS), (143, Security.STARTTLS)]),
        ("incoming", Protocol.POP3, 110, Security.TLS, [(995, Security.TLS), (110, Security.STARTTLS)]),
        ("incoming", Protocol.IMAP, 993, Security.TLS, []),
        ("incoming", Protocol.POP3, 993, Security.STARTTLS, []),
        ("incoming", Protocol.IMAP, 1143, Security.STARTTLS, []),
    ],
)
def test_a_port_that_speaks_something_else(
    leg: str, protocol: Protocol, port: int, security: Security, ways: list[tuple[int, Security]]
) -> None:
    """Either the port or the security is changed, and nothing else."""
    asked = server("mail.example.org", port, security)
    cures = mismatch(leg, protocol, asked)  # type: ignore[arg-type]
    assert [(cure.server.port, cure.server.security) for cure in cures] == ways
    assert all((cure.server.host, cure.server.user) == (asked.host, asked.user) for cure in cures)


def test_the_port_follows_the_security_unless_it_was_chosen() -> None:
    sheet = filled()
    sheet.outgoing.secure(Security.TLS, "outgoing", sheet.protocol)
    assert sheet.outgoing.port == "465"
    sheet.outgoing.port = "2465"
    sheet.outgoing.secure(Security.STARTTLS, "outgoing", sheet.protocol)
    assert sheet.outgoing.port == "2465"


def test_another_protocol() -> None:
    """The servers that were found for it, else the usual port and a name that fits."""
    sheet = filled()
    sheet.change_protocol(Protocol.POP3, Discovery(ADDRESS, (IMAP, POP3)))
    assert (sheet.incoming.host, sheet.incoming.port, sheet.outgoing.port) == ("pop.example.org", "995", "465")
    sheet = filled()
    sheet.change_protocol(Protocol.POP3, None)
    assert (sheet.incoming.host, sheet.incoming.port) == ("pop.example.org", "995")
    sheet.change_protocol(Protocol.IMAP, None)
    assert (sheet.incoming.host, sheet.incoming.port) == ("imap.example.org", "993")


def test_the_policy_is_of_pop3_only(where: Paths) -> None:
    sheet = filled()
    sheet.delete_from_server = "at_once"
    assert sheet.account(where).delete_from_server == "never"
    sheet.change_protocol(Protocol.POP3, None)
    assert sheet.account(where).delete_from_server == "at_once"


def test_another_login_for_sending(where: Paths) -> None:
    sheet = filled()
    sheet.same_login, sheet.outgoing.user, sheet.outgoing_password = False, "anna", "anders"
    account = sheet.account(where)
    assert account.outgoing is not None
    assert (account.incoming.user, account.outgoing.user) == (ADDRESS, "anna")
    assert sheet.secrets() == {"incoming": "geheim", "outgoing": "anders"}


def test_what_has_no_field_is_taken_over(where: Paths) -> None:
    """Aliases, signatures, what becomes of sent mail; which folder is for what while it is the same server."""
    leg = Server("imap.x.example", 993, Security.TLS, "anna")
    known = Account(
        "x", "Anna", "anna@x.example", Protocol.IMAP, leg, aliases=("a@x.example",), signature="Anna",
        save_sent="never", folders=((Role.SENT, "Sent Items"),),
    )  # fmt: skip
    sheet = Sheet()
    sheet.import_from(known)
    made = sheet.account(where)
    assert (made.aliases, made.signature, made.save_sent) == (known.aliases, "Anna", "never")
    assert made.folders == known.folders
    sheet.incoming.host = "imap.y.example"
    assert sheet.account(where).folders == ()


@pytest.mark.parametrize(("auth", "written"), [("command", "password"), ("token", "oauth2")])
def test_a_command_instead_of_a_password(where: Paths, auth: str, written: str) -> None:
    sheet = filled()
    sheet.incoming.auth, sheet.incoming.command = auth, "pass show 'mail/my work'"
    account = sheet.account(where)
    assert account.incoming.auth == written
    assert account.incoming.password_command == ("pass", "show", "mail/my work")
    assert account.outgoing is not None
    assert account.outgoing.password_command == account.incoming.password_command
    assert sheet.secrets() == {}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("email", "anna", "no e-mail address"),
        ("email", "anna@@example.org", "no e-mail address"),
        ("host", "", "needs a host"),
        ("host", "imaps://mail.example.org", "host name alone"),
        ("port", "imaps", "is no number"),
        ("port", "70000", "Incoming: port must be a number from 1 to 65535"),
        ("command", "pass 'show", "command line"),
        ("command", "", "which command"),
    ],
)
def test_what_cannot_be_is_said(where: Paths, name: str, value: str, words: str) -> None:
    """One sentence, and nothing is written."""
    sheet = filled()
    if name == "command":
        sheet.incoming.auth = "command"
    setattr(sheet if name == "email" else sheet.incoming, name, value)
    with pytest.raises(ConfigError, match=words) as refused:
        sheet.account(where)
    assert "config.toml" not in refused.value.sentence  # there is none yet
    assert not where.config_file.exists()


def test_answers_of_a_run_that_was_not_finished(where: Paths) -> None:
    """Everything but secrets, in a file that only this person reads; gone when it is over."""
    sheet = filled()
    sheet.outgoing_password, sheet.same_login = "anders", False
    keep(where, sheet)
    file = where.state / "setup.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "geheim" not in file.read_text()
    assert "anders" not in file.read_text()
    again = kept(where)
    sheet.password = sheet.outgoing_password = ""
    assert again == sheet
    forget(where)
    assert kept(where) is None


@pytest.mark.parametrize("text", ["", "[]", '{"email": 1}', '{"full_name": "", "email": "", "protocol": "jmap"}'])
def test_a_broken_file_of_answers(where: Paths, text: str) -> None:
    (where.state / "setup.json").write_text(text)
    assert kept(where) is None


def test_secrets_are_in_no_words() -> None:
    assert "geheim" not in repr(filled())


@pytest.mark.parametrize(
    ("address", "name"),
    [("a@example.org", "example"), ("a@mail.example.org", "example"), ("a@localhost", "localhost"), ("a@ü.de", "mail")],
)
def test_what_an_account_is_called(address: str, name: str) -> None:
    assert name_for(address, ()) == name
    assert name_for(address, (name, f"{name}-2")) == f"{name}-3"


@pytest.mark.parametrize(
    ("environment", "french"),
    [
        ({"LANG": "fr_FR.UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_CA.UTF-8"}, True),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "fr:de"}, True),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, False),
        ({}, False),
    ],
)
def test_who_reads_french(environment: dict[str, str], french: bool) -> None:
    """As gettext has it, so that a provider's card is in the language of the other programs."""
    assert reads_french(environment) is french
