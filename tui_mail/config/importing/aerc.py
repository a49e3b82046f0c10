"""Accounts out of aerc: a section of accounts.conf each, with URLs for the servers and commands for the secrets.

What belongs here: aerc's keys and what its URL schemes mean.
"""

from __future__ import annotations

import configparser
import re
import shlex
from dataclasses import replace
from pathlib import Path

from tui_mail.config.importing.gathering import (
    Gathering,
    Imported,
    Spot,
    address_of,
    alias_of,
    command_of,
    expanded,
    url_of,
    url_user,
)
from tui_mail.model import Account, Protocol, Role, Security, Server

_SECURITY = {"imap": Security.STARTTLS, "imaps": Security.TLS, "smtp": Security.STARTTLS, "smtps": Security.TLS}
_KNOWN_WAYS = frozenset({"", "insecure", "login", "plain", "xoauth2", "oauthbearer", "none"})
_SILENT = frozenset({
    "source", "source-cred-cmd", "outgoing", "outgoing-cred-cmd", "from", "aliases", "signature-file", "signature-cmd",
    "copy-to", "default", "archive", "postpone", "cache-headers", "check-mail", "folders-sort", "check-mail-timeout",
    "smtp-starttls",
})  # fmt: skip
"""Keys that are taken, or that mean nothing to another program."""


_FOLDERS = {Role.SENT: "copy-to", Role.ARCHIVE: "archive", Role.DRAFTS: "postpone"}


def read(file: Path) -> Imported:
    """Every account of an accounts.conf."""
    gathering = Gathering("aerc")
    text = gathering.text(file)
    if text is None:
        return gathering.done()
    sections = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#", ";"))
    try:
        sections.read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", 0) or 0
        gathering.remark(Spot(file, line), "this is not what aerc reads; nothing was taken from this file.")
        return gathering.done()
    lines = _lines_of(text)
    for name in sections.sections():
        _Section(gathering, file, name, dict(sections.items(name)), lines).account()
    return gathering.done()


def _lines_of(text: str) -> dict[tuple[str, str], int]:
    """Line of each (section, key); the key of a section itself is empty."""
    lines, section = dict[tuple[str, str], int](), ""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if line.startswith("[") and "]" in line:
            section = line[1 : line.rindex("]")]
            lines.setdefault((section, ""), number)
        elif "=" in line:
            lines[section, line.partition("=")[0].strip().lower()] = number
    return lines


