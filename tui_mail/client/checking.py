"""Checking one server of an account, step by step: name, connection, TLS, greeting, login, mail.

What belongs here: the order of the steps, and what each of them tells a person. What must never be here: protocols
(net has them), what a failure means and what helps against it (cures), a change of settings, writing to the store.

The real sessions do the work; before them names and addresses are looked at, and after a failure whatever tells why. No
look sends a credential. Everything that waits for a server is done on threads of its own, so that `stop` is soon.
"""

from __future__ import annotations

import contextlib
import queue
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from tui_mail.client.attempt import Attempt, Told
from tui_mail.client.cures import CLOCK_SECONDS, Case, alternatives, explained
from tui_mail.config.providers import Provider, provider_of_exchanger
from tui_mail.config.rules import is_loopback
from tui_mail.errors import CertificateRefused, MailError, Unreachable
from tui_mail.mime.dates import parse_date
from tui_mail.model import Account, Security, Server
from tui_mail.net.addresses import Place, connect_each, places_of
from tui_mail.net.connection import refuse_cleartext, source_address
from tui_mail.net.failures import connect_failure
from tui_mail.net.looks import Certificate, Sight, certificate_of, date_in, look, service_of
from tui_mail.net.lookups import Internet, mail_exchangers
from tui_mail.settings import Cure, Leg, LegReport, Step, StepDone
from tui_mail.text import SafeText, safe_line

Tell = Callable[[StepDone], None]
Post = Callable[[Callable[[], object]], None]
"""Has something done on the thread of the check."""
T = TypeVar("T")
_SENTENCE_END = re.compile(r"(?<=[^.\s]{2})\. (?=[A-Z])")

NAME_SECONDS = 8.0
CONNECT_SECONDS = 6.0
LOOK_SECONDS = 8.0
"""Patience for what is looked at after a failure; all of it at once."""
EXPIRES_SOON = 10 * 86_400
WORTH_TELLING = {
    "imap": ("IDLE", "NOTIFY", "MOVE", "UIDPLUS", "CONDSTORE", "QRESYNC", "SPECIAL-USE", "COMPRESS=DEFLATE"),
    "pop3": ("UIDL", "TOP", "PIPELINING", "STLS", "EXPIRE", "LOGIN-DELAY"),
    "smtp": ("SIZE", "PIPELINING", "8BITMIME", "SMTPUTF8", "DSN"),
}
"""Extensions that make a difference to a person, by service."""


def check_leg(
    account: Account,
    leg: Leg,
    secret: str,
    tell: Tell,
    stop: threading.Event,
    *,
    letter: bool = False,
    other_secret: str | None = None,
    internet: Internet | None = None,
    instead_of_login: MailError | None = None,
) -> LegReport:
    """Try everything that this server is needed for; blocks for at most about a minute, so call it on a thread.

    `tell` is given each step once it has ended, on the calling thread. After `stop` was set it returns soon, with what
    was seen until then. `letter`: send a message to oneself through the outgoing server; with IMAP, also find out who
    files the Sent copy (`facts["sent_copy"]`: server | copy), for which `other_secret` is the incoming server's
    password (None: the same one). `internet`: whom to ask for MX records. Never raises a MailError: the report has it.

    `instead_of_login`: why there is no secret; everything before the login is tried, and this is the report's problem.
    """
    server = account.incoming if leg == "incoming" else account.outgoing
    if server is None:
        problem = MailError(f"Account {account.name} has no outgoing server, so there is nothing to check for sending.")
        return LegReport(leg, problem=problem)
    check = _Check(account, leg, server, tell, stop, internet or Internet())
    try:
        check.look_up()
        check.without = instead_of_login
        check.use(secret, secret if other_secret is None else other_secret, letter=letter)
    except _Stopped:
        return check.report(MailError("The check was stopped before its end; nothing was changed."))
    except MailError as error:
        return check.failed(error)
    return check.report(None)


class _Stopped(Exception):
    """`stop` was set."""


