"""What secrets are called: their kinds, the places for them, and the names of their entries in keyring and vault.

What belongs here: names. What must never be here: a secret.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account, Server
from tui_mail.settings import Leg

SERVICE = "tui-mail"
"""The name of our entries in a keyring."""

Kind = Literal["incoming", "outgoing", "refresh_token", "client_secret"]
"""The password for a leg, or what OAuth needs: it is for both legs."""


class Place(StrEnum):
    """Where a secret is kept."""

    KEYRING = "keyring"
    VAULT = "vault"
    SESSION = "session"
    """In memory; it is asked for again in the next run."""


def entry_name(account: Account, kind: Kind) -> str:
    """The name of an entry in keyring and vault: `work/imap`, `work/pop`, `work/smtp`, `work/oauth`, `work/client`."""
    match kind:
        case "refresh_token":
            return f"{account.name}/oauth"
        case "client_secret":
            return f"{account.name}/client"
        case "outgoing":
            return f"{account.name}/smtp"
    return f"{account.name}/{'pop' if account.protocol == 'pop3' else 'imap'}"


def kinds_of(account: Account, kind: Kind) -> tuple[Kind, ...]:
    """The entries that hold it: for sending as the same user, that of the incoming server will do."""
    if kind == "outgoing" and server_of(account, "outgoing").user == account.incoming.user:
        return ("outgoing", "incoming")
    return (kind,)


def typed_key(account: Account, kind: Kind) -> tuple[str, Kind, str, str]:
    """What a password that was typed is good for: this account, while its server and user are these."""
    if kind in ("incoming", "outgoing"):
        server = account.incoming if kind == "incoming" else account.outgoing or account.incoming
        return account.name, kind, server.host, server.user
    oauth = account.oauth
    return account.name, kind, oauth.provider if oauth else "", oauth.client_id if oauth else ""


def server_of(account: Account, leg: Leg) -> Server:
    """The server of a leg. Raises SecretUnavailable when the account has none."""
    server = account.incoming if leg == "incoming" else account.outgoing
    if server is None:
        raise SecretUnavailable(f'Account "{account.name}" has no server for sending, so there is no password for it.')
    return server
