"""From an address to settings, on a small internet of this computer with real mail servers."""

from __future__ import annotations

import json
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers.dovecot import Dovecot, missing
from tests.servers.internet import ISPDB, LocalInternet, Page, autoconfig, page
from tests.servers.odd_certificates import certificate
from tests.servers.postfix import Postfix
from tests.servers.scripted import Peer, Scripted
from tui_mail.cli import run
from tui_mail.client import discovering, trying
from tui_mail.client.discovering import discover, known
from tui_mail.config.accounts import load
from tui_mail.errors import MailError, Unreachable, UsageError
from tui_mail.finding_commands import discovery_json, discovery_lines
from tui_mail.model import Protocol, Security
from tui_mail.net import lookups
from tui_mail.paths import paths
from tui_mail.settings import Discovery, Found, Need
from tui_mail.text import SafeText, is_safe

HOME = "home.example"
ANNA = f"anna.unmistakable@{HOME}"
NAMES = tuple(f"{name}.{HOME}" for name in ("imap", "pop", "smtp", "mail"))
WEB = (f"autoconfig.{HOME}", HOME, "autoconfig.hoster.example", "hoster.example")
OWN = f"autoconfig.{HOME}/mail/config-v1.1.xml"
WELL_KNOWN = f"{HOME}/.well-known/autoconfig/mail/config-v1.1.xml"


@pytest.fixture(scope="module")
def mail() -> Iterator[Dovecot]:
    """IMAP, POP3 and submission, with a certificate for the usual names of a domain."""
    need(missing())
    with Dovecot(relay=25, names=NAMES) as server:
        yield server


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalInternet]:
    """An internet with one domain, that takes mail and says nothing else."""
    with LocalInternet(tmp_path, monkeypatch, *WEB) as net:
        net.zone[HOME, "MX"] = [f"10 mx.{HOME}."]
        yield net


class Searched:
    """One search, with its log and its early results."""

    def __init__(self, net: LocalInternet, address: str = ANNA, stop: threading.Event | None = None) -> None:
        self.log: list[SafeText] = []
        self.early: list[Discovery] = []
        began = time.monotonic()
        self.found = discover(
            address, self.log.append, stop or threading.Event(), early=self.early.append, internet=net.internet
        )
        self.seconds = time.monotonic() - began

    @property
    def sources(self) -> list[Found]:
        return [candidate.found for candidate in self.found.candidates]

    def has(self, words: str) -> bool:
        """Whether a line of the log says this."""
        return any(words in line for line in self.log)


def all_of(mail: Dovecot, *, pop3: bool = True) -> str:
    """A file that names a real Dovecot."""
    ports = mail.ports
    servers = [f"imap localhost {ports['imaps']} SSL %EMAILADDRESS%"]
    servers += [f"pop3 localhost {ports['pop3s']} SSL %EMAILADDRESS%"] if pop3 else []
    return autoconfig(*servers, f"smtp localhost {ports['submissions']} SSL %EMAILADDRESS%")


def nothing_was_told(net: LocalInternet) -> bool:
    """Neither name servers nor web servers heard who is asking."""
    return b"unmistakable" not in b"".join(net.web.seen) and not any("unmistakable" in name for name in net.asked)


# --- the sources --------------------------------------------------------------------------------


@pytest.mark.server
@pytest.mark.parametrize("place", [OWN, WELL_KNOWN])
def test_the_domain_itself_says_where_its_mail_is(net: LocalInternet, mail: Dovecot, place: str) -> None:
    """Its file is read, its servers are looked at, and both ways to read are there."""
    net.trust(mail.ca_file)
    net.pages[place] = page(all_of(mail))
    search = Searched(net)
    imap, pop3 = search.found.candidates
    assert (imap.protocol, pop3.protocol) == (Protocol.IMAP, Protocol.POP3)
    assert imap.verified
    assert pop3.verified
    assert imap.found is Found.DOMAIN
    assert imap.why == f"{place.partition('/')[0]} · certificate ✓ · IDLE ✓ · sending ✓"
    assert imap.incoming.user == ANNA
    assert imap.incoming.ca_file == str(net.ca_file)
    assert [one.verified for early in search.early for one in early.candidates] == [False, False]
    assert nothing_was_told(net)
    assert all(map(is_safe, search.log))


