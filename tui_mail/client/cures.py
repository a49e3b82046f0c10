"""Why a check failed and what would help: one table, from what was seen to a sentence and changes of settings.

What belongs here: the table and its words; the first row that fits wins, and where none does, the error's own sentence
stands. What must never be here: a network (checking has looked already), or a change that nobody decided on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from datetime import UTC, datetime

from tui_mail.config.providers import Provider, provider_of_host
from tui_mail.errors import AuthenticationRefused, CertificateRefused, MailError, Unreachable
from tui_mail.mime.dates import parse_date
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.net.bearer import advice
from tui_mail.net.failures import SAFE
from tui_mail.net.looks import Certificate, Sight, service_of
from tui_mail.net.refusals import known_refusal
from tui_mail.records import frozen
from tui_mail.settings import Cure, Leg, Need, Step, mismatch

CLOCK_SECONDS = 3_600
"""A clock that is further off than this can make a good certificate look bad."""


@frozen
class Case:
    """A check that failed, and what was looked at because of that."""

    account: Account
    leg: Leg
    server: Server
    step: Step
    error: MailError
    now: float
    """This computer's clock, seconds since the epoch."""
    online: bool = True
    """There is a way out of this computer."""
    sight: Sight = field(default_factory=Sight)
    """What was seen on the port of the settings."""
    others: tuple[tuple[Server, Sight], ...] = ()
    """What was seen with other ports and securities."""
    owner: Provider | None = None
    """Whose the mail of the account is, when it is a known provider."""

    @property
    def reason(self) -> str:
        """The error's own word for what happened; empty when it has none."""
        return self.error.reason if isinstance(self.error, CertificateRefused | Unreachable) else ""

    @property
    def service(self) -> str:
        """What the server is to speak: imap, pop3 or smtp."""
        return service_of(self.account.protocol, self.leg)

    @property
    def server_date(self) -> int | None:
        """The server's clock, when it told it."""
        return parse_date(self.sight.date) if self.sight.date else None


@frozen
class Known:
    """A failure that is known."""

    name: str
    fits: Callable[[Case], bool]
    sentence: Callable[[Case], str] | None = None
    """None: the error's own."""
    cures: Callable[[Case], tuple[Cure, ...]] = lambda _: ()


def explained(case: Case) -> tuple[MailError, tuple[Cure, ...]]:
    """The error with the sentence that fits best, and what would probably help."""
    known = next((row for row in KNOWN if row.fits(case)), None)
    if known is None:
        return case.error, ()
    if known.sentence is not None:
        case.error.sentence = known.sentence(case)
    return case.error, known.cures(case)


# --- cures ------------------------------------------------------------------------------------


def _elsewhere(case: Case) -> tuple[Cure, ...]:
    """Settings that were seen to work, else those that usually belong together."""
    seen = tuple(
        Cure(f"Use port {other.port} with {other.security.value.upper()}", other, case.leg)
        for other, sight in case.others
        if sight.speaks(case.service) and (sight.tls if other.security is Security.TLS else sight.starttls)
    )
    return seen or mismatch(case.leg, case.account.protocol, case.server)


def _trust(case: Case) -> tuple[Cure, ...]:
    found = case.sight.certificate
    if found is None:
        return ()
    return (Cure("Trust this certificate", replace(case.server, fingerprint=found.fingerprint), case.leg),)


def _provider(case: Case) -> tuple[Cure, ...]:
    """The owner's servers instead of this one."""
    if case.owner is None:
        return ()
    if case.leg == "outgoing":
        places = case.owner.outgoing(case.account.email)
    else:
        places = tuple(
            server for protocol, server in case.owner.incoming(case.account.email) if protocol is case.account.protocol
        )
    kept = [replace(place, password_command=case.server.password_command) for place in places[:1]]
    return tuple(Cure(f"Use {place.host}", place, case.leg) for place in kept if place.host != case.server.host)


