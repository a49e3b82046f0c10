"""Logging in with OAuth2: in a browser with PKCE (RFC 8252, 7636), by a device code (RFC 8628), and renewing a token.

What belongs here: the steps of each flow; a screen and the command line show the same ones. What must never be here:
HTTP and its errors (oauth_server, oauth_refusals), where a token is kept (secrets), when one is renewed (tokens).

    login = BrowserLogin(oauth, email)      # show login.url; the browser's answer comes to this computer,
    tokens = login.wait(stop)               # or, from another one, as an address that is pasted:
    tokens = login.pasted(address)
"""

from __future__ import annotations

import hmac
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tui_mail.config.oauth_refusals import refusal
from tui_mail.config.oauth_server import Endpoints, endpoints, request
from tui_mail.errors import AuthenticationRefused, ConfigError, ServerBusy, Unreachable, UsageError
from tui_mail.model import OAuth
from tui_mail.records import frozen
from tui_mail.redaction import hide
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from tui_mail.config.loopback import Loopback

LOGIN_SECONDS = 600.0
"""How long a person may take."""
LEAST_LIFE, MOST_LIFE = 60.0, 86_400.0
"""Bounds for what a server says of a token's life, in seconds; without a word it is an hour."""

_SAFE = "Your mail is safe."


@frozen
class Tokens:
    """What a token server gave."""

    access_token: str
    expires: float
    """When the access token ends, in seconds since the epoch."""
    refresh_token: str = ""
    """Empty: the one that is kept stays good."""

    def __repr__(self) -> str:
        return f"Tokens(expires={self.expires})"