@pytest.mark.server
def test_postfix_is_verified_as_the_way_to_send(net: LocalInternet, postfix: Postfix) -> None:
    """SRV records that name a Dovecot and a Postfix; POP3 and SMTP by STARTTLS."""
    dovecot = postfix.dovecot
    net.trust(dovecot.ca_file)
    net.trust(postfix.root / "ca.pem")
    net.zone[f"_imaps._tcp.{HOME}", "SRV"] = [f"0 1 {dovecot.ports['imaps']} localhost."]
    net.zone[f"_pop3._tcp.{HOME}", "SRV"] = [f"0 1 {dovecot.ports['pop3']} localhost."]
    net.zone[f"_submission._tcp.{HOME}", "SRV"] = [f"0 1 {postfix.ports['submission']} localhost."]
    found = Searched(net).found
    assert [(one.found, one.verified) for one in found.candidates] == [(Found.SRV, True)] * 2
    outgoing = found.candidates[0].outgoing
    assert outgoing is not None
    assert (outgoing.port, outgoing.security) == (postfix.ports["submission"], Security.STARTTLS)
    pop3 = found.best(Protocol.POP3)
    assert pop3 is not None
    assert pop3.incoming.security is Security.STARTTLS


@pytest.mark.server
def test_thunderbirds_database_is_asked_for_the_domain_only(net: LocalInternet, mail: Dovecot) -> None:
    """One request, which names the domain."""
    net.trust(mail.ca_file)
    net.pages[f"{ISPDB}/{HOME}"] = page(all_of(mail))
    search = Searched(net)
    assert search.sources[0] is Found.ISPDB
    assert search.found.candidates[0].why.startswith("Thunderbird's database · certificate ✓")
    assert f"GET /{HOME} HTTP/1.1".encode() in net.web.seen
    assert nothing_was_told(net)


@pytest.mark.server
def test_the_more_trusted_answer_counts_though_it_comes_later(net: LocalInternet, mail: Dovecot) -> None:
    """The database answers at once, the domain itself a moment later."""

    def slowly(peer: Peer) -> None:
        time.sleep(0.5)
        page(all_of(mail, pop3=False))(peer)

    net.trust(mail.ca_file)
    net.pages[OWN] = slowly
    net.pages[f"{ISPDB}/{HOME}"] = page(autoconfig("imap wrong.example 993 SSL u", "smtp wrong.example 465 SSL u"))
    search = Searched(net)
    assert search.sources == [Found.DOMAIN, Found.ISPDB]
    assert search.found.candidates[0].verified


@pytest.mark.server
def test_pop3_of_another_source_is_offered_too(net: LocalInternet, mail: Dovecot) -> None:
    """The domain names IMAP only; its SRV records name POP3."""
    net.trust(mail.ca_file)
    net.zone[f"_pop3s._tcp.{HOME}", "SRV"] = [f"0 1 {mail.ports['pop3s']} localhost."]

    def slowly(peer: Peer) -> None:
        time.sleep(0.5)
        page(all_of(mail, pop3=False))(peer)

    net.pages[OWN] = slowly
    found = Searched(net).found
    pop3 = found.best(Protocol.POP3)
    assert pop3 is not None
    assert (pop3.found, pop3.verified) == (Found.SRV, True)
    assert found.candidates[0].found is Found.DOMAIN


def test_the_mail_exchanger_says_who_the_provider_is(net: LocalInternet) -> None:
    """A domain of one's own at a known provider: its card and its servers, which do not exist on this internet."""
    net.zone[HOME, "MX"] = ["1 aspmx.l.google.com.", "5 alt1.aspmx.l.google.com."]
    search = Searched(net)
    assert search.found.card is not None
    assert search.found.card.name == "Gmail"
    assert search.sources == [Found.MX, Found.MX]
    assert search.found.candidates[0].incoming.host == "imap.gmail.com"
    assert search.found.candidates[0].incoming.user == ANNA
    assert not search.found.candidates[0].verified
    assert search.found.candidates[0].why.startswith("MX → Gmail · There is no server called imap.gmail.com")
    assert search.found.problem is None
    assert search.has("aspmx.l.google.com → Gmail")


