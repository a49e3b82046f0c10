"""Speaking with a token server: where it is, and one bounded request over TLS.

What belongs here: endpoints and HTTP. What must never be here: how a person logs in (oauth), when a token is renewed
(tokens), a request that is not encrypted, a redirect that is followed, or a token in a sentence.
"""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from tui_mail.errors import ConfigError, Unreachable
from tui_mail.model import OAuth
from tui_mail.records import frozen

SECONDS = 20.0
"""How long an answer may take."""
BODY_LIMIT = 256 * 1024

_SAFE = "Your mail is safe."
_MICROSOFT = "https://login.microsoftonline.com"


@frozen
class Endpoints:
    """Where a provider's doors are. Empty: it has none, or none that is of use for mail."""

    authorization: str
    token: str
    device: str = ""
    scope: str = ""
    issuer: str = ""
    """What `iss` of a redirect must say (RFC 9207); empty: it is not looked at."""
    loopback: str = "127.0.0.1"
    """How this computer is called in the redirect that the person registered."""
    extra: tuple[tuple[str, str], ...] = ()
    """More for the authorisation request, so that a refresh token is given."""


GOOGLE = Endpoints(
    authorization="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",  # noqa: S106
    scope="https://mail.google.com/",
    issuer="https://accounts.google.com",
    extra=(("access_type", "offline"), ("prompt", "consent")),
)
"""Its device flow does not give out the scope for mail."""

_OUTLOOK = "https://outlook.office.com"
MICROSOFT_SCOPE = (
    f"offline_access {_OUTLOOK}/IMAP.AccessAsUser.All {_OUTLOOK}/POP.AccessAsUser.All {_OUTLOOK}/SMTP.Send"
)


def endpoints(oauth: OAuth) -> Endpoints:
    """The doors of an account's provider; those of an issuer are asked for. Raises ConfigError, Unreachable."""
    if oauth.provider == "google":
        found = GOOGLE
    elif oauth.provider == "microsoft":
        base = f"{_MICROSOFT}/{oauth.tenant or 'common'}/oauth2/v2.0"
        found = Endpoints(
            f"{base}/authorize", f"{base}/token", f"{base}/devicecode", MICROSOFT_SCOPE, loopback="localhost"
        )
    elif oauth.authorization_url and oauth.token_url:
        found = Endpoints("", "")
    else:
        found = _published(oauth)
    return Endpoints(
        oauth.authorization_url or found.authorization,
        oauth.token_url or found.token,
        oauth.device_url or found.device,
        oauth.scope or found.scope,
        found.issuer,
        found.loopback,
        found.extra,
    )


def _published(oauth: OAuth) -> Endpoints:
    """What an issuer says of itself (RFC 8414, else OpenID Connect Discovery)."""
    issuer = oauth.provider.rstrip("/")
    parts = urlsplit(issuer)
    places = (
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}",
        f"{issuer}/.well-known/openid-configuration",
    )
    for place in places:
        status, document = request(place, None, oauth.ca_file)
        if status == 200 and str(document.get("issuer", "")).rstrip("/") == issuer:
            authorization, token = document.get("authorization_endpoint"), document.get("token_endpoint")
            device = document.get("device_authorization_endpoint") or ""
            if all(
                isinstance(url, str) and (url.startswith("https://") or url == "")
                for url in (authorization, token, device)
            ):
                return Endpoints(str(authorization), str(token), str(device), issuer=str(document["issuer"]))
    raise ConfigError(
        f"{issuer} does not say how one logs in there (RFC 8414). {_SAFE} Write authorization_url and token_url into "
        "the account's [oauth] table, or correct provider."
    )


def request(url: str, body: str | None, ca_file: str = "") -> tuple[int, dict[str, Any]]:
    """GET, or POST a form; the status and the JSON object that came, {} when it was none. Raises Unreachable."""
    host = urlsplit(url).hostname or url
    if not url.startswith("https://"):
        raise ConfigError(f"{url} is not an https address, so no login goes there. {_SAFE} Correct it in config.toml.")
    headers = {"Accept": "application/json", "User-Agent": "tui-mail"}
    data = None if body is None else body.encode()
    asked = urllib.request.Request(url, data, headers)  # noqa: S310 - https alone, see above
    try:
        opener = urllib.request.build_opener(
            _NoRedirect, urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file or None))
        )
        with opener.open(asked, timeout=SECONDS) as answer:
            return int(answer.status), _object(answer.read(BODY_LIMIT))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _object(_rest(error))
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise Unreachable(
                f"The certificate of {host}, where one logs in, is not trusted, so nothing was sent. {_SAFE} In a "
                "strange network, open a web page first; it may want you to agree to something.",
                repr(reason),
            ) from None
        raise Unreachable(
            f"{host}, where one logs in, cannot be reached. {_SAFE} Check the network; it is tried again by itself.",
            type(reason).__name__,
        ) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A token server that sends us elsewhere is none."""
        return None


def _rest(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(BODY_LIMIT)
    except (OSError, ValueError):
        return b""


def _object(octets: bytes) -> dict[str, Any]:
    try:
        document = json.loads(octets)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
