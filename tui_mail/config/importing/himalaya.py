"""Accounts out of himalaya: config.toml of version 2 (imap.server, imap.sasl), of version 1 (backend.…) and before.

What belongs here: himalaya's keys.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_mail.config.importing.gathering import (
    Gathering,
    Imported,
    Spot,
    command_of,
    expanded,
    plain_signature,
    url_of,
    url_user,
)
from tui_mail.model import Account, Protocol, Role, Security, Server

_LINE = re.compile(r"line (\d+)")
_OAUTH2 = ("oauthbearer", "xoauth2", "oauth2")
_SECURITY = {"tls": Security.TLS, "start-tls": Security.STARTTLS, "starttls": Security.STARTTLS, "none": Security.NONE}


_ALIASES = ("folder-aliases", "folder.alias", "folder.aliases", "mailbox.alias")
_ROLES = {
    "drafts": Role.DRAFTS, "sent": Role.SENT, "archives": Role.ARCHIVE, "archive": Role.ARCHIVE, "spam": Role.JUNK,
    "junk": Role.JUNK, "trash": Role.TRASH,
}  # fmt: skip


def read(file: Path) -> Imported:
    """Every account of a config.toml."""
    gathering = Gathering("himalaya")
    text = gathering.text(file)
    if text is None:
        return gathering.done()
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _LINE.search(str(error))
        gathering.remark(Spot(file, int(found[1]) if found else 0), "this is not TOML; nothing was taken.")
        return gathering.done()
    tables = document.get("accounts")
    if not isinstance(tables, dict):  # before version 1 they stood at the top
        tables = {key: value for key, value in document.items() if isinstance(value, dict) and "email" in value}
    for name, table in tables.items():
        if isinstance(table, dict):
            _Table(gathering, file, name, table, document, _line_of(text, name)).account()
    return gathering.done()


def _line_of(text: str, name: str) -> int:
    header = re.compile(rf"""\s*\[\s*(?:accounts\s*\.\s*)?["']?{re.escape(name)}["']?\s*[.\]]""")
    return next((number for number, line in enumerate(text.split("\n"), 1) if header.match(line)), 0)


class _Table:
    """One account; `document` holds what is true of all."""

    def __init__(
        self,
        gathering: Gathering,
        file: Path,
        name: str,
        table: Mapping[str, Any],
        document: Mapping[str, Any],
        line: int,
    ) -> None:
        self._gathering = gathering
        self._name = name
        self._table = table
        self._document = document
        self._folder = file.parent
        self._spot = Spot(file, line)

    def account(self) -> None:
        self._gathering.begin()
        email = _text(self._table, "email")
        incoming = self._leg("imap", "backend", email)
        if incoming is None:
            self._remark("reads no mail over IMAP; left out")
            return
        email = email or (incoming.user if "@" in incoming.user else "")
        outgoing = self._leg("smtp", "message.send.backend", incoming.user)
        program = self._program()
        if outgoing is not None and not outgoing.password_command and outgoing.user == incoming.user:
            outgoing = replace(outgoing, password_command=incoming.password_command)
        if outgoing is None and not program:
            self._remark("has no server for sending; the account only reads")
        for key in ("pgp", "sync", "jmap", "message.send.pre-hook"):
            if _at(self._table, key) is not None:
                self._remark(f"{key} is not taken")
        self._gathering.add(
            self._spot,
            Account(
                name=self._name,
                full_name=_text(self._table, "display-name") or _text(self._document, "display-name"),
                email=email,
                protocol=Protocol.IMAP,
                incoming=incoming,
                outgoing=outgoing,
                signature=self._signature(),
                save_sent="never" if _at(self._table, "message.send.save-copy") is False else "auto",
                sendmail_command=() if outgoing is not None else program,
                folders=self._folders(),
            ),
        )

    def _folders(self) -> tuple[tuple[Role, str], ...]:
        """Which folder is for what: the names that stand for others."""
        chosen = dict[Role, str]()
        for table in (self._document, self._table):
            for path in _ALIASES:
                names = _at(table, path)
                found = {key.lower(): name for key, name in names.items()} if isinstance(names, dict) else {}
                chosen |= {role: _text(found, key) for key, role in _ROLES.items() if _text(found, key)}
        return self._gathering.folders((role, name, self._spot) for role, name in chosen.items())

    def _leg(self, service: str, old: str, default_user: str) -> Server | None:
        """Whichever version's keys are there."""
        new = _at(self._table, service)
        if isinstance(new, dict) and "server" in new:
            return self._leg_of_2(service, new, default_user)
        backend = _at(self._table, old)
        if isinstance(backend, dict) and _text(backend, "type", service) == service and _text(backend, "host"):
            return self._leg_of_1(service, backend, default_user)
        if _text(self._table, f"{service}-host"):
            return self._leg_of_0(service, default_user)
        return None

    def _leg_of_2(self, service: str, table: Mapping[str, Any], default_user: str) -> Server | None:
        server = _text(table, "server")
        parts = url_of(server if "://" in server else f"{service}s://{server}")
        if parts is None or parts.scheme not in (service, f"{service}s"):
            self._remark(f"the server of {service} is no address of one")
            return None
        plain = Security.STARTTLS if table.get("starttls") is True else Security.NONE
        way, secret = self._sasl(table.get("sasl"))
        return self._server(
            service,
            host=parts.hostname or "",
            port=parts.port,
            security=Security.TLS if parts.scheme.endswith("s") else plain,
            user=_text(secret, "username") or url_user(parts) or default_user,
            auth="oauth2" if way in _OAUTH2 else "password",
            secret=secret.get("token") or secret.get("password") or secret.get("passwd"),
        )

    def _sasl(self, sasl: Any) -> tuple[str, Mapping[str, Any]]:
        """The mechanism that is used, and its table."""
        tables = {way: one for way, one in sasl.items() if isinstance(one, dict)} if isinstance(sasl, dict) else {}
        way = next((way for way in ("plain", "login", "scram-sha-256", *_OAUTH2) if way in tables), "")
        return way, tables.get(way, {})

    def _leg_of_1(self, service: str, table: Mapping[str, Any], default_user: str) -> Server:
        encryption = table.get("encryption", "tls")
        kind = _text(encryption, "type", "tls") if isinstance(encryption, dict) else str(encryption)
        auth = table.get("auth")
        auth = auth if isinstance(auth, dict) else {}
        oauth2 = _text(auth, "type") == "oauth2"
        if oauth2:
            self._remark(f"himalaya keeps the OAuth2 permission of {service}; sign in anew")
        return self._server(
            service,
            host=_text(table, "host"),
            port=_number(table, "port"),
            security=_SECURITY.get(kind.lower(), Security.TLS),
            user=_text(table, "login") or default_user,
            auth="oauth2" if oauth2 else "password",
            secret=auth.get("access-token") if oauth2 else auth,
        )

    def _leg_of_0(self, service: str, default_user: str) -> Server:
        encrypted = self._table.get(f"{service}-ssl", True) is not False
        starttls = self._table.get(f"{service}-starttls") is True
        secret = self._table.get(f"{service}-passwd")
        return self._server(
            service,
            host=_text(self._table, f"{service}-host"),
            port=_number(self._table, f"{service}-port"),
            security=Security.STARTTLS if starttls else Security.TLS if encrypted else Security.NONE,
            user=_text(self._table, f"{service}-login") or default_user,
            auth="password",
            secret=secret if isinstance(secret, dict) else {"cmd": _text(self._table, f"{service}-passwd-cmd")},
        )

    def _server(
        self, service: str, *, host: str, port: int | None, security: Security, user: str, auth: str, secret: Any
    ) -> Server:
        return self._gathering.server(
            self._spot,
            service,
            host=host,
            port=port,
            security=security,
            user=user,
            auth=auth,
            command=self._command(service, secret),
        )

    def _command(self, service: str, secret: Any) -> tuple[str, ...]:
        """The command that prints a secret; one that stands there itself is said and left."""
        if not isinstance(secret, dict):
            if isinstance(secret, str):
                self._remark(f"the password of {service} stands in the file; it is not taken")
            return ()
        if "raw" in secret:
            self._remark(f"the password of {service} stands in the file; it is not taken")
        if "keyring" in secret:
            self._remark(f"the password of {service} is in himalaya's own entry of the keyring; it is not taken")
        words = secret.get("command", secret.get("cmd"))
        if isinstance(words, list) and words and all(isinstance(word, str) and "\0" not in word for word in words):
            return tuple(words)
        return command_of(words) if isinstance(words, str) else ()

    def _program(self) -> tuple[str, ...]:
        """The program that sends, if one does."""
        words = _at(self._table, "message.send.backend.cmd") or _at(self._table, "sendmail.cmd")
        words = words or self._table.get("sendmail-cmd")
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return tuple(words)
        return command_of(words) if isinstance(words, str) else ()

    def _signature(self) -> str:
        text = _text(self._table, "signature") or _text(self._document, "signature")
        if re.fullmatch(r"(?:/|~/|\./)[^\n]*", text):
            file = expanded(text, self._folder)
            return self._gathering.signature(self._spot, str(file), self._folder) if file.is_file() else ""
        return plain_signature(text)

    def _remark(self, what: str) -> None:
        self._gathering.remark(self._spot, f'account "{self._name}": {what}.')


def _at(table: Mapping[str, Any], path: str) -> Any:
    """What stands under dotted keys; None when nothing does."""
    value: Any = table
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(table: Any, key: str, default: str = "") -> str:
    value = table.get(key, default) if isinstance(table, dict) else default
    return value.strip() if isinstance(value, str) else default


def _number(table: Mapping[str, Any], key: str) -> int | None:
    value = table.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
