"""What config.toml may say about OAuth: the table [accounts.NAME.oauth].

What belongs here: one rule per key, as in `rules`. What must never be here: a client secret, which is kept where
passwords are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui_mail.model import OAuth

if TYPE_CHECKING:
    from tui_mail.config.rules import Reader

OAUTH_KEYS = (
    "provider",
    "client_id",
    "scope",
    "tenant",
    "authorization_url",
    "token_url",
    "device_url",
    "ca_file",
    "token_command",
)
_PROVIDERS = ("google", "microsoft")
_Path = tuple[str, ...]


def oauth_of(reader: Reader, path: _Path, table: Mapping[str, Any]) -> OAuth | None:
    """The table [oauth] of an account; None when there is none, or it is wrong."""
    if "oauth" not in table:
        return None
    oauth = reader.table(path, table, "oauth")
    path = (*path, "oauth")
    before = len(reader.problems)
    if "client_secret" in oauth:
        what = f"move it: tui-mail account login {shlex.quote(path[1])} asks for it"
        reader.problem((*path, "client_secret"), f'"client_secret" must not stand in this file; {what}')
    reader.unknown(path, {key: value for key, value in oauth.items() if key != "client_secret"}, OAUTH_KEYS)
    words = {key: reader.string(path, oauth, key) for key in OAUTH_KEYS if key not in ("ca_file", "token_command")}
    command = reader.command(path, oauth, "token_command")
    ca_file = reader.file(path, oauth, "ca_file")
    provider = words["provider"]
    for key in ("authorization_url", "token_url", "device_url"):
        if words[key] and not _is_https(words[key]):
            reader.problem((*path, key), f'{key} = "{words[key]}" must be an https address')
    if provider and provider not in _PROVIDERS and not _is_https(provider):
        what = 'must be "google", "microsoft" or the https address of an issuer'
        reader.problem((*path, "provider"), f'provider = "{provider}" {what}')
    if words["tenant"] and not re.fullmatch(r"[A-Za-z0-9.-]+", words["tenant"]):
        reader.problem((*path, "tenant"), "tenant must be a name such as example.org, or the number of an organisation")
    if not command:
        if not provider and not (words["authorization_url"] and words["token_url"]):
            reader.problem(path, 'oauth needs provider = "google" or "microsoft", an issuer, or a token_command')
        if not words["client_id"]:
            reader.problem(path, "oauth needs the client_id of your own registration, or a token_command")
    if len(reader.problems) > before and any(problem.fatal for problem in reader.problems[before:]):
        return None
    return OAuth(**words, ca_file=ca_file, token_command=command)


def oauth_values(oauth: OAuth) -> tuple[dict[str, object], dict[str, object]]:
    """What the table says, and what may be left out of it."""
    values: dict[str, object] = {key: getattr(oauth, key) for key in OAUTH_KEYS if key != "token_command"}
    values["token_command"] = list(oauth.token_command)
    return values, {**dict.fromkeys(values, ""), "token_command": []}


def _is_https(address: str) -> bool:
    return re.fullmatch(r"https://[^\s/?#@]+(/[^\s?#]*)?", address) is not None