@pytest.mark.server
def test_servers_of_a_domain_whose_mail_is_elsewhere_are_not_looked_for(net: LocalInternet, mail: Dovecot) -> None:
    """What answers at mail.home.example is the web hoster's, and the mail is at Proton."""
    usual_names(net, mail)
    net.zone[HOME, "MX"] = ["10 mail.protonmail.ch."]
    search = Searched(net)
    assert {candidate.incoming.host for candidate in search.found.candidates} == {"127.0.0.1"}
    assert search.found.card is not None
    assert search.found.card.need is Need.BRIDGE


def test_a_domain_whose_mail_no_program_can_read_is_said(net: LocalInternet) -> None:
    """A domain of one's own at a provider without IMAP."""
    net.zone[HOME, "MX"] = ["10 mail.tutanota.de."]
    found = Searched(net).found
    assert found.candidates == ()
    assert found.card is not None
    assert found.problem is not None
    assert found.problem.sentence == found.card.hint


@pytest.mark.server
@pytest.mark.parametrize("place", ["autoconfig.hoster.example/mail/config-v1.1.xml", f"{ISPDB}/hoster.example"])
def test_the_provider_of_the_exchanger_is_asked(net: LocalInternet, mail: Dovecot, place: str) -> None:
    """mx1.in.hoster.example: what hoster.example and the database say of hoster.example."""
    net.trust(mail.ca_file)
    net.zone[HOME, "MX"] = ["10 mx1.in.hoster.example."]
    net.pages[place] = page(all_of(mail, pop3=False))
    search = Searched(net)
    assert search.sources == [Found.MX]
    assert search.found.candidates[0].verified
    assert search.has("mx1.in.hoster.example → hoster.example")
    assert nothing_was_told(net)


# --- looking around -----------------------------------------------------------------------------


def usual_names(net: LocalInternet, mail: Dovecot) -> None:
    """A self-hosted domain, whose servers are where servers usually are."""
    ports = mail.ports
    net.trust(mail.ca_file)
    net.hosts[f"imap.{HOME}", 993] = ports["imaps"]
    net.hosts[f"pop.{HOME}", 995] = ports["pop3s"]
    net.hosts[f"smtp.{HOME}", 465] = ports["submissions"]


@pytest.mark.server
def test_servers_that_nobody_names_are_found_under_usual_names(net: LocalInternet, mail: Dovecot) -> None:
    """IMAP, POP3 and SMTP with their usual ports, verified with the names that were looked for."""
    usual_names(net, mail)
    search = Searched(net)
    imap, pop3 = search.found.candidates
    assert (imap.incoming.host, imap.incoming.port) == (f"imap.{HOME}", 993)
    assert (pop3.incoming.host, pop3.incoming.port) == (f"pop.{HOME}", 995)
    assert imap.outgoing is not None
    assert (imap.outgoing.host, imap.outgoing.port) == (f"smtp.{HOME}", 465)
    assert search.sources == [Found.PROBE, Found.PROBE]
    assert imap.verified
    assert pop3.verified
    assert search.seconds < discovering.TOTAL
    assert "unmistakable" not in mail.log


@pytest.mark.server
def test_starttls_is_tried_where_tls_does_not_answer(net: LocalInternet, mail: Dovecot) -> None:
    """Ports 143 and 587 only: what is found is still encrypted and verified."""
    net.trust(mail.ca_file)
    net.hosts[f"mail.{HOME}", 143] = mail.ports["imap"]
    net.hosts[f"mail.{HOME}", 587] = mail.ports["submission"]
    search = Searched(net)
    [imap] = search.found.candidates
    assert (imap.incoming.port, imap.incoming.security) == (143, Security.STARTTLS)
    assert imap.outgoing is not None
    assert (imap.outgoing.port, imap.outgoing.security) == (587, Security.STARTTLS)
    assert imap.verified