class BrowserLogin:
    """One login in a browser, on this computer or on another."""

    def __init__(self, oauth: OAuth, email: str = "", client_secret: str = "", *, account: str = "") -> None:
        """Listen on 127.0.0.1; `url` is what the browser opens. Raises ConfigError, Unreachable."""
        from oauthlib.common import generate_token
        from oauthlib.oauth2 import WebApplicationClient

        from tui_mail.config.loopback import Loopback

        self._oauth, self._secret, self._account = oauth, client_secret, account
        self._doors = _doors(oauth)
        if not self._doors.authorization:
            raise ConfigError(f"There is no authorization_url for the login. {_SAFE} Write it into the [oauth] table.")
        self._state = generate_token(43)
        self._client = WebApplicationClient(oauth.client_id)
        self._verifier: str = self._client.create_code_verifier(64)
        hide(self._verifier)
        self._listener: Loopback | None = Loopback(self._is_ours)
        self.redirect = f"http://{self._doors.loopback}:{self._listener.port}"
        """Where the browser goes in the end; on another computer, that page is not found, and its address is pasted."""
        hint = {"login_hint": email} if email else {}
        self.url: str = self._client.prepare_request_uri(
            self._doors.authorization,
            redirect_uri=self.redirect,
            scope=self._doors.scope.split() or None,
            state=self._state,
            code_challenge=self._client.create_code_challenge(self._verifier, "S256"),
            code_challenge_method="S256",
            **hint,
            **dict(self._doors.extra),
        )

    def wait(self, stop: threading.Event | None = None, seconds: float = LOGIN_SECONDS) -> Tokens:
        """The tokens, once the browser came back; blocks. Raises AuthenticationRefused, Unreachable, UsageError."""
        assert self._listener is not None, "the login is over"
        query = self._listener.wait(stop or threading.Event(), seconds)
        self.close()
        if query is None:
            raise UsageError("Nobody logged in, and nothing was changed.")
        return self._redeem(query)

    def pasted(self, address: str) -> Tokens:
        """The tokens for the address that a browser elsewhere ended at; may be tried again. Raises as `wait` does."""
        query = urlsplit(address.strip()).query
        if not self._is_ours(query):
            raise UsageError(
                f"That is not the address that this login ended at; it begins with {self.redirect}/?. Nothing was "
                "changed."
            )
        self.close()
        return self._redeem(query)

    def close(self) -> None:
        """Stop listening."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _is_ours(self, query: str) -> bool:
        state = parse_qs(query).get("state", [""])[0]
        return hmac.compare_digest(state.encode(), self._state.encode())

    def _redeem(self, query: str) -> Tokens:
        """The code for tokens; it is good once."""
        answer = {key: values[0] for key, values in parse_qs(query).items()}
        issuer = answer.get("iss", "")
        if issuer and self._doors.issuer and issuer.rstrip("/") != self._doors.issuer.rstrip("/"):
            raise AuthenticationRefused(
                f"The answer came from {issuer} instead of {self._doors.issuer}, so the login was not finished. "
                f"{_SAFE} Someone may be tampering with it; log in again in another network."
            )
        if "code" not in answer:
            raise refusal(self._oauth, {"error": "access_denied", **answer}, account=self._account)
        body = self._client.prepare_request_body(
            code=answer["code"], redirect_uri=self.redirect, code_verifier=self._verifier, **_credentials(self._secret)
        )
        return _first(_token(self._oauth, self._doors, body, self._account), self._doors)


class DeviceLogin:
    """One login on another device, which shows a page that the person types a code into."""

    def __init__(self, oauth: OAuth, client_secret: str = "", *, account: str = "") -> None:
        """Ask for a code; blocks. Raises ConfigError, AuthenticationRefused, Unreachable."""
        from oauthlib.oauth2.rfc8628.clients.device import DeviceClient

        self._oauth, self._secret, self._account = oauth, client_secret, account
        self._doors = _doors(oauth)
        if not self._doors.device:
            who = "Google gives" if oauth.provider == "google" else "That provider gives"
            raise ConfigError(f"{who} no device codes for mail. Nothing was changed. Log in without --device.")
        self._client = DeviceClient(oauth.client_id)
        asked = {"client_id": oauth.client_id, "scope": self._doors.scope, **_credentials(client_secret)}
        status, document = request(self._doors.device, urlencode(asked), oauth.ca_file)
        code = document.get("device_code")
        if status != 200 or not isinstance(code, str):
            raise refusal(oauth, document, status, account)
        hide(code)
        self._code = code
        self.code = safe_line(str(document.get("user_code", "")))
        """What the person types there."""
        self.url = str(document.get("verification_uri") or document.get("verification_url") or "")
        self.complete_url = str(document.get("verification_uri_complete") or self.url)
        """The same with the code in it, for a QR code."""
        if not (self.url.startswith("https://") and self.complete_url.startswith("https://")):
            raise AuthenticationRefused(f"The token server names no safe page to log in on. {_SAFE} Ask the provider.")
        self._pause = min(60.0, max(1.0, _number(document.get("interval"), 5.0)))
        self._end = time.monotonic() + min(1800.0, _number(document.get("expires_in"), 900.0))

    def wait(self, stop: threading.Event | None = None) -> Tokens:
        """The tokens, once the person has logged in; blocks. Raises AuthenticationRefused, Unreachable, UsageError."""
        stop = stop or threading.Event()
        body = self._client.prepare_request_body(self._code, include_client_id=True, **_credentials(self._secret))
        while time.monotonic() < self._end:
            if stop.wait(self._pause):
                raise UsageError("Nobody logged in, and nothing was changed.")
            try:
                status, document = request(self._doors.token, body, self._oauth.ca_file)
            except Unreachable:  # the network may come back while the person types
                self._pause = min(60.0, self._pause * 2)
                continue
            if document.get("error") == "slow_down":
                self._pause = min(60.0, self._pause + 5)
            elif document.get("error") != "authorization_pending":
                return _first(_tokens_of(self._oauth, status, document, self._account), self._doors)
        raise refusal(self._oauth, {"error": "expired_token"}, account=self._account)


def renew(oauth: OAuth, refresh_token: str, client_secret: str = "", *, account: str = "") -> Tokens:
    """A new access token. Raises AuthenticationRefused when one has to log in again, Unreachable, ServerBusy."""
    from oauthlib.oauth2 import WebApplicationClient

    hide(refresh_token)
    doors = _doors(oauth)
    client = WebApplicationClient(oauth.client_id)
    body = client.prepare_refresh_body(
        refresh_token=refresh_token, client_id=oauth.client_id, **_credentials(client_secret)
    )
    return _token(oauth, doors, body, account)


def qr_lines(address: str) -> list[SafeText]:
    """A QR code in half blocks, two rows of it in each line: light is painted, so it is to stand on a dark ground."""
    import segno

    rows = [list(row) for row in segno.make_qr(address, error="l").matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    halves = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [
        SafeText("".join(halves[above, below] for above, below in zip(upper, lower, strict=True)))
        for upper, lower in pairs
    ]


# --- how it is done ---------------------------------------------------------------------------


def _doors(oauth: OAuth) -> Endpoints:
    if not oauth.client_id:
        raise ConfigError(
            f"This account has no client_id for OAuth. {_SAFE} Register tui-mail at the provider as a desktop program, "
            "and write the client_id into the [oauth] table; or use token_command."
        )
    return endpoints(oauth)


def _credentials(client_secret: str) -> dict[str, str]:
    return {"client_secret": client_secret} if client_secret else {}


def _token(oauth: OAuth, doors: Endpoints, body: str, account: str) -> Tokens:
    status, document = request(doors.token, body, oauth.ca_file)
    return _tokens_of(oauth, status, document, account)


def _tokens_of(oauth: OAuth, status: int, document: dict[str, Any], account: str) -> Tokens:
    """The tokens of an answer, checked; nothing in them can break out of a line of a mail protocol."""
    access, refresh = document.get("access_token"), document.get("refresh_token") or ""
    for value in (access, refresh):
        if isinstance(value, str):
            hide(value)
    if status != 200 or "error" in document:
        raise refusal(oauth, document, status, account)
    if not _is_token(access) or not (refresh == "" or _is_token(refresh)):
        raise ServerBusy(f"The token server answered in a way that makes no sense. {_SAFE} It is tried again later.")
    if str(document.get("token_type", "Bearer")).lower() != "bearer":
        raise AuthenticationRefused(
            f"The token server gives no bearer tokens, which mail needs. {_SAFE} Ask the provider."
        )
    life = min(MOST_LIFE, max(LEAST_LIFE, _number(document.get("expires_in"), 3600.0)))
    wanted, granted = _mail_scope(oauth), str(document.get("scope", ""))
    if wanted and granted and wanted not in granted.split():
        raise AuthenticationRefused(
            f"The login does not cover mail: its box was not ticked. {_SAFE} Log in again, and allow access to mail."
        )
    return Tokens(str(access), time.time() + life, str(refresh))


def _mail_scope(oauth: OAuth) -> str:
    """The one scope without which no mail can be read; empty where it goes by several names."""
    return "https://mail.google.com/" if oauth.provider == "google" and not oauth.scope else ""


def _first(tokens: Tokens, doors: Endpoints) -> Tokens:
    """Those of a login, which must last."""
    if not tokens.refresh_token:
        raise AuthenticationRefused(
            "The provider gave no refresh token, so the login would end within the hour. Nothing was kept. Add the "
            f"scope for it (offline_access, for most) to scope in config.toml; it is now: {doors.scope or 'none'}."
        )
    return tokens


def _is_token(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 16_384 and value.isascii() and value.isprintable()


def _number(value: object, default: float) -> float:
    try:
        number = float(str(value))
    except ValueError:
        return default
    return number if 0 < number < 1e9 else default
