"""Settings of an account as a person types them: one line of text to what config.toml holds, and back.

What belongs here: that. What must never be here: whether a value is right (rules).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from tui_mail.config.changing import key_path
from tui_mail.config.folder_rules import FOLDER_KEYS
from tui_mail.config.oauth_rules import oauth_values
from tui_mail.config.rules import known_keys, suggestion
from tui_mail.errors import UsageError
from tui_mail.model import Account, OAuth, Role, Server

OTHER_WORDS = {
    "full_name": "name",
    "smtp": "outgoing",
    "imap": "incoming",
    "pop3": "incoming",
}
"""What people call a key or a table that has another name in config.toml."""

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def full_key(word: str) -> str:
    """The dotted key that a person means: "port" is "incoming.port". Raises UsageError with a suggestion."""
    word = word.strip().replace("-", "_") if "@" not in word else word.strip()
    table, dot, rest = word.partition(".")
    table = OTHER_WORDS.get(table, table)
    key = f"{table}.{rest}" if dot else table
    known = known_keys()
    if key in known or (dot and rest and table in known):
        return key
    for table in ("incoming", "folders"):
        if not dot and f"{table}.{key}" in known:
            return f"{table}.{key}"
    raise UsageError(
        f'"{word}" is no setting of an account{suggestion(key, known) or ". `tui-mail account set NAME` lists them."}'
    )


def parsed(key: str, text: str) -> object | None:
    """What config.toml holds for a text; None, which takes the key out, for an empty one."""
    last = key_path(key)[-1]
    if not text.strip():
        return None
    if last == "port" and text.strip().isdecimal():
        return int(text)
    if last == "allow_cleartext":
        word = text.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else text
    if key in ("aliases", "notify", "authserv_ids"):
        return [one.strip() for one in text.split(",") if one.strip()]
    if last.endswith("_command"):
        try:
            return shlex.split(text)
        except ValueError:
            return text
    if "signature" in key_path(key)[0]:
        return text.replace("\\n", "\n")
    return text.strip()


def shown(account: Account) -> dict[str, str]:
    """Every setting of an account as text, by dotted key; what is not set or a default is empty or that default."""
    values: dict[str, Any] = {
        "name": account.full_name,
        "email": account.email,
        "protocol": account.protocol.value,
        "keep_bodies": account.keep_bodies,
        "aliases": ", ".join(account.aliases),
        "signature": account.signature,
        "language": account.language,
        "attribution": account.attribution,
        "save_sent": account.save_sent,
        "notify": ", ".join(account.notify),
        "authserv_ids": ", ".join(account.authserv_ids),
        "sendmail_command": shlex.join(account.sendmail_command),
        "smime_certificate": account.smime_certificate,
        "smime_key": account.smime_key,
        "smime_folder": account.smime_folder,
        **_leg("incoming", account.incoming),
        "incoming.delete_from_server": account.delete_from_server,
    }
    values |= {f"signatures.{email}": text for email, text in account.signatures}
    chosen = dict(account.folders)
    values |= {f"folders.{key}": chosen.get(Role(key), "") for key in FOLDER_KEYS}
    legs = [leg for leg in (account.incoming, account.outgoing) if leg is not None]
    if account.oauth is not None or any(leg.auth == "oauth2" for leg in legs):
        told, _ = oauth_values(account.oauth or OAuth())
        values |= {f"oauth.{key}": shlex.join(one) if isinstance(one, list) else str(one) for key, one in told.items()}
    return values | (_leg("outgoing", account.outgoing) if account.outgoing is not None else {})


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, object]:
    """The changes that lead from one set of texts to another."""
    return {key: parsed(key, text) for key, text in after.items() if text.strip() != before.get(key, "").strip()}


def _leg(name: str, server: Server) -> dict[str, str]:
    return {
        f"{name}.host": server.host,
        f"{name}.port": str(server.port),
        f"{name}.security": server.security.value,
        f"{name}.user": server.user,
        f"{name}.auth": server.auth,
        f"{name}.password_command": shlex.join(server.password_command),
        f"{name}.ca_file": server.ca_file,
        f"{name}.fingerprint": server.fingerprint,
        f"{name}.allow_cleartext": "true" if server.allow_cleartext else "",
    }