@pytest.mark.server
def test_a_certificate_that_is_not_trusted_is_a_guess_for_a_person(net: LocalInternet, mail: Dovecot) -> None:
    """The servers are there, nobody vouches for them: not verified, and said."""
    usual_names(net, mail)
    net.ca_file.write_bytes((net.ca_file.parent / "ca.pem").read_bytes())
    search = Searched(net)
    assert search.found.candidates
    assert {one.found for one in search.found.candidates} == {Found.GUESS}
    assert not any(one.verified for one in search.found.candidates)
    assert search.found.candidates[0].why.startswith("certificate not trusted · The certificate of")
    assert "unmistakable" not in mail.log


@pytest.mark.server
def test_words_of_a_file_that_lead_nowhere_do_not_hide_real_servers(net: LocalInternet, mail: Dovecot) -> None:
    """A stale file names servers that are gone; what answers comes first."""
    usual_names(net, mail)
    net.pages[OWN] = page(autoconfig("imap old.example 993 SSL u", "smtp old.example 465 SSL u"))
    search = Searched(net)
    assert search.sources[0] is Found.PROBE
    assert search.sources[-1] is Found.DOMAIN


# --- enemies ------------------------------------------------------------------------------------


def greeting_of_anybody(peer: Peer) -> None:
    """Says yes to everything, in clear text."""
    peer.say(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN LOGIN] welcome, log in please")
    peer.wait_for_end()


def test_a_server_that_is_named_gets_no_credential(net: LocalInternet) -> None:
    """A file leads to a server without TLS that would like a password: it gets the beginning of a TLS handshake."""
    with Scripted(greeting_of_anybody) as trap:
        net.pages[OWN] = page(
            autoconfig(
                f"imap localhost {trap.port} SSL %EMAILADDRESS%",
                f"imap localhost {trap.port} STARTTLS %EMAILADDRESS%",
                f"imap localhost {trap.port} plain %EMAILADDRESS%",
                f"pop3 localhost {trap.port} STARTTLS %EMAILADDRESS%",
                f"smtp localhost {trap.port} STARTTLS %EMAILADDRESS%",
            )
        )
        search = Searched(net)
        assert not any(one.verified for one in search.found.candidates)
        assert all(one.incoming.security is not Security.NONE for one in search.found.candidates)
    assert b"unmistakable" not in b"".join(trap.seen)
    assert any(line.endswith(b"STARTTLS") or line.startswith(b"\x16\x03") for line in trap.seen)


@pytest.mark.parametrize(
    "answer",
    [
        page(b"<clientConfig>" + b" " * 100_000),
        page(b"<html>Parked. \x1b[31m</html>"),
        page('<!DOCTYPE x [<!ENTITY a "b">]><clientConfig>&a;</clientConfig>'),
        page(autoconfig("imap imap.example.org\x1b]0;x\x07 993 SSL u")),
        page("", "301 Moved", "Location: http://autoconfig.home.example/\x1b[2J"),
        lambda peer: peer.send(b"\xff" * 5000),
    ],
)
def test_a_hostile_file_is_a_line_of_the_log(net: LocalInternet, answer: Page) -> None:
    """Nothing is found, and nothing of it reaches the terminal."""
    net.pages[OWN] = net.pages[WELL_KNOWN] = net.pages[f"{ISPDB}/{HOME}"] = answer
    search = Searched(net)
    assert search.found.candidates == ()
    assert isinstance(search.found.problem, MailError)
    assert search.has(OWN)
    assert all(map(is_safe, search.log))


# --- time, offline, stop ------------------------------------------------------------------------


def test_a_known_provider_is_answered_without_any_network(net: LocalInternet) -> None:
    """In less than 50 ms of work, before anything was looked at, and without a question to anybody."""
    began = time.thread_time()
    found = known("anna@gmail.com")
    assert time.thread_time() - began < 0.05
    assert found is not None
    assert found.card is not None
    assert found.card.need is Need.APP_PASSWORD
    first: list[float] = []
    began = time.thread_time()
    result = discover(
        "anna@gmail.com",
        lambda _: None,
        threading.Event(),
        early=lambda _: first.append(time.thread_time()),
        internet=net.internet,
    )
    assert first[0] - began < 0.05
    assert result.candidates[0].found is Found.PROVIDER
    assert net.asked == []
    assert net.web.seen == []


