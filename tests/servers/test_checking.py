"""Checking a server step by step: what a good one shows, and for every failure the sentence and the cure.

Each row of the tables of cures and of refusals is provoked over a real connection, and no look may send a credential.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.servers import pop3_scripted, smtp_scripted
from tests.servers.dovecot import Dovecot
from tests.servers.names import Exchangers, resolving
from tests.servers.odd_certificates import certificate
from tests.servers.postfix import Postfix
from tests.servers.scripted import CAPABILITIES, Peer, Scripted
from tui_mail.client.checking import check_leg
from tui_mail.client.cures import KNOWN
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.net.looks import described
from tui_mail.net.lookups import Internet
from tui_mail.net.refusals import REFUSALS
from tui_mail.settings import Leg, LegReport, Step, StepDone
from tui_mail.text import is_safe

PASSWORD = "zebra-secret"
HOST = "mail.custom.example"
EMAIL = "anna@custom.example"

pytestmark = pytest.mark.server


def account(server: Server, *, protocol: Protocol = Protocol.IMAP, leg: Leg = "incoming") -> Account:
    """Anna's account, with one server that is looked at."""
    other = Server("127.0.0.1", 1, Security.TLS, "anna")
    mine = Account("work", "Anna", EMAIL, protocol, server if leg == "incoming" else other)
    return replace(mine, outgoing=server) if leg == "outgoing" else mine


def check(
    whose: Account, leg: Leg = "incoming", *, secret: str = PASSWORD, internet: Internet | None = None, **more: object
) -> LegReport:
    """Check a leg, and see that what was told is what is reported."""
    told: list[StepDone] = []
    report = check_leg(
        whose,
        leg,
        secret,
        told.append,
        threading.Event(),
        internet=internet or Internet(nameservers=("127.0.0.1",), dns_port=9),
        **more,  # type: ignore[arg-type]
    )
    assert tuple(told) == report.steps
    assert [one.ok for one in report.steps] == [True] * (len(told) - 1) + [report.ok]
    return report


def steps(report: LegReport) -> list[Step]:
    """The steps that went well."""
    return [one.step for one in report.steps if one.ok]


def sentence(report: LegReport) -> str:
    """What is said of the failure."""
    assert report.problem is not None
    return report.problem.sentence


def sent_secret(server: Scripted) -> bool:
    """Whether the password was in anything that a client sent, plain or coded."""
    everything = b"\n".join(server.seen)
    coded = [b64encode(f"\0anna\0{PASSWORD}".encode()), b64encode(PASSWORD.encode())]
    return any(form in everything for form in (PASSWORD.encode(), *coded))


@contextmanager
def named(*hosts: str) -> Iterator[None]:
    """These hosts are on this computer."""
    with resolving(dict.fromkeys(hosts, ("127.0.0.1",))):
        yield


# --- what works -------------------------------------------------------------------------------


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP3])
def test_every_step_of_a_good_server_is_told(dovecot: Dovecot, protocol: Protocol, security: Security) -> None:
    """Name, connection, TLS, greeting, login and mail, in this order, with what a person wants to know of each."""
    user = dovecot.new_user()
    dovecot.deliver(user, b"Subject: one\r\n\r\none\r\n", b"Subject: two\r\n\r\ntwo\r\n")
    whose = replace(dovecot.account(user, protocol), incoming=dovecot.server(user, security, protocol))
    report = check(whose, secret="secret")
    assert report.ok, sentence(report)
    assert steps(report) == list(Step)
    words = {one.step: one.words for one in report.steps}
    assert words[Step.DNS] == "localhost → 127.0.0.1"
    assert words[Step.TLS].startswith("TLS 1.3, certificate valid until ")
    assert "PLAIN" in words[Step.GREETING]
    if protocol is Protocol.IMAP:
        assert "MOVE" in words[Step.LOGIN]
        assert words[Step.MAIL] == "6 folders: archive, drafts, junk, sent, trash"
        assert report.facts["roles"] == "archive drafts junk sent trash"
    else:
        assert words[Step.MAIL] == "2 messages"
    assert len(report.facts["fingerprint"]) == 64
    assert "secret" not in str(report)