class _Section:
    """One account."""

    def __init__(
        self, gathering: Gathering, file: Path, name: str, values: dict[str, str], lines: dict[tuple[str, str], int]
    ) -> None:
        self._gathering = gathering
        self._file = file
        self._name = name
        self._values = values
        self._lines = lines

    def account(self) -> None:
        self._gathering.begin()
        full_name, email = address_of(self._values.get("from", ""))
        incoming = self._incoming(email)
        if incoming is None:
            return
        if not email and "@" in incoming.user:
            email = incoming.user
        others = sorted(set(self._values) - _SILENT - {key for key in self._values if key.startswith("pgp-")})
        if others:
            self._remark("", f"[{self._name}]: not taken: {', '.join(others)}.")
        outgoing, program = self._outgoing(incoming)
        self._gathering.add(
            self._spot(""),
            Account(
                name=self._name,
                full_name=full_name,
                email=email,
                protocol=Protocol.IMAP,
                incoming=incoming,
                outgoing=outgoing,
                aliases=self._aliases(),
                signature=self._signature(),
                sendmail_command=program,
                folders=self._folders(),
            ),
        )

    def _folders(self) -> tuple[tuple[Role, str], ...]:
        """Which folder is for what; a map of names makes them other ones than the server's."""
        chosen = [(role, self._values.get(key, "").strip(), self._spot(key)) for role, key in _FOLDERS.items()]
        for role, name, spot in chosen:
            if name and ("folder-map" in self._values or "," in name):
                self._gathering.remark(spot, f"[{self._name}]: the folder for {role} is not taken; set folders.{role}.")
        return self._gathering.folders(one for one in chosen if "folder-map" not in self._values and "," not in one[1])

    def _incoming(self, email: str) -> Server | None:
        source = self._values.get("source", "")
        parts = url_of(source)
        scheme = (parts.scheme if parts else source.partition(":")[0]).lower().partition("+")[0]
        if parts is None or scheme not in ("imap", "imaps"):
            what = f"the kind {scheme}" if re.fullmatch(r"[a-z0-9]{1,20}", scheme) else "something else than a server"
            self._remark("source", f"[{self._name}] reads mail from {what}, which tui-mail has not; left out.")
            return None
        return self._server("source", "imap", source, default_user=email)

    def _outgoing(self, incoming: Server) -> tuple[Server | None, tuple[str, ...]]:
        """The server for sending, or the program."""
        outgoing = self._values.get("outgoing", "").strip()
        parts = url_of(outgoing)
        if parts is not None and parts.scheme.lower().partition("+")[0] in ("smtp", "smtps"):
            server = self._server("outgoing", "smtp", outgoing, default_user=incoming.user)
            return self._sharing(server, incoming), ()
        if parts is None and outgoing and "://" not in outgoing:
            try:
                program = tuple(shlex.split(outgoing))
            except ValueError:
                program = ()
            if program:
                return None, (str(expanded(program[0], Path(""))), *program[1:])
        what = "is not a way of sending that tui-mail has" if outgoing else "is not there"
        self._remark("outgoing", f"[{self._name}] outgoing {what}; the account only reads.")
        return None, ()

    def _sharing(self, server: Server, incoming: Server) -> Server:
        if server.password_command or server.user != incoming.user:
            return server
        return replace(server, password_command=incoming.password_command)

    def _server(self, key: str, service: str, url: str, default_user: str) -> Server:
        parts = url_of(url)
        assert parts is not None
        scheme, _, way = parts.scheme.lower().partition("+")
        security = Security.NONE if way == "insecure" else _SECURITY[scheme]
        if self._values.get("smtp-starttls", "").lower() in ("no", "false") and scheme == "smtp":
            security = Security.NONE
        oauth2 = way in ("xoauth2", "oauthbearer")
        if oauth2 and "token_endpoint" in parts.query:
            self._remark(key, f"[{self._name}]: aerc renews the OAuth2 token itself; sign in anew here.")
        if way not in _KNOWN_WAYS:
            self._remark(key, f"[{self._name}]: signing in by {way} is not taken; it will use a password.")
        command = command_of(self._values.get(f"{key}-cred-cmd", ""))
        if oauth2 and "token_endpoint" in parts.query:
            command = ()  # it prints a refresh token, which is no password for the server
        if parts.password is not None:
            self._remark(key, f"[{self._name}]: the password in this line is not taken; keep it in the keyring.")
        return self._gathering.server(
            self._spot(key),
            service,
            host=parts.hostname or "",
            port=parts.port,
            security=security,
            user=url_user(parts) or default_user,
            auth="oauth2" if oauth2 else "password",
            command=command,
        )

    def _aliases(self) -> tuple[str, ...]:
        found = dict[str, None]()
        for one in self._values.get("aliases", "").split(","):
            if one.strip():
                alias = alias_of(one)
                if alias:
                    found[alias] = None
                else:
                    self._remark("aliases", f"[{self._name}]: one of the aliases is no address, and is left out.")
        return tuple(found)

    def _signature(self) -> str:
        if self._values.get("signature-cmd"):
            self._remark("signature-cmd", f"[{self._name}]: a command for the signature is not run here.")
        name = self._values.get("signature-file", "")
        return self._gathering.signature(self._spot("signature-file"), name, self._file.parent) if name else ""

    def _spot(self, key: str) -> Spot:
        return Spot(self._file, self._lines.get((self._name, key), self._lines.get((self._name, ""), 0)))

    def _remark(self, key: str, what: str) -> None:
        self._gathering.remark(self._spot(key), what)