def test_an_unknown_address_is_not_in_the_table() -> None:
    """None, or the sentence that it is no address at all."""
    assert known(ANNA) is None
    with pytest.raises(UsageError):
        known("anna")
    with pytest.raises(UsageError):
        discover("anna", lambda _: None, threading.Event())


def test_a_provider_that_no_program_can_read_is_said(net: LocalInternet) -> None:
    """Its card is there, and the problem is the hint."""
    found = Searched(net, "anna@tuta.com").found
    assert found.candidates == ()
    assert found.card is not None
    assert found.problem is not None
    assert found.problem.sentence == found.card.hint
    at_once = known("anna@tuta.com")
    assert at_once is not None
    assert (at_once.candidates, at_once.card) == ((), found.card)


def test_a_domain_that_does_not_exist_is_said(net: LocalInternet) -> None:
    """And which one was probably meant."""
    search = Searched(net, "anna@gmial.com")
    assert search.found.problem is not None
    assert search.found.problem.sentence.startswith("There is no domain gmial.com.")
    assert "Did you mean gmail.com?" in search.found.problem.sentence
    assert search.has("gmial.com is not gmail.com")


def test_a_domain_without_mail_servers_is_said(net: LocalInternet) -> None:
    """It exists, and nothing answers under any usual name."""
    found = Searched(net).found
    assert found.candidates == ()
    assert found.problem is not None
    assert not isinstance(found.problem, Unreachable)
    assert found.problem.sentence.startswith(f"No mail servers were found for {HOME}.")


def another_name(folder: Path) -> Path:
    return certificate(folder, "login.hotel.example")


def over(folder: Path) -> Path:
    return certificate(folder, ISPDB, begins=-60, ends=-30)


def to_come(folder: Path) -> Path:
    return certificate(folder, ISPDB, begins=10, ends=30)


def signed_by_itself(folder: Path) -> Path:
    return certificate(folder, ISPDB, self_signed=True)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (another_name, "wants you to sign in first"),
        (over, "Set the clock"),
        (to_come, "Set the clock"),
        (signed_by_itself, "ca-certificates"),
    ],
)
def test_somebody_in_between_is_said(
    net: LocalInternet, tmp_path: Path, shown: Callable[[Path], Path], words: str
) -> None:
    """A hotel's network, a filter, a wrong clock: the database's own certificate is known to be good."""
    folder = shown(tmp_path / "between")
    if shown is not signed_by_itself:
        net.trust(folder / "ca.pem")
    with Scripted(lambda peer: peer.wait_for_end(), certificate=folder, tls=True) as between:
        net.hosts |= dict.fromkeys(net.hosts, between.port)
        found = Searched(net).found
    assert found.candidates == ()
    assert found.problem is not None
    assert words in found.problem.sentence
    assert not any(b"GET" in line for line in between.seen)


def no_route(*_: object, **__: object) -> object:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def hanging(*_: object, **__: object) -> object:
    time.sleep(30)
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.parametrize("resolver", [no_route, hanging])
def test_being_offline_is_said_soon(
    net: LocalInternet, monkeypatch: pytest.MonkeyPatch, resolver: Callable[..., object]
) -> None:
    """No name server answers, no name is known, or the system waits for one for very long."""
    net.names.silent = True
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    search = Searched(net)
    assert isinstance(search.found.problem, Unreachable)
    assert "offline" in search.found.problem.sentence
    assert search.found.candidates == ()
    assert search.seconds < 12