def test_looking_at_a_maildrop_takes_nothing_from_it(dovecot: Dovecot) -> None:
    """After the check by POP3 the mail is still there, and unread."""
    user = dovecot.new_user()
    dovecot.deliver(user, b"Subject: one\r\n\r\none\r\n")
    assert check(dovecot.account(user, Protocol.POP3), secret="secret").ok
    client = dovecot.connect(user, "INBOX")
    _, data = client.uid("FETCH", "1:*", "(FLAGS)")
    client.logout()
    assert len(data) == 1
    assert b"\\Seen" not in data[0]


def test_a_letter_to_oneself_arrives_and_tells_who_files_it(postfix: Postfix) -> None:
    """It is sent once, it is in the INBOX, and the Sent folder stays empty: tui-mail has to file."""
    user = postfix.new_user()
    whose = postfix.account(user)
    report = check(whose, "outgoing", secret=postfix.dovecot.passwords[user], letter=True)
    assert report.ok, sentence(report)
    assert report.facts["sent_copy"] == "copy"
    assert report.steps[-1].words.startswith(f"sent to {whose.email}")
    deadline = time.monotonic() + 20
    found: list[bytes] = []
    while not found and time.monotonic() < deadline:
        client = postfix.dovecot.connect(user, "INBOX")
        _, data = client.uid("SEARCH", "HEADER", "MESSAGE-ID", report.facts["message_id"])
        found = data[0].split()
        client.logout()
        threading.Event().wait(0.2)
    assert len(found) == 1


def test_a_provider_that_files_sent_mail_is_noticed(postfix: Postfix) -> None:
    """Somebody else puts the letter into Sent, as some providers do: then tui-mail must not."""
    user = postfix.new_user()
    over = threading.Event()

    def file_it() -> None:
        while not over.wait(0.1):
            client = postfix.dovecot.connect(user, "INBOX")
            _, data = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
            found = [part[1] for part in data if isinstance(part, tuple)]
            if found:
                client.append("Sent", "(\\Seen)", "", found[0])  # type: ignore[arg-type]
            client.logout()
            if found:
                return

    provider = threading.Thread(target=file_it)
    provider.start()
    try:
        report = check(postfix.account(user), "outgoing", secret=postfix.dovecot.passwords[user], letter=True)
    finally:
        over.set()
        provider.join(10)
    assert report.ok, sentence(report)
    assert report.facts["sent_copy"] == "server"


def test_clocks_that_are_apart_are_said(tmp_path: Path) -> None:
    """A greeting with another date is a warning, and nothing fails."""
    script = smtp_scripted.answering(
        greeting=b"220 mail.custom.example ESMTP; Mon, 2 Mar 2020 10:00:00 +0000",
        extensions=(*smtp_scripted.EXTENSIONS, b"AUTH PLAIN"),
    )
    with named(HOST), Scripted(script, certificate=certificate(tmp_path, HOST), tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=HOST), leg="outgoing"), "outgoing")
    assert report.ok, sentence(report)
    assert any("clock" in warning for warning in report.warnings)


def test_a_certificate_that_ends_soon_is_said(tmp_path: Path) -> None:
    """Before it is a failure."""
    folder = certificate(tmp_path, HOST, ends=3)
    with named(HOST), Scripted(imap, certificate=folder, tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=HOST)))
    assert any("ends on" in warning for warning in report.warnings)


def test_without_being_asked_nothing_is_sent(postfix: Postfix) -> None:
    """The check of the outgoing server ends with the login."""
    user = postfix.new_user()
    report = check(postfix.account(user), "outgoing", secret=postfix.dovecot.passwords[user])
    assert report.ok, sentence(report)
    assert steps(report) == list(Step)[:-1]


def test_without_a_secret_everything_before_the_login_is_seen(dovecot: Dovecot) -> None:
    """The reason is the problem, and no login was tried."""
    from tui_mail.errors import SecretUnavailable

    reason = SecretUnavailable("No password is stored.")
    report = check(dovecot.account(dovecot.new_user()), secret="", instead_of_login=reason)
    assert report.problem is reason
    assert steps(report) == list(Step)[:4]


def test_it_ends_soon_when_it_is_stopped(tmp_path: Path) -> None:
    """A server that says nothing does not hold up whoever wants to leave."""
    stop = threading.Event()

    def script(peer: Peer) -> None:
        stop.set()
        peer.wait_for_end()

    with Scripted(script, certificate=certificate(tmp_path, "localhost"), tls=True) as server:
        began = time.monotonic()
        whose = account(replace(server.server(Security.TLS), host="localhost"))
        report = check_leg(whose, "incoming", PASSWORD, lambda _: None, stop)
    assert time.monotonic() - began < 9
    assert not report.ok
    assert "stopped" in sentence(report)