def _other_login(case: Case) -> tuple[Cure, ...]:
    """The other kind of login, or the other form of the user name."""
    known = known_refusal(case.server, case.error.detail)
    if known is not None and "oauth" in known.name:
        return (Cure("Use OAuth", replace(case.server, auth="oauth2"), case.leg),)
    if known is not None and known.name != "no-such-user":
        return ()
    email = case.account.email
    forms = [form for form in (email, email.rpartition("@")[0]) if form and form != case.server.user]
    if case.server.user not in (email, email.rpartition("@")[0]):
        forms = []
    return tuple(Cure(f"Use the user name {form}", replace(case.server, user=form), case.leg) for form in forms)


def _known_provider(case: Case) -> Provider | None:
    """Whose server refused a password, when it is known what that provider wants."""
    found = provider_of_host(case.account.incoming.host)
    refused = isinstance(case.error, AuthenticationRefused) and case.server.auth == "password"
    if not refused or found is None or not found.card.hint or known_refusal(case.server, case.error.detail):
        return None
    own = any(place.host == case.server.host for place in (*found.imap, *found.pop3, *found.smtp))
    return found if own else None


def _user_of_provider(case: Case) -> tuple[Cure, ...]:
    """The user name as this provider has it, when the settings have another."""
    found = _known_provider(case)
    assert found is not None
    places = [server for _, server in found.incoming(case.account.email)]
    if case.leg == "outgoing":
        places = list(found.outgoing(case.account.email))
    users = {place.user for place in places if place.host == case.server.host}
    return _other_login(case) if users and case.server.user not in users else ()


def _fitting_login(case: Case) -> tuple[Cure, ...]:
    if case.server.security is Security.NONE:
        return (Cure("Use STARTTLS", replace(case.server, security=Security.STARTTLS), case.leg),)
    if case.server.auth == "password" and "OAuth" in case.error.sentence:
        return (Cure("Use OAuth", replace(case.server, auth="oauth2"), case.leg),)
    return ()


# --- sentences --------------------------------------------------------------------------------


def _clock_wrong(case: Case) -> str:
    told = case.server_date or 0
    return (
        f"This computer's clock says {_day(case.now, hours=True)}, and {case.server.host} says "
        f"{_day(told, hours=True)}. With a wrong clock no certificate can be checked. Nothing was sent. {SAFE} "
        "Set the clock, then try again."
    )


def _outdated(case: Case) -> str:
    found = case.sight.certificate
    if case.reason == "early":
        when = f"is valid from {_day(found.begins)} on only" if found else "is not valid yet"
        blame = "Most likely this computer's clock is slow"
    else:
        when = f"was valid until {_day(found.ends)}" if found else "has expired"
        blame = "If that date is wrong, set the clock; else the provider must renew it"
    return (
        f"The certificate of {case.server.host} {when}, and this computer's date is {_day(case.now)}. {blame}. "
        f"Nothing was sent, not even the user name. {SAFE}"
    )


def _other_house(case: Case) -> str:
    name = case.owner.card.name if case.owner else ""
    what = "has another name's certificate" if isinstance(case.error, CertificateRefused) else "does not exist"
    return (
        f"The mail of {case.account.email} is at {name}, and {case.server.host} {what}. Nothing was sent. {SAFE} Use "
        f"the servers of {name}."
    )


def _provider_wants(case: Case) -> str:
    found = _known_provider(case)
    assert found is not None
    card, usual = found.card, advice(case.server)
    again = "" if card.need is Need.APP_PASSWORD else "Enter the password again. "
    return f"{case.error.sentence.removesuffix(usual)}{again}{card.hint} {card.link}".strip()


def _wrong_name(case: Case) -> str:
    found = case.sight.certificate
    names = f" ({', '.join(found.names[:5]) or 'no name'})" if found else ""
    return (
        f"The certificate shown is for another name{names} than {case.server.host}. Nothing was sent, not even the "
        f"user name. {SAFE} Check the host name; if it is right, ask the provider before you trust this certificate: "
        f"someone may be listening.{_fingerprint(found)}"
    )


def _untrusted(case: Case) -> str:
    found = case.sight.certificate
    return f"{case.error.sentence}{_fingerprint(found)}"


