"""A new account: its secrets kept, then its name in config.toml; all of it or nothing that matters.

What belongs here: the order. A kill in the middle leaves at most an entry in the keyring that the next try replaces.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from tui_mail.client import leaving
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets as keeping
from tui_mail.errors import MailError
from tui_mail.model import Account
from tui_mail.paths import Paths
from tui_mail.settings import Leg


def enrol(paths: Paths, account: Account, secrets: Mapping[Leg, str], place: keeping.Place) -> None:
    """Keep what was typed, and write the account. Raises MailError, and nothing is left behind then."""
    configuration.check_account(paths, account)
    leaving.refuse_strange_mail(paths, account)
    kept: list[Leg] = []
    try:
        for leg, value in secrets.items():
            kept.append(leg)
            keeping.keep_secret(account, leg, value, place)
        configuration.add_account(paths, account)
    except BaseException:
        for leg in kept:
            with contextlib.suppress(MailError):
                keeping.forget_secret(account, leg)
        raise