def test_a_broken_ipv6_is_said_and_does_not_matter(dovecot: Dovecot) -> None:
    """An address that leads nowhere beside one that works: a warning, and no time lost."""
    user = dovecot.new_user()
    began = time.monotonic()
    with resolving({"localhost": ("100::1", "127.0.0.1")}):
        report = check(dovecot.account(user), secret="secret")
    assert report.ok, sentence(report)
    assert "IPv6" in report.warnings[0]
    assert report.facts["address"] == "127.0.0.1"
    assert time.monotonic() - began < 36


def test_nothing_that_a_server_says_reaches_a_terminal_as_it_is(tmp_path: Path) -> None:
    """Escape sequences in the greeting, in capabilities and in the refusal; and the password that it repeats."""

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=\x1b]0;x\x07 SASL-IR] \x1b[2J\xe2\x80\xae ready")
        tag, _ = peer.command(b"AUTHENTICATE ")
        peer.say(tag + b" NO \x1b[31m" + PASSWORD.encode() + b" is wrong")
        peer.wait_for_end()

    with named(HOST), Scripted(script, certificate=certificate(tmp_path, HOST), tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=HOST)))
    assert report.problem is not None
    told = [*(one.words for one in report.steps), *report.facts.values(), *report.warnings, report.problem.shown]
    assert all(map(is_safe, told))
    assert PASSWORD not in "".join(told)


@pytest.mark.parametrize("part", [0, 1, 40, 200, -1])
def test_a_certificate_that_cannot_be_read_is_none(part: int, tmp_path: Path) -> None:
    """Cut off anywhere: no error, and nothing is known of it."""
    pem = (certificate(tmp_path, HOST) / "server.pem").read_text()
    assert described(ssl.PEM_cert_to_DER_cert(pem)[:part]) is None


# --- what fails, row by row -------------------------------------------------------------------


@dataclass
class Shown:
    """What came of a provoked failure."""

    report: LegReport
    said: tuple[str, ...]
    """Words of the sentence."""
    step: Step
    cures: tuple[str, ...] = ()
    """The buttons."""


Provoked = Callable[[Path], Shown]


def imap(peer: Peer) -> None:
    """An IMAP server that offers STARTTLS, and refuses every login."""
    peer.say(b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready")
    while True:
        tag, command = peer.command()
        if command.upper().startswith(b"STARTTLS"):
            peer.say(tag + b" OK go")
            peer.encrypt()
        elif command.upper().startswith(b"CAPABILITY"):
            peer.say(b"* CAPABILITY " + CAPABILITIES, tag + b" OK done")
        else:
            peer.say(tag + b" NO no")


def offline(folder: Path) -> Shown:
    """In a network namespace of its own a process has no network at all."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("unshare needs root")
    program = (
        "import threading; from tui_mail.client.checking import check_leg; from tui_mail.model import *\n"
        "server = Server('192.0.2.1', 993, Security.TLS, 'anna')\n"
        "report = check_leg(Account('a', '', 'a@example.org', Protocol.IMAP, server), 'incoming', 'x', print,"
        " threading.Event())\nprint(report.problem.sentence)"
    )
    done = subprocess.run(["unshare", "-n", sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "This computer is on no network" in done.stdout, done.stderr
    return Shown(LegReport("incoming"), (), Step.CONNECT)


def captive_portal(folder: Path) -> Shown:
    def script(peer: Peer) -> None:
        peer.sock.recv(1)
        peer.say(b"HTTP/1.1 302 Found", b"Location: http://login.hotel.example/", b"Content-Length: 0", b"")

    with Scripted(script) as server:
        report = check(account(server.server(Security.TLS)))
        assert not sent_secret(server)
    return Shown(report, ("A web page answers", "browser"), Step.TLS)


def port_25(folder: Path) -> Shown:
    with named(HOST):
        report = check(account(Server(HOST, 25, Security.STARTTLS, "anna"), leg="outgoing"), "outgoing")
    said = ("Port 25", "465", "587")
    return Shown(report, said, Step.CONNECT, ("Use port 465 with TLS", "Use port 587 with STARTTLS"))


def other_house(folder: Path) -> Shown:
    """A custom domain whose mail is at Google; the host that people guess has Google's certificate."""
    certificate(folder, "imap.gmail.com")
    with (
        named(HOST),
        Exchangers({"custom.example": ("aspmx.l.google.com",)}) as exchangers,
        Scripted(imap, certificate=folder, tls=True) as server,
    ):
        whose = account(replace(server.server(Security.TLS), host=HOST))
        report = check(whose, internet=exchangers.internet)
        assert not sent_secret(server)
    assert report.cures[0].server.host == "imap.gmail.com"
    assert report.cures[0].server.user == EMAIL
    return Shown(report, ("The mail of anna@custom.example is at",), Step.TLS, ("Use imap.gmail.com",))


def wrong_port(folder: Path) -> Shown:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    report = check(account(Server("127.0.0.1", port, Security.TLS, "anna")))
    return Shown(report, ("does not accept connections on port", "check the port"), Step.CONNECT)


def wrong_clock(folder: Path) -> Shown:
    """A certificate that is over by this computer's clock, and a greeting from another year."""
    certificate(folder, HOST, begins=-60, ends=-30)

    def script(peer: Peer) -> None:
        peer.say(b"220 mail.custom.example ESMTP ready; Mon, 2 Mar 2020 10:00:00 +0000")
        peer.wait_for_end()

    with named(HOST), Scripted(script, certificate=folder, tls=True) as server:
        whose = account(replace(server.server(Security.TLS), host=HOST), leg="outgoing")
        report = check(whose, "outgoing")
        assert not sent_secret(server)
    return Shown(report, ("clock says", "2020-03-02", "Set the clock"), Step.TLS)


def outdated(folder: Path) -> Shown:
    certificate(folder, HOST, begins=-60, ends=-30)
    with named(HOST), Scripted(imap, certificate=folder, tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=HOST)))
        assert not sent_secret(server)
    return Shown(report, ("was valid until", "this computer's date is", "must renew"), Step.TLS)