class _Check:
    """One check under way."""

    def __init__(
        self, account: Account, leg: Leg, server: Server, tell: Tell, stop: threading.Event, internet: Internet
    ) -> None:
        self.account, self.leg, self.server, self.stop = account, leg, server, stop
        self.service = service_of(account.protocol, leg)
        self.facts: dict[str, str] = {}
        self.warnings: list[SafeText] = []
        self._tell = tell
        self._internet = internet
        self._steps: list[StepDone] = []
        self.reached = Step.DNS
        self.without: MailError | None = None

    # --- reporting ----------------------------------------------------------------------------

    def done(self, step: Step, words: str, *, ok: bool = True) -> None:
        """A step has ended. On the calling thread only."""
        told = StepDone(self.leg, step, ok, safe_line(words, 400))
        self._steps.append(told)
        self._tell(told)

    def report(self, problem: MailError | None, cures: Sequence[Cure] = ()) -> LegReport:
        """What was seen until now."""
        facts = {key: str(safe_line(value, 2_000)) for key, value in self.facts.items()}
        return LegReport(self.leg, tuple(self._steps), problem, tuple(cures), tuple(self.warnings), facts)

    def failed(self, error: MailError) -> LegReport:
        """Tell the step that failed, look why, and report."""
        step = Step.TLS if isinstance(error, CertificateRefused) else self.reached
        try:
            case = self.apart(lambda _: self._case(error, step))
        except _Stopped:
            return self.report(error)
        problem, cures = explained(case)
        if case.sight.certificate is not None and step is Step.TLS:
            self._note(case.sight.certificate)
        self.done(step, _SENTENCE_END.split(problem.sentence)[0], ok=False)
        return self.report(problem, cures)

    def warn(self, words: str) -> None:
        """Something works, but badly."""
        self.warnings.append(safe_line(words))

    # --- before a session ---------------------------------------------------------------------

    def look_up(self) -> None:
        """The steps DNS and CONNECT, for all addresses. Raises Unreachable, CertificateRefused."""
        refuse_cleartext(self.server)
        host, port = self.server.host, self.server.port
        self.reached = Step.DNS
        places = self.apart(lambda _: self._places(), NAME_SECONDS)
        addresses = ", ".join(dict.fromkeys(place.address for place in places))
        self.facts["addresses"] = addresses
        self.done(Step.DNS, f"{host} → {addresses}" if addresses != host else addresses)
        self.reached = Step.CONNECT
        tried = self.apart(lambda _: connect_each(places, CONNECT_SECONDS))
        there = [one for one in tried if one.error is None]
        if not there:
            raise connect_failure(tried[0].error or TimeoutError(), self.server)
        missing = [one for one in tried if one.error is not None]
        if any(one.place.is_ipv6 for one in missing) and not any(one.place.is_ipv6 for one in there):
            self.warn(
                f"{host} has an IPv6 address, and it cannot be reached from here ({missing[0].place.address}); IPv4 "
                "works and is used. Ask whoever runs this network, or the provider."
            )
        elif missing:
            self.warn(f"{host} does not answer at {missing[0].place.address}; another of its addresses is used.")
        self.done(Step.CONNECT, f"{there[0].place.address}, port {port}, {1000 * there[0].seconds:.0f} ms")

    def _places(self) -> list[Place]:
        try:
            return places_of(self.server.host, self.server.port)
        except (OSError, UnicodeError, OverflowError) as error:
            raise connect_failure(error, self.server) from error

    # --- the session --------------------------------------------------------------------------

    def use(self, secret: str, other_secret: str, *, letter: bool) -> None:
        """The steps from TLS on. Raises MailError."""
        self.reached = Step.TLS if self.server.security is Security.TLS else Step.GREETING
        attempt = Attempt(self.account, self.leg, secret, other_secret, letter=letter, stop=self.stop)
        self.apart(lambda post: attempt.carry_out(_Carrier(self, post)))

    def greeted(self, words: str) -> None:
        """The server's first words."""
        self.facts["greeting"] = words
        told = parse_date(date_in(words)) if date_in(words) else None
        if told is not None and abs(told - time.time()) > CLOCK_SECONDS:
            self.warn(f"The clock of this computer and that of {self.server.host} are more than an hour apart.")
        if self.server.security is Security.STARTTLS:
            self.reached = Step.TLS

    def encrypted(self, version: str, cipher: str, certificate: Certificate | None) -> None:
        """TLS stands."""
        self.facts["tls"], self.facts["cipher"] = version, cipher
        words = version.replace("TLSv", "TLS ")
        if certificate is not None:
            self._note(certificate)
            words += f", certificate valid until {_day(certificate.ends)}"
            left = certificate.ends - time.time()
            if 0 < left < EXPIRES_SOON and not self.server.fingerprint:
                self.warn(f"The certificate of {self.server.host} ends on {_day(certificate.ends)}.")
        self.reached = Step.GREETING
        self.done(Step.TLS, words)

    def offered(self, capabilities: Sequence[str]) -> None:
        """The server is ready for a login."""
        self.facts["capabilities"] = " ".join(capabilities)
        self.reached = Step.LOGIN
        self.done(Step.GREETING, _telling(self.service, capabilities))

    def logged_in(self, capabilities: Sequence[str]) -> None:
        """The login is done; `capabilities`: what the server offers now, empty when it is the same."""
        self.facts["capabilities"] = " ".join(capabilities) or self.facts.get("capabilities", "")
        who = f"as {self.server.user}" if self.server.user else "without a login"
        self.reached = Step.MAIL
        self.done(Step.LOGIN, " · ".join(filter(None, (who, _telling(self.service, capabilities)))))

    def mail(self, words: str, facts: Mapping[str, str]) -> None:
        """The last step is done."""
        self.facts.update(facts)
        self.done(Step.MAIL, words)

    def _note(self, certificate: Certificate) -> None:
        self.facts["certificate"] = ", ".join(certificate.names)
        self.facts["issuer"] = certificate.issuer
        self.facts["valid"] = f"{_day(certificate.begins)} to {_day(certificate.ends)}"
        self.facts["fingerprint"] = certificate.fingerprint

    # --- after a failure ----------------------------------------------------------------------

    def _case(self, error: MailError, step: Step) -> Case:
        """Everything that can tell why, looked at at once."""
        server, reason = self.server, getattr(error, "reason", "")
        wants_sight = step in (Step.CONNECT, Step.TLS, Step.GREETING) and reason != "cleartext"
        wants_others = wants_sight and reason not in ("expired", "early", "name", "untrusted", "changed", "route")
        wants_others = wants_others or "no way to log in" in error.sentence
        ports = [server] if wants_sight else []
        ports += alternatives(self.leg, self.account.protocol, server) if wants_others else ()
        seen = dict(zip(ports, _looks(ports, self.service), strict=True))
        sight = seen.pop(server, Sight())
        owner = self._owner(sight) if reason == "name" else None
        return Case(
            account=self.account,
            leg=self.leg,
            server=server,
            step=step,
            error=error,
            now=time.time(),
            online=not isinstance(error, Unreachable) or is_loopback(server.host) or _has_route(),
            sight=sight,
            others=tuple(seen.items()),
            owner=owner,
        )

    def _owner(self, sight: Sight) -> Provider | None:
        """Whose the mail is: by the domain's MX, else by the certificate that was shown."""
        names: tuple[str, ...] = ()
        with contextlib.suppress(Unreachable):
            names = mail_exchangers(self.account.email.rpartition("@")[2], self._internet).hosts
        names += sight.certificate.names if sight.certificate else ()
        return next((found for name in names if (found := provider_of_exchanger(name.removeprefix("*.")))), None)

    # --- threads ------------------------------------------------------------------------------

    def apart(self, work: Callable[[Post], T], seconds: float = 0.0) -> T:
        """What `work` gives, done on a thread of its own, with what it posts done on this one.

        Raises _Stopped, and Unreachable after `seconds` (0: never); the thread is then left to its own time limits.
        """
        posted: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        ended: list[T] = []

        def run() -> None:
            try:
                result = work(posted.put)
            except BaseException as error:
                reason = error

                def fail() -> None:
                    raise reason

                posted.put(fail)
            else:
                posted.put(lambda: ended.append(result))

        began = time.monotonic()
        threading.Thread(target=run, name=f"check-{self.account.name}", daemon=True).start()
        while not ended:
            if self.stop.is_set():
                raise _Stopped
            if seconds and time.monotonic() - began > seconds:
                raise connect_failure(TimeoutError("name"), self.server)
            with contextlib.suppress(queue.Empty):
                posted.get(timeout=0.05)()
        return ended[0]


