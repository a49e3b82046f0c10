"""Why a token server said no, as one sentence for a person: what happened, and what to do.

What belongs here: the error names of OAuth2 (RFC 6749, 8628) and the numbers that Microsoft puts into their words.
What must never be here: the requests themselves.
"""

from __future__ import annotations

import re
import shlex
from typing import Any
from urllib.parse import urlsplit

from tui_mail.errors import AuthenticationRefused, MailError, ServerBusy
from tui_mail.model import OAuth

_SAFE = "Your mail is safe."
_AADSTS = re.compile(r"AADSTS(\d{4,7})")
_HATCH = "use token_command with a program that is allowed already"

_REASONS: tuple[tuple[str, str], ...] = (
    (
        "65001 90094 90008 650051",
        "The organisation's administrator has to allow this program first: ask for consent to your client_id, or "
        f"{_HATCH}.",
    ),
    (
        "50105",
        f"The organisation lets only chosen people use this program: ask to be assigned to it, or {_HATCH}.",
    ),
    (
        "7000112",
        "That client_id was switched off by who registered it: register one of your own at entra.microsoft.com.",
    ),
    (
        "700016 90002",
        "The organisation does not know that client_id: check client_id and tenant in config.toml.",
    ),
    (
        "50020 50128 500011 9002331",
        'The registration is for another kind of account: set tenant to "common", "consumers" or the organisation\'s.',
    ),
    (
        "7000218",
        "Switch on “Allow public client flows” in the registration, or log in again and give its client secret.",
    ),
    (
        "7000215 7000222",
        "The client secret is wrong or has ended: make a new one in the registration, and log in again.",
    ),
    (
        "50011",
        "Add http://localhost as a redirect address for “mobile and desktop applications” to the registration.",
    ),
    (
        "53000 53001 53002 53003 530003 530033 530036 50097 50199",
        "A rule of the organisation (Conditional Access) blocks this login, often the one by device code alone: log in "
        f"without --device, ask the administrator, or {_HATCH}.",
    ),
    (
        "50072 50074 50076 50079",
        "The organisation wants a second factor: log in again in the browser.",
    ),
    (
        "700082 700084 70000 70008 70043 50173 50078 54005",
        "The login has ended, for the password was changed or it was not used for long: log in again.",
    ),
    (
        "70016 70019 70020",
        "The code was not used in time: log in again.",
    ),
)
"""Microsoft's numbers, and what helps."""


def refusal(oauth: OAuth, document: dict[str, Any], status: int = 400, account: str = "") -> MailError:
    """The error of an answer: ServerBusy when it is worth another try by itself, else AuthenticationRefused."""
    name, words = _text(document.get("error")), _text(document.get("error_description"))
    detail = f"{status} {name}: {words}"
    who = {"google": "Google", "microsoft": "Microsoft"}.get(oauth.provider, urlsplit(oauth.provider).netloc)
    who = who or urlsplit(oauth.token_url).netloc or "The token server"
    if name in ("temporarily_unavailable", "server_error") or status >= 500 or status == 429:
        return ServerBusy(
            f"{who} gives out no tokens just now ({name or status}). {_SAFE} It is tried again later.", detail
        )
    code = _AADSTS.search(words)
    for codes, cure in _REASONS:
        if code is not None and code[1] in codes.split():
            return AuthenticationRefused(f"{who} refused the login (AADSTS{code[1]}). {_SAFE} {cure}", detail)
    again = f"Log in again with: tui-mail account login {shlex.quote(account)}" if account else "Log in again."
    said = f": “{words.split('Trace ID', 1)[0].strip().rstrip('.')}”" if words else ""
    testing = " At Google, a registration in the state “Testing” ends each login after seven days."
    sentences = {
        "access_denied": f"The login was declined{said}. {_SAFE} {again}",
        "invalid_grant": f"{who} does not accept the login of this account any more{said}. {_SAFE} {again}"
        f"{testing if who == 'Google' else ''}",
        "expired_token": f"The code was not used in time. {_SAFE} {again}",
        "invalid_client": f"{who} does not accept the client_id or its client secret{said}. {_SAFE} Correct client_id "
        "in config.toml, or log in again and give the secret that belongs to it.",
        "unauthorized_client": f"{who} does not let that client_id log in this way{said}. {_SAFE} It must be "
        "registered as a desktop program.",
        "invalid_scope": f"{who} does not know the scope that was asked for{said}. {_SAFE} Correct scope in "
        "config.toml.",
        "redirect_uri_mismatch": f"{who} wants the client_id of a desktop program. {_SAFE} Register one of that kind.",
    }
    sentence = sentences.get(name, f"{who} refused the login ({name or status}){said}. {_SAFE} {again}")
    return AuthenticationRefused(sentence, detail)


def _text(words: object) -> str:
    return words.strip()[:400] if isinstance(words, str) else ""