def wrong_name(folder: Path) -> Shown:
    certificate(folder, "other.example")
    with named(HOST), Scripted(imap, certificate=folder, tls=True) as server:
        whose = account(replace(server.server(Security.TLS), host=HOST))
        report = check(whose)
        assert not sent_secret(server)
        trusted = check(replace(whose, incoming=report.cures[0].server))
        assert Step.TLS in steps(trusted)
    assert report.facts["certificate"] == "other.example"
    return Shown(report, ("another name (other.example)", "fingerprint"), Step.TLS, ("Trust this certificate",))


def untrusted(folder: Path) -> Shown:
    certificate(folder, HOST, self_signed=True)
    with named(HOST), Scripted(imap, certificate=folder, tls=True) as server:
        whose = account(replace(server.server(Security.TLS), host=HOST))
        report = check(whose)
        assert not sent_secret(server)
        assert not whose.incoming.fingerprint, "a fingerprint is a person's decision"
        trusted = check(replace(whose, incoming=report.cures[0].server))
        assert Step.TLS in steps(trusted)
    return Shown(report, ("signed by itself", "SHA-256 fingerprint is"), Step.TLS, ("Trust this certificate",))


def changed(folder: Path) -> Shown:
    certificate(folder, HOST)
    with named(HOST), Scripted(imap, certificate=folder, tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=HOST, fingerprint="00" * 32)))
        assert not sent_secret(server)
    return Shown(
        report, ("another certificate than the one you decided to trust",), Step.TLS, ("Trust this certificate",)
    )


def tls_or_starttls(folder: Path) -> Shown:
    """STARTTLS spoken on a port where TLS is set: the other one was seen to work there, and is offered."""
    certificate(folder, HOST)
    with named(HOST), Scripted(imap, certificate=folder) as server:
        whose = account(replace(server.server(Security.TLS), host=HOST))
        report = check(whose)
        assert not sent_secret(server)
        cured = check(replace(whose, incoming=report.cures[0].server))
        assert steps(cured)[-1] is Step.GREETING
    return Shown(report, ("does not speak TLS",), Step.TLS, (f"Use port {server.port} with STARTTLS",))


def no_such_login(folder: Path) -> Shown:
    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2] ready")
        peer.wait_for_end()

    with named(HOST), Scripted(script, certificate=certificate(folder, HOST), tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=HOST)))
        assert not sent_secret(server)
    return Shown(report, ("accepts no password", "OAuth"), Step.LOGIN, ("Use OAuth",))