class _Carrier(Told):
    """Carries what a session sees to the check, step by step."""

    def __init__(self, check: _Check, post: Post) -> None:
        self._check, self._post = check, post

    def connected(self, peer: str) -> None:
        """As Witness."""
        self._post(lambda: self._check.facts.update(address=peer))

    def encrypted(self, line: ssl.SSLSocket) -> None:
        """As Witness."""
        version, cipher = line.version() or "", (line.cipher() or ("",))[0]
        certificate = certificate_of(line)
        self._post(lambda: self._check.encrypted(version, cipher, certificate))

    def greeted(self, words: str) -> None:
        """As Witness."""
        self._post(lambda: self._check.greeted(words))

    def offered(self, capabilities: Sequence[str]) -> None:
        """As Witness; without a secret the way ends here."""
        self._post(lambda: self._check.offered(capabilities))
        if self._check.without is not None and self._check.server.user:
            raise self._check.without

    def logged_in(self, capabilities: Sequence[str] = ()) -> None:
        """As Told."""
        self._post(lambda: self._check.logged_in(capabilities))

    def mail(self, words: str, **facts: str) -> None:
        """As Told."""
        self._post(lambda: self._check.mail(words, facts))


def _looks(ports: Sequence[Server], service: str) -> list[Sight]:
    """Every port looked at, all at once."""
    seen: dict[int, Sight] = {}

    def one(at: int, port: Server) -> None:
        seen[at] = look(port, service, timeout=LOOK_SECONDS)

    threads = [threading.Thread(target=one, args=each, daemon=True) for each in enumerate(ports)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * LOOK_SECONDS)
    return [seen.get(at, Sight()) for at in range(len(ports))]


def _has_route() -> bool:
    """Whether there is a way out of this computer; nothing is sent."""
    return bool(source_address("192.0.2.1") or source_address("2001:db8::1"))


def _telling(service: str, capabilities: Sequence[str]) -> str:
    """The extensions that make a difference, and how to log in."""
    words = {word.partition(" ")[0]: word for word in capabilities}
    known = [words[word] for word in WORTH_TELLING[service] if word in words]
    ways = [word.removeprefix("AUTH=") for word in words if word.startswith("AUTH=")]
    for word in ("SASL", "AUTH"):
        ways += words.get(word, "").split()[1:]
    return " · ".join(filter(None, (", ".join(known), f"login by {', '.join(ways)}" if ways else "")))


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