def _fingerprint(found: Certificate | None) -> str:
    if found is None:
        return ""
    pairs = ":".join(found.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    return f" Its SHA-256 fingerprint is {pairs}; compare it with the one that the provider announces."


def _day(moment: float, *, hours: bool = False) -> str:
    when = datetime.fromtimestamp(moment, UTC)
    return f"{when:%Y-%m-%d %H:%M} UTC" if hours else f"{when:%Y-%m-%d}"


# --- the table --------------------------------------------------------------------------------


def _drifted(case: Case) -> bool:
    told = case.server_date
    return case.reason in ("expired", "early") and told is not None and abs(told - case.now) > CLOCK_SECONDS


def _is_foreign(case: Case) -> bool:
    return case.reason == "name" and bool(_provider(case))


def _needs_login_elsewhere(case: Case) -> bool:
    return isinstance(case.error, AuthenticationRefused) and "accepts no" in case.error.sentence


KNOWN = (
    Known(
        "offline",
        lambda case: not case.online and isinstance(case.error, Unreachable),
        lambda case: (
            f"This computer is on no network, so {case.server.host} cannot be reached. {SAFE} Connect it and try again."
        ),
    ),
    Known(
        "captive-portal",
        lambda case: case.sight.kind == "http",
        lambda case: (
            f"A web page answers in place of {case.server.host}, port {case.server.port}: this network probably wants "
            f"you to sign in first (hotel, train, café), or the host is wrong. Nothing was sent. {SAFE} Open any page "
            "in a browser, then try again."
        ),
        lambda case: _elsewhere(case),
    ),
    Known(
        "port-25",
        lambda case: (
            case.leg == "outgoing" and case.server.port == 25 and case.reason in ("timeout", "refused", "route")
        ),
        lambda case: (
            f"Port 25 of {case.server.host} cannot be reached: most networks block it, for it is for servers only. "
            f"Nothing was sent. {SAFE} Use port 465 with TLS, or 587 with STARTTLS."
        ),
        lambda case: _elsewhere(case) or _submission(case),
    ),
    Known("other-house", _is_foreign, _other_house, lambda case: _provider(case)),
    Known("wrong-port", lambda case: case.reason in ("refused", "timeout"), None, _elsewhere),
    Known("wrong-clock", _drifted, _clock_wrong),
    Known("outdated", lambda case: case.reason in ("expired", "early"), _outdated),
    Known("wrong-name", lambda case: case.reason == "name" and case.step is Step.TLS, _wrong_name, _trust),
    Known("untrusted", lambda case: case.reason == "untrusted", _untrusted, _trust),
    Known("changed", lambda case: case.reason == "changed", _untrusted, _trust),
    Known(
        "tls-or-starttls",
        lambda case: case.reason in ("plain", "tls") or case.step in (Step.TLS, Step.GREETING),
        None,
        _elsewhere,
    ),
    Known("no-such-login", _needs_login_elsewhere, None, _fitting_login),
    Known(
        "no-login-here",
        lambda case: isinstance(case.error, AuthenticationRefused) and "no way to log in" in case.error.sentence,
        None,
        lambda case: _elsewhere(case) or _submission(case),
    ),
    Known("provider-login", lambda case: _known_provider(case) is not None, _provider_wants, _user_of_provider),
    Known("login", lambda case: isinstance(case.error, AuthenticationRefused), None, _other_login),
)
"""The order is from the particular to the general."""


def _submission(case: Case) -> tuple[Cure, ...]:
    """The two ports for sending, where nothing could be seen."""
    return tuple(
        Cure(
            f"Use port {port} with {security.value.upper()}",
            replace(case.server, port=port, security=security),
            "outgoing",
        )
        for port, security in ((465, Security.TLS), (587, Security.STARTTLS))
        if case.leg == "outgoing" and (port, security) != (case.server.port, case.server.security)
    )


def alternatives(leg: Leg, protocol: Protocol, server: Server) -> tuple[Server, ...]:
    """Other ports and securities that are worth a look, never less protection than TLS."""
    from tui_mail.settings import usual_port

    both = (Security.TLS, Security.STARTTLS)
    here = [replace(server, security=security) for security in both]
    usual = [replace(server, security=security, port=usual_port(leg, protocol, security)) for security in both]
    return tuple(dict.fromkeys(one for one in (*here, *usual) if one != server))
