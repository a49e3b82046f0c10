"""A new account: its secrets kept, then its name in config.toml; all of it or nothing that matters.

What belongs here: the order. A kill in the middle leaves at most an entry in the keyring that the next try replaces.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_mail.client import leaving
from tui_mail.config import changing
from tui_mail.config import secrets as keeping
from tui_mail.config import tokens as keeping_tokens
from tui_mail.errors import MailError
from tui_mail.model import Account
from tui_mail.paths import Paths

if TYPE_CHECKING:
    from tui_mail.config.oauth import Tokens


def enrol(
    paths: Paths,
    account: Account,
    secrets: Mapping[keeping.Kind, str],
    place: keeping.Place,
    tokens: Tokens | None = None,
) -> None:
    """Keep what was typed, and write the account; `tokens` of a login are used at once.

    Raises MailError, and nothing is left behind then.
    """
    changing.check_account(paths, account)
    leaving.refuse_strange_mail(paths, account)
    kept: list[keeping.Kind] = []
    try:
        for kind, value in secrets.items():
            kept.append(kind)
            keeping.keep_secret(account, kind, value, place)
        changing.add_account(paths, account)
    except BaseException:
        for kind in kept:
            with contextlib.suppress(MailError):
                keeping.forget_secret(account, kind)
        raise
    if tokens is not None:
        keeping_tokens.remember(account, tokens)
