"""An account as the table of config.toml that `add_account` writes: only what is not the default.

What belongs here: `Account` to tomlkit's tables. What must never be here: files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui_mail.config.durations import words_of
from tui_mail.config.oauth_rules import oauth_values
from tui_mail.model import CHECK_EVERY, Account, Protocol, Security, Server

if TYPE_CHECKING:
    from tomlkit.items import Table


def account_table(account: Account) -> Table:
    """The whole table of an account."""
    table = plain_table(
        {
            "name": account.full_name,
            "email": account.email,
            "protocol": account.protocol.value,
            "keep_bodies": account.keep_bodies,
            "aliases": list(account.aliases),
            "signature": account.signature,
            "signatures": dict(account.signatures),
            "language": account.language,
            "attribution": account.attribution,
            "save_sent": account.save_sent,
            "sendmail_command": list(account.sendmail_command),
            "smime_certificate": account.smime_certificate,
            "smime_key": account.smime_key,
            "smime_folder": account.smime_folder,
            "notify": list(account.notify),
            "authserv_ids": list(account.authserv_ids),
        },
        {
            "name": "",
            "keep_bodies": "all",
            "aliases": [],
            "signature": "",
            "signatures": {},
            "language": "en",
            "attribution": "",
            "save_sent": "auto",
            "sendmail_command": [],
            "smime_certificate": "",
            "smime_key": "",
            "smime_folder": "",
            "notify": ["inbox"],
            "authserv_ids": [],
        },
    )
    if account.protocol is not Protocol.LOCAL:
        table["incoming"] = incoming_table(account)
    if account.outgoing is not None:
        table["outgoing"] = leg_table(account.outgoing, account.incoming)
    if account.folders:
        table["folders"] = plain_table({role.value: name for role, name in account.folders}, {})
    if account.oauth is not None:
        table["oauth"] = plain_table(*oauth_values(account.oauth))
    return table


def incoming_table(account: Account) -> Table:
    """The table of the server for reading."""
    incoming = leg_table(account.incoming, Server("", 0, Security.TLS, ""))
    if account.delete_from_server != "never":
        incoming["delete_from_server"] = account.delete_from_server
    if account.check_every != CHECK_EVERY:
        incoming["check_every"] = words_of(account.check_every)
    return incoming


def leg_table(server: Server, inherited: Server) -> Table:
    """A leg's table; what is inherited or a default is left out."""
    return plain_table(
        {
            "host": server.host,
            "port": server.port,
            "security": server.security.value,
            "user": server.user,
            "auth": server.auth,
            "password_command": list(server.password_command),
            "ca_file": server.ca_file,
            "fingerprint": server.fingerprint,
            "allow_cleartext": server.allow_cleartext,
        },
        {
            "user": inherited.user,
            "auth": inherited.auth,
            "password_command": list(inherited.password_command),
            "ca_file": inherited.ca_file,
            "fingerprint": "",
            "allow_cleartext": False,
        },
    )


def plain_table(values: Mapping[str, object], defaults: Mapping[str, object]) -> Table:
    """Values that are not the defaults."""
    import tomlkit

    table = tomlkit.table()
    for key, value in values.items():
        if key not in defaults or value != defaults[key]:
            table[key] = value
    return table
