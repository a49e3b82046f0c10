"""A line to a server, opened with a secret that may be an old one.

What belongs here: the one further try after a refusal. What must never be here: a third one, which some servers answer
by locking the account.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tui_mail.config import secrets
from tui_mail.errors import AuthenticationRefused
from tui_mail.model import Account

_Session = TypeVar("_Session")


def opened(account: Account, secret: Callable[[Account], str], open_: Callable[[str], _Session]) -> _Session:
    """What `open_` gives for the secret. One that is refused is asked for anew, once: a password that was kept may have
    been changed, and an access token may have ended before its time.
    """
    value = secret(account)
    try:
        return open_(value)
    except AuthenticationRefused:
        secrets.invalidate(account, value)
        renewed = secret(account)
        if renewed == value:
            raise
    return open_(renewed)
