"""What providers mean when they refuse a login: their words, and whose server it is, to a sentence with a cure.

What belongs here: the table, the first row that fits wins. What must never be here: a connection, or a decision whether
to try again. IMAP, POP3 and SMTP ask it alike.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Literal

from tui_mail.model import Security, Server
from tui_mail.net.bearer import advice
from tui_mail.net.failures import SAFE
from tui_mail.records import frozen

GOOGLE = ("gmail.com", "googlemail.com", "google.com")
YAHOO = ("yahoo.com", "aol.com", "yahoodns.net")
APPLE = ("mail.me.com", "icloud.com")
MICROSOFT = ("office365.com", "outlook.com", "hotmail.com", "live.com")

_ADMIN = "Only an administrator of your organisation can allow it."


@frozen
class Refusal:
    """A refused login that is known, and what to do about it."""

    name: str
    cure: str
    """A sentence or two: what it means, and what to do."""
    words: str = ""
    """A pattern of the server's words; empty: any words."""
    hosts: tuple[str, ...] = ()
    """The domains of the provider's servers; empty: any server."""
    auth: Literal["", "password", "oauth2"] = ""
    """The kind of login that was tried; empty: any."""

    def fits(self, host: str, auth: str, words: str) -> bool:
        """Whether this is what happened."""
        return (
            self.auth in ("", auth)
            and (not self.hosts or belongs(host, self.hosts))
            and re.search(self.words, words, re.IGNORECASE) is not None
        )


REFUSALS = (
    Refusal(
        "google-app-password",
        "Google wants an app password here, not the password of your account: switch on 2-Step Verification, make one "
        "at https://myaccount.google.com/apppasswords, and enter it.",
        r"application-specific password|InvalidSecondFactor|answer/185833",
        GOOGLE,
    ),
    Refusal(
        "google-browser",
        "Google wants you to sign in with a browser first, or finds this sign-in unusual: sign in at "
        "https://accounts.google.com, then try again; an app password avoids it.",
        r"web ?login required|log ?in via your web browser|WEBALERT",
        GOOGLE,
    ),
    Refusal(
        "switched-off",
        "Access by mail programs (IMAP or POP3) is switched off for this mailbox: switch it on in the settings of the "
        "provider's web mail, wait a few minutes, and try again.",
        r"(not|yet to be|yet to) (been )?enabled? (for )?(imap|pop)|enable your account for (imap|pop)"
        r"|\b(imap|pop3?)\b[^.]{0,30} (is |are |has been |access )*(disabled|switched off|not enabled|not activated)"
        r"|(imap|pop)[^.]{0,40}(nicht aktiviert|deaktiviert|d[ée]sactiv)",
    ),
    Refusal(
        "google-password",
        "The password of a Google account does not work in mail programs: make an app password at "
        "https://myaccount.google.com/apppasswords (2-Step Verification must be on) and enter it. Old app passwords "
        "end when the account's password is changed.",
        hosts=GOOGLE,
        auth="password",
    ),
    Refusal(
        "yahoo-password",
        "Yahoo and AOL want an app password here, not the password of your account: make one under Account security "
        "at https://login.yahoo.com/account/security, and enter it.",
        hosts=YAHOO,
        auth="password",
    ),
    Refusal(
        "apple-password",
        "Apple wants an app-specific password here: make one at https://account.apple.com under Sign-In and Security. "
        "The user name for IMAP is the part before the @, for sending it is the whole address.",
        hosts=APPLE,
        auth="password",
    ),
    Refusal(
        "smtp-auth-disabled",
        f"Sending with a login (Authenticated SMTP) is switched off for this mailbox or organisation. {_ADMIN}",
        r"SmtpClientAuthentication is disabled|5\.7\.139.{0,60}did not meet the criteria",
    ),
    Refusal(
        "consent-missing",
        f"Your organisation has not agreed to this program (AADSTS65001). {_ADMIN}",
        r"AADSTS(65001|90094|90008)",
    ),
    Refusal(
        "not-assigned",
        f"Your organisation lets only chosen people use this program, and you are not among them. {_ADMIN}",
        r"AADSTS50105",
    ),
    Refusal(
        "client-disabled",
        "The client id that tui-mail signs in with is disabled or unknown at Microsoft: register one of your own, and "
        "write it as client_id into config.toml.",
        r"AADSTS(7000112|700016|50011)",
    ),
    Refusal(
        "second-factor",
        "Microsoft wants a second proof that it is you: sign in again with a browser.",
        r"AADSTS(50076|50079|50072|53003|50074)",
    ),
    Refusal(
        "sign-in-expired",
        "The sign-in has expired or was withdrawn: sign in again.",
        r"AADSTS(70008|700082|50173|70043)|invalid_grant",
    ),
    Refusal(
        "microsoft-oauth",
        "Microsoft takes no passwords from mail programs any more: set the account up with OAuth.",
        hosts=MICROSOFT,
        auth="password",
    ),
    Refusal(
        "microsoft-oauth-elsewhere",
        "The server takes no passwords from mail programs: set the account up with OAuth.",
        r"BasicAuthBlocked|basic authentication is (disabled|not supported)",
        auth="password",
    ),
    Refusal(
        "app-password",
        "The provider wants an app password here, not the password of your account: make one in its web settings, "
        "usually under security, and enter it.",
        r"\b(app|application)([ -]specific)?[ -]password|mot de passe d.application|anwendungsspezifisch"
        r"|authori[sz]ation code",
    ),
    Refusal(
        "locked",
        "The provider has locked this mailbox: sign in to its web mail to see why.",
        r"account[^.]{0,30} (is |has been |was )?(locked|suspended|frozen|blocked|deactivated|disabled)",
    ),
    Refusal(
        "no-such-user",
        "Check the user name: it is the whole address at most providers, and the part before the @ at some.",
        r"(no such|unknown|invalid) (user|mailbox|account)\b(?! ?name or)|user (unknown|not found|does ?n.t exist)",
    ),
)
"""The first that fits is believed, so what a server says comes before what its provider usually means."""


