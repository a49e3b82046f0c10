"""OAuth2: stub."""

from __future__ import annotations

from dataclasses import dataclass

from tui_mail.model import OAuth


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token server gave."""

    access_token: str
    expires: float
    """When the access token ends, in seconds since the epoch."""
    refresh_token: str = ""
    """Empty: the one that is kept stays good."""


def renew(oauth: OAuth, refresh_token: str, client_secret: str = "", *, account: str = "") -> Tokens:
    """Not there yet."""
    raise NotImplementedError
