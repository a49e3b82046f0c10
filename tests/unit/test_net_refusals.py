"""What a refused login means: the sentence for each, and that no row takes what belongs to another."""

from __future__ import annotations

import pytest

from tui_mail.model import Security, Server
from tui_mail.net.refusals import known_refusal, login_sentence, no_way_in


def server(host: str = "mail.example.org", *, auth: str = "password", security: Security = Security.TLS) -> Server:
    return Server(host, 993, security, "anna", auth)


@pytest.mark.parametrize(
    ("host", "auth", "words", "name"),
    [
        ("imap.gmail.com", "password", "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "google-password"),
        ("imap.gmail.com", "oauth2", "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", None),
        ("pop.gmail.com", "password", "-ERR [SYS/PERM] Your account is not enabled for POP access.", "switched-off"),
        ("imap.gmail.com.evil.example", "password", "NO Invalid credentials", None),
        ("notgmail.com", "password", "NO Invalid credentials", None),
        ("imap.web.de", "password", "NO IMAP ist für dieses Konto nicht aktiviert", "switched-off"),
        ("imap.zoho.eu", "password", "NO You are yet to enable IMAP for your account", "switched-off"),
        ("imap.yandex.com", "password", "NO invalid credentials or IMAP is disabled", "switched-off"),
        ("mail.example.org", "password", "535 5.7.8 Error: authentication failed", None),
        ("mail.example.org", "password", "NO [AUTHENTICATIONFAILED] Authentication failed.", None),
        ("mail.example.org", "password", "535 Invalid user name or password", None),
        ("imap.qq.com", "password", "NO Login fail. Please use your authorization code to login", "app-password"),
        ("smtp.office365.com", "password", "535 5.7.3 Authentication unsuccessful", "microsoft-oauth"),
        ("smtp.office365.com", "oauth2", "535 5.7.139 SmtpClientAuthentication is disabled", "smtp-auth-disabled"),
        ("SMTP.OFFICE365.COM.", "oauth2", "535 5.7.139 Authentication unsuccessful, the request did not meet the "
         "criteria to be authenticated successfully", "smtp-auth-disabled"),
        ("smtp.office365.com", "password", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
         "disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled", "smtp-auth-disabled"),
        ("smtp-mail.outlook.com", "password", "535 5.7.139 Authentication unsuccessful, basic authentication is "
         "disabled.", "microsoft-oauth"),
        ("smtp.office365.com", "password", "550 5.7.30 Basic authentication is not supported for Client Submission",
         "microsoft-oauth"),
        ("smtp.office365.com", "password", "535 5.7.139 Authentication unsuccessful, user is locked by your "
         "organization's security defaults policy. Contact your administrator.", "microsoft-oauth"),
        ("smtp.office365.com", "oauth2", "535 5.7.139 Authentication unsuccessful, the user credentials were "
         "incorrect.", None),
        ("outlook.office365.com", "password", "-ERR Logon failure: BasicAuthBlocked", "microsoft-oauth"),
        ("mail.contoso.example", "password", "NO LOGIN failed. BasicAuthBlocked", "microsoft-oauth-elsewhere"),
        ("mail.contoso.example", "oauth2", "NO AUTHENTICATE failed. BasicAuthBlocked", None),
    ],
)  # fmt: skip
def test_which_row_fits(host: str, auth: str, words: str, name: str | None) -> None:
    """By the provider's words first, then by whose server it is."""
    found = known_refusal(server(host, auth=auth), words)
    assert (found.name if found else None) == name


def test_what_is_said_of_an_unknown_refusal() -> None:
    """What happened, that mail is safe, what to do; a token is not called a password."""
    said = login_sentence(server(), "NO no", ": “no”")
    assert said.startswith("User name or password for anna at mail.example.org was not accepted: “no”. Your mail")
    assert login_sentence(server(auth="oauth2"), "NO no", "").startswith("The access token for anna")


@pytest.mark.parametrize(
    ("auth", "words", "cure"),
    [
        ("password", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "with OAuth."),
        ("password", "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant.", "(Authenticated SMTP)"),
        ("oauth2", "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", "account login"),
    ],
)
def test_what_microsoft_says_of_sending(auth: str, words: str, cure: str) -> None:
    """Its 5.7.139 means three things: a password where OAuth is wanted, a switch of the administrator, a bad token."""
    assert cure in login_sentence(server("smtp.office365.com", auth=auth), words, "")


@pytest.mark.parametrize(
    ("auth", "security", "mechanisms", "offers_tls", "cure"),
    [
        ("password", Security.NONE, set(), True, 'security = "starttls"'),
        ("password", Security.TLS, {"XOAUTH2"}, False, "It wants OAuth"),
        ("oauth2", Security.TLS, {"PLAIN", "LOGIN"}, False, 'auth = "password"'),
        ("password", Security.TLS, {"CRAM-MD5"}, False, "CRAM-MD5 only"),
        ("password", Security.TLS, set(), False, "ask the provider"),
        ("password", Security.STARTTLS, {"OAUTHBEARER"}, True, "It wants OAuth"),
    ],
)
def test_no_login_fits(auth: str, security: Security, mechanisms: set[str], offers_tls: bool, cure: str) -> None:
    """Nothing was sent, and what the server would take is named."""
    said = no_way_in(server(auth=auth, security=security), mechanisms, offers_tls=offers_tls)
    assert "Nothing was sent." in said
    assert cure in said