def test_hosts_that_swallow_everything_end_by_themselves(net: LocalInternet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every usual name leads to a server that never says a word: twelve seconds, in all."""
    monkeypatch.setattr(trying, "LIMIT", 2.0)
    monkeypatch.setattr(discovering, "TOTAL", 6.0)
    monkeypatch.setattr(discovering, "ASKING", 3.0)
    with Scripted(lambda peer: peer.wait_for_end()) as hole:
        for name in (*NAMES, *WEB, f"mx.{HOME}"):
            for port in (443, 993, 143, 995, 110, 465, 587):
                net.hosts[name, port] = hole.port
        search = Searched(net)
    assert search.seconds < 9
    assert search.found.candidates == ()
    assert search.found.problem is not None
    assert b"unmistakable" not in b"".join(hole.seen)


def test_stopping_ends_it_at_once(net: LocalInternet) -> None:
    """In the middle of everything, with what is known."""
    stop = threading.Event()

    def hang(peer: Peer) -> None:
        stop.set()
        peer.wait_for_end()

    net.pages[OWN] = hang
    search = Searched(net, stop=stop)
    assert search.seconds < 9
    assert search.found.candidates == ()
    assert search.found.problem is not None
    assert "stopped" in search.found.problem.sentence


def test_everything_is_told_on_the_thread_that_asked(net: LocalInternet) -> None:
    """The screen's thread rules are the caller's business alone."""
    threads = set()
    discover(ANNA, lambda _: threads.add(threading.current_thread()), threading.Event(), internet=net.internet)
    assert threads == {threading.current_thread()}


def test_a_lookup_has_less_time_than_the_whole() -> None:
    """The limits fit into each other."""
    assert lookups.QUICK < lookups.PATIENCE < trying.LIMIT < discovering.ASKING < discovering.TOTAL == 12


# --- what the command says ----------------------------------------------------------------------


@pytest.mark.server
def test_the_command_shows_what_was_found(net: LocalInternet, mail: Dovecot) -> None:
    """Lines for people, the same as JSON for programs."""
    net.trust(mail.ca_file)
    net.pages[OWN] = page(all_of(mail))
    found = Searched(net).found
    lines = discovery_lines(found)
    assert any(line.startswith(f"IMAP, seen: autoconfig.{HOME} · certificate ✓") for line in lines)
    assert f"  localhost:{mail.ports['imaps']} TLS, user {ANNA}" in lines
    assert all(map(is_safe, lines))
    shown = discovery_json(found)
    assert shown["candidates"][0]["verified"] is True
    assert shown["candidates"][0]["incoming"] == {
        "host": "localhost",
        "port": mail.ports["imaps"],
        "security": "tls",
        "user": ANNA,
        "auth": "password",
    }
    assert shown["provider"]["need"] == "password"


@pytest.mark.server
def test_the_command_that_is_proposed_adds_the_account(
    net: LocalInternet, mail: Dovecot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """To be pasted as it is: it writes the account that was found."""
    user = mail.new_user()
    net.trust(mail.ca_file)
    net.pages[OWN] = page(all_of(mail))
    found = Searched(net, f"{user}@{HOME}").found
    [line] = [line for line in discovery_lines(found) if line.startswith("To add it: tui-mail ")]
    words = shlex.split(line.removeprefix("To add it: tui-mail "))
    assert run([*words, "--home", str(tmp_path / "home"), "--password-command", "printf secret"]) == 0
    [account] = load(paths(str(tmp_path / "home"))).accounts
    assert replace(account.incoming, password_command=()) == found.candidates[0].incoming
    assert account.outgoing is not None
    assert replace(account.outgoing, password_command=()) == found.candidates[0].outgoing
    assert run(["--home", str(tmp_path / "home"), "sync", "--timeout", "30"]) == 0
    capfd.readouterr()


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("anna@tuta.com", 1, "Tuta has neither IMAP nor POP3"),
        ("anna", 2, "is no e-mail address"),
    ],
)
def test_the_command_says_why_there_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str, code: int, words: str
) -> None:
    """One sentence, an exit code, and the same as JSON; neither needs a network."""
    assert run(["--home", str(tmp_path), "account", "find", address, "--json"]) == code
    shown = capsys.readouterr()
    assert words in shown.err
    assert json.loads(shown.out)["exit"] == code