def no_login_here(folder: Path) -> Shown:
    """A server for servers: no AUTH."""
    with (
        named(HOST),
        Scripted(smtp_scripted.answering(tls=True), certificate=certificate(folder, HOST)) as server,
    ):
        report = check(account(replace(server.server(Security.STARTTLS), host=HOST), leg="outgoing"), "outgoing")
        assert not sent_secret(server)
    return Shown(report, ("no way to log in",), Step.LOGIN, ("Use port 465 with TLS", "Use port 587 with STARTTLS"))


def login(folder: Path) -> Shown:
    """A wrong password, or the other form of the user name."""
    with named(HOST), Scripted(imap, certificate=certificate(folder, HOST), tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=HOST)))
    return Shown(report, ("was not accepted", "Enter the password again"), Step.LOGIN, (f"Use the user name {EMAIL}",))


def provider_login(folder: Path) -> Shown:
    """The provider is known by its server: what it wants is said, and its own form of the user name is left alone."""
    host = "imap.fastmail.com"
    certificate(folder, host)
    with named(host), Scripted(imap, certificate=folder, tls=True) as server:
        report = check(account(replace(server.server(Security.TLS), host=host, user=EMAIL)))
    return Shown(report, ("was not accepted", "make an app password", "https://app.fastmail.com"), Step.LOGIN, ())


PROVOKED: dict[str, Provoked] = {
    "offline": offline,
    "captive-portal": captive_portal,
    "port-25": port_25,
    "other-house": other_house,
    "wrong-port": wrong_port,
    "wrong-clock": wrong_clock,
    "outdated": outdated,
    "wrong-name": wrong_name,
    "untrusted": untrusted,
    "changed": changed,
    "tls-or-starttls": tls_or_starttls,
    "no-such-login": no_such_login,
    "no-login-here": no_login_here,
    "provider-login": provider_login,
    "login": login,
}


@pytest.mark.parametrize("row", [known.name for known in KNOWN])
def test_every_failure_has_a_sentence_and_its_cures(row: str, tmp_path: Path) -> None:
    """Every row of the table, over a real connection."""
    shown = PROVOKED[row](tmp_path)
    if row == "offline":
        return
    for words in shown.said:
        assert words in sentence(shown.report)
    assert shown.report.steps[-1].step is shown.step
    assert tuple(cure.words for cure in shown.report.cures) == shown.cures


def test_a_host_that_does_not_exist_and_whose_mail_is_elsewhere() -> None:
    """The guessed host has no address, and MX says who has the mail: that provider's servers are offered."""
    with Exchangers({"custom.example": ("mx1.custom.example", "aspmx.l.google.com")}) as exchangers:
        report = check(account(Server("imap.custom.invalid", 993, Security.TLS, EMAIL)), internet=exchangers.internet)
    assert "does not exist" in sentence(report)
    assert [cure.server.host for cure in report.cures] == ["imap.gmail.com"]


def test_starttls_on_a_tls_port(dovecot: Dovecot) -> None:
    """Each side waits for the other's word there; TLS is found out by trying, and offered."""
    server = replace(dovecot.server(dovecot.new_user()), security=Security.STARTTLS)
    report = check(account(server))
    assert "speaks TLS from the start" in sentence(report)
    assert [cure.server.security for cure in report.cures] == [Security.TLS]
    assert check(account(report.cures[0].server), secret="secret").ok


# --- what providers say at the login ----------------------------------------------------------


@dataclass(frozen=True)
class Says:
    """A refusal as it comes over the line."""

    host: str
    words: bytes
    service: str = "imap"
    auth: str = "password"