def known_refusal(server: Server, words: str) -> Refusal | None:
    """What a refused login means, by the server's words (without secrets); None when that is not known."""
    return next((row for row in REFUSALS if row.fits(server.host, server.auth, words)), None)


def login_sentence(server: Server, words: str, said: str, explanation: str = "") -> str:
    """User name and password (or token) were not accepted: what happened and what to do.

    `said` ends a sentence; `explanation` is what the server told of a token.
    """
    what = "The access token" if server.auth == "oauth2" else "User name or password"
    why = f" ({explanation})" if explanation else ""
    known = known_refusal(server, words)
    cure = known.cure if known else advice(server, explanation)
    return f"{what} for {server.user} at {server.host} was not accepted{why}{said}. {SAFE} {cure}"


def no_way_in(server: Server, mechanisms: Set[str], *, offers_tls: bool) -> str:
    """The server offers no login that fits the settings; nothing was sent. `mechanisms`: of SASL, in capitals."""
    what = "no access token (OAuth)" if server.auth == "oauth2" else "no password"
    if offers_tls and server.security is Security.NONE:
        cure = 'It wants encryption first: set security = "starttls".'
    elif server.auth != "oauth2" and mechanisms & {"XOAUTH2", "OAUTHBEARER"}:
        cure = "It wants OAuth: set the account up with it."
    elif server.auth == "oauth2" and mechanisms:
        cure = 'It wants a password: set auth = "password".'
    elif mechanisms:
        cure = f"It offers {', '.join(sorted(mechanisms))} only, which tui-mail does not speak: ask the provider."
    else:
        cure = "It may take logins on another port or with encryption only: check both, or ask the provider."
    return f"{server.host} accepts {what} on this connection. Nothing was sent. {SAFE} {cure}"


def belongs(host: str, domains: tuple[str, ...]) -> bool:
    """Whether a host is in one of these domains."""
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)
