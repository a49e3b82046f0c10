"""Logging in with an access token: what is said in OAUTHBEARER (RFC 7628) and XOAUTH2, the same in every protocol.

What belongs here: the octets of both mechanisms, and what a server's explanation and words mean for a person.
What must never be here: how a protocol carries them, and where tokens come from.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Collection

from tui_mail.model import Server
from tui_mail.records import frozen

_PLAIN_WORD = re.compile(r"[\x20-\x7e]{1,200}")


@frozen
class Bearer:
    """One mechanism, ready to be said."""

    mechanism: bytes
    initial: bytes
    acknowledgement: bytes
    """The answer to the server's explanation, so that it says its refusal."""


def bearer(server: Server, token: str, offered: Collection[str]) -> Bearer | None:
    """OAUTHBEARER where it is offered, else XOAUTH2; None where neither is. `offered`: names in capitals."""
    user, bearer_token = server.user.encode(), b"auth=Bearer %s\x01\x01" % token.encode()
    if "OAUTHBEARER" in offered:
        name = user.replace(b"=", b"=3D").replace(b",", b"=2C")
        where = b"host=%s\x01port=%d\x01" % (server.host.encode(), server.port)
        return Bearer(b"OAUTHBEARER", b"n,a=" + name + b",\x01" + where + bearer_token, b"\x01")
    if "XOAUTH2" in offered:
        return Bearer(b"XOAUTH2", b"user=" + user + b"\x01" + bearer_token, b"")
    return None


def explained(challenge: bytes) -> str:
    """What a server's JSON says is wrong, such as "invalid_token, scope https://mail.google.com/"; "" without any."""
    try:
        document = json.loads(b64decode(challenge, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    status, scope = (document.get(key) for key in ("status", "scope"))
    found = [str(status)] if _is_word(status) else []
    if _is_word(scope):
        found.append(f"scope {scope}")
    return ", ".join(found)


def advice(server: Server, explanation: str = "") -> str:
    """What to do about a login that was refused for no reason that is known (refusals), as the end of a sentence."""
    if server.auth != "oauth2":
        return "Enter the password again; some providers want an app password here."
    if "scope" in explanation and "insufficient" in explanation:
        return "The login does not cover this server: log in again, and allow access to mail."
    return "Log in again with `tui-mail account login`; if it stays so, check the user name and the scope."


def _is_word(value: object) -> bool:
    return isinstance(value, str) and _PLAIN_WORD.fullmatch(value) is not None