SAID: dict[str, Says] = {
    "google-app-password": Says(
        "imap.gmail.com",
        b"NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833",
    ),
    "google-browser": Says("imap.gmail.com", b"NO [WEBALERT https://accounts.google.com/x] Web login required."),
    "switched-off": Says(
        "imap.gmail.com", b"NO [ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings page"
    ),
    "google-password": Says(
        "smtp.gmail.com", b"535 5.7.8 Username and Password not accepted. BadCredentials gsmtp", "smtp"
    ),
    "yahoo-password": Says("imap.mail.yahoo.com", b"NO [AUTHENTICATIONFAILED] AUTHENTICATE Invalid credentials"),
    "apple-password": Says("imap.mail.me.com", b"NO [AUTHENTICATIONFAILED] Authentication Failed"),
    "smtp-auth-disabled": Says(
        "smtp.office365.com",
        b"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        "smtp",
    ),
    "consent-missing": Says("outlook.office365.com", b"NO AADSTS65001: The user has not consented", auth="oauth2"),
    "not-assigned": Says("outlook.office365.com", b"NO AADSTS50105: not assigned to a role", auth="oauth2"),
    "client-disabled": Says("outlook.office365.com", b"NO AADSTS7000112: Application is disabled", auth="oauth2"),
    "second-factor": Says("outlook.office365.com", b"NO AADSTS50076: you must use multi-factor", auth="oauth2"),
    "sign-in-expired": Says("outlook.office365.com", b"NO AADSTS700082: The refresh token has expired", auth="oauth2"),
    "microsoft-oauth": Says(
        "smtp.office365.com", b"535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "smtp"
    ),
    "microsoft-oauth-elsewhere": Says(HOST, b'NO BasicAuthBlocked: AADSTS-less refusal "LogonFailed"'),
    "app-password": Says(HOST, b"-ERR [AUTH] Application password is REQUIRED", "pop3"),
    "locked": Says(HOST, b"NO Your account has been suspended"),
    "no-such-user": Says(HOST, b"-ERR [AUTH] no such user", "pop3"),
}
SERVICES: dict[str, tuple[Protocol, Leg]] = {
    "imap": (Protocol.IMAP, "incoming"),
    "pop3": (Protocol.POP3, "incoming"),
    "smtp": (Protocol.IMAP, "outgoing"),
}


def refusing(says: Says) -> Callable[[Peer], None]:
    """A server that takes everything but the login."""
    if says.service == "smtp":
        extensions = (*smtp_scripted.EXTENSIONS, b"AUTH PLAIN XOAUTH2")
        return smtp_scripted.answering(extensions=extensions, auth=says.words)
    if says.service == "pop3":
        return pop3_scripted.answering(**{"pass": says.words, "answer": says.words})

    def script(peer: Peer) -> None:
        peer.say(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2] ready")
        tag, _ = peer.command(b"AUTHENTICATE ")
        peer.say(tag + b" " + says.words)
        peer.wait_for_end()

    return script


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: row.name)
def test_what_a_provider_says_is_explained(row: object, tmp_path: Path) -> None:
    """Each row of the table: the provider's words come over TLS with its name, and the cure is in the sentence."""
    from tui_mail.net.refusals import Refusal

    assert isinstance(row, Refusal)
    says = SAID[row.name]
    protocol, leg = SERVICES[says.service]
    certificate(tmp_path, says.host)
    with named(says.host), Scripted(refusing(says), certificate=tmp_path, tls=True) as server:
        settings = replace(server.server(Security.TLS), host=says.host, auth=says.auth)
        report = check(account(settings, protocol=protocol, leg=leg), leg)
    assert row.cure in sentence(report)
    assert report.steps[-1].step is Step.LOGIN
    assert PASSWORD not in str(report)
    if "oauth" in row.name:
        assert [cure.words for cure in report.cures] == ["Use OAuth"]


@pytest.mark.parametrize(
    ("host", "protocol", "leg", "user", "words", "cures"),
    [
        ("imap.fastmail.com", Protocol.IMAP, "incoming", EMAIL, "make an app password", []),
        ("smtp.fastmail.com", Protocol.IMAP, "outgoing", EMAIL, "make an app password", []),
        ("imap.free.fr", Protocol.IMAP, "incoming", EMAIL, "Enter the password again. ", ["Use the user name anna"]),
    ],
)
def test_the_provider_is_known_by_its_server(
    tmp_path: Path, host: str, protocol: Protocol, leg: Leg, user: str, words: str, cures: list[str]
) -> None:
    """What it wants is in the sentence, and no other user name is proposed than the one it has."""
    certificate(tmp_path, host)
    says = Says(host, b"535 5.7.8 wrong" if leg == "outgoing" else b"NO [AUTHENTICATIONFAILED] wrong")
    with (
        named(host),
        Scripted(
            refusing(replace(says, service="smtp" if leg == "outgoing" else "imap")), certificate=tmp_path, tls=True
        ) as server,
    ):
        settings = replace(server.server(Security.TLS), host=host, user=user)
        whose = account(settings, protocol=protocol, leg=leg)
        if leg == "outgoing":
            whose = replace(whose, incoming=replace(whose.incoming, host="imap.fastmail.com"))
        report = check(whose, leg)
    assert words in sentence(report)
    assert "some providers" not in sentence(report)
    assert [cure.words for cure in report.cures] == cures
