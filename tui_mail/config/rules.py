"""What config.toml may say of an account: its keys, their defaults, and the sentence for each that cannot be.

What belongs here: one rule per key, and finding the line a key stands on.
What must never be here: files (accounts.py opens them), and anything that is not needed to check words.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tui_mail.config.durations import seconds_of
from tui_mail.config.folder_rules import FOLDER_KEYS, folders_of
from tui_mail.config.notice_rules import notify_of
from tui_mail.config.oauth_rules import oauth_of
from tui_mail.config.writing import WRITING_KEYS, writing_of
from tui_mail.model import CHECK_EVERY, Account, Protocol, Security, Server
from tui_mail.records import frozen
from tui_mail.settings import DEFAULT_PORTS
from tui_mail.text import SafeText, safe_line

_ACCOUNT_KEYS = (
    "name",
    "email",
    "protocol",
    "incoming",
    "outgoing",
    "oauth",
    "folders",
    "notify",
    "authserv_ids",
    "keep_bodies",
    *WRITING_KEYS,
)
_LEG_KEYS = (
    "host",
    "port",
    "security",
    "user",
    "auth",
    "password_command",
    "ca_file",
    "fingerprint",
    "allow_cleartext",
)
_INCOMING_KEYS = (*_LEG_KEYS, "delete_from_server", "check_every")
PASSWORD_KEYS = frozenset({"password", "passwd", "pass", "passphrase", "secret"})

SHORTEST_CHECK, LONGEST_CHECK = 60, 86_400
"""Seconds between two visits to a POP3 server: below it servers lock people out, above it nobody calls it mail."""

_DAYS = re.compile(r"([1-9][0-9]{0,4}) days?")
_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(\.[0-9]{1,3}){3}|\[?::1\]?", re.IGNORECASE)
_NAME = re.compile(r"[^\x00-\x20/:\x7f]([^\x00-\x1f/:\x7f]{0,62}[^\x00-\x20/:\x7f])?")

_KeyPath = tuple[str, ...]


@frozen
class Problem:
    """Something in config.toml that cannot be as it stands."""

    sentence: SafeText
    """What is wrong, on which line, and what to write instead."""
    account: str = ""
    """The account it belongs to; empty: the file or its settings."""
    line: int = 0
    """1-based line in the file; 0 when there is none to show."""
    fatal: bool = True
    """True when the account (or the file) cannot be used until it is corrected."""
    path: tuple[str, ...] = ()
    """The keys that lead to it: ("accounts", "work", "incoming", "port")."""
    what: SafeText = SafeText("")
    """The sentence without the place, for whoever shows it beside its field."""


def known_keys() -> tuple[str, ...]:
    """Every key of an account, dotted: "email", "incoming.host"; tables with keys of a person's own by their name."""
    plain = [key for key in _ACCOUNT_KEYS if key not in ("incoming", "outgoing", "folders")]
    return (
        *plain,
        *(f"incoming.{key}" for key in _INCOMING_KEYS),
        *(f"outgoing.{key}" for key in _LEG_KEYS),
        *(f"folders.{key}" for key in FOLDER_KEYS),
    )


def is_loopback(host: str) -> bool:
    """True when `host` is this computer, where a connection needs no protection."""
    return _LOOPBACK.fullmatch(host) is not None


def is_policy(value: str) -> bool:
    """True when this says what may be deleted on a POP3 server, and when."""
    return value in ("never", "when_deleted", "at_once") or _DAYS.fullmatch(value) is not None


class Reader:
    """Walks one document, and collects every problem instead of stopping at the first."""

    def __init__(self, text: str, folder: Path) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._folder = folder
        self._lines: dict[_KeyPath, int] | None = None

    def problem(self, path: _KeyPath, what: str, *, fatal: bool = True) -> None:
        """Note that what stands at `path` cannot be."""
        account = path[1] if len(path) > 1 and path[0] == "accounts" else ""
        line = self._line(path)
        where = f'config.toml line {line}, account "{account}"' if account else f"config.toml line {line}"
        fatal = fatal and path[:1] == ("accounts",)
        end = "" if what.endswith("?") else "."
        sentence = safe_line(f"{where}: {what}{end}")
        self.problems.append(Problem(sentence, account, line, fatal, path, safe_line(what)))

    def unknown(self, path: _KeyPath, table: Mapping[str, Any], known: Iterable[str]) -> None:
        """Note the keys of `table` that are none of `known`, and passwords above all."""
        known = list(known)
        for key in table:
            if key in known:
                continue
            if key in PASSWORD_KEYS and path[:1] == ("accounts",):
                self.problem(
                    (*path, key),
                    f'"{key}": a password must not stand in this file; move it: '
                    f"tui-mail account set-password {shlex.quote(path[1])}, or use password_command",
                )
                continue
            hint = suggestion(key, known) or f"; known here: {', '.join(known)}"
            self.problem((*path, key), f'"{key}" is not a known key{hint}', fatal=False)

    def table(self, path: _KeyPath, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """The table under `key`; empty when it is absent or no table."""
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self.problem((*path, key), f'"{key}" must be a table: [{".".join((*path, key))}]')
        return {}

    def strings(self, path: _KeyPath, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """The list of one-line texts under `key`."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one.isprintable() for one in value):
            self.problem((*path, key), f'"{key}" must be a list of texts: ["…", "…"]')
            return ()
        return tuple(one.strip() for one in value if one.strip())

    def string(self, path: _KeyPath, table: Mapping[str, Any], key: str, default: str = "") -> str:
        """The one-line text under `key`, without blanks at its ends."""
        value = table.get(key, default)
        if not isinstance(value, str):
            self.problem((*path, key), f'"{key}" must be a text in quotation marks')
            return default
        if any(ord(character) < 0x20 or ord(character) == 0x7F for character in value):
            self.problem((*path, key), f'"{key}" holds a control character')
            return default
        return value.strip()

    def choice(self, path: _KeyPath, table: Mapping[str, Any], key: str, words: Iterable[str], default: str) -> str:
        """The text under `key`, which must be one of `words`."""
        value = self.string(path, table, key, default)
        words = list(words)
        if value in words:
            return value
        expected = " or ".join(f'"{word}"' for word in words)
        self.problem((*path, key), f'{key} = "{value}" must be {expected}{suggestion(value.lower(), words)}')
        return default

    def account_of(self, name: str, table: Any) -> Account | None:
        """The account, or None when something about it is wrong in a way that matters."""
        path = ("accounts", name)
        before = len(self.problems)
        if not isinstance(table, dict):
            self.problem(path, f"an account must be a table: [accounts.{name}]")
            return None
        if not _NAME.fullmatch(name):
            self.problem(path, 'a name of an account has 1 to 64 characters, none of them "/", ":" or invisible')
        self.unknown(path, table, _ACCOUNT_KEYS)
        email = self.string(path, table, "email")
        if not re.fullmatch(r"[^\s@]+@[^\s@]+", email) and isinstance(table.get("email", ""), str):
            self.problem((*path, "email"), "email must be an address such as anna@example.org")
        protocol = Protocol(self.choice(path, table, "protocol", list(Protocol), Protocol.IMAP))
        incoming_table = self.table(path, table, "incoming")
        self.unknown((*path, "incoming"), incoming_table, _INCOMING_KEYS)
        incoming = Server("", 0, Security.TLS, email)
        if protocol is not Protocol.LOCAL:
            incoming = self._server((*path, "incoming"), incoming_table, protocol.value, incoming)
        elif incoming_table:
            self.problem((*path, "incoming"), "an account of this computer only (local) has no incoming server")
        outgoing = None
        outgoing_table = self.table(path, table, "outgoing")
        if isinstance(table.get("outgoing"), dict):
            self.unknown((*path, "outgoing"), outgoing_table, _LEG_KEYS)
            outgoing = self._server((*path, "outgoing"), outgoing_table, "smtp", incoming)
        account = Account(
            **writing_of(self, path, table),
            name=name,
            full_name=self.string(path, table, "name"),
            email=email,
            protocol=protocol,
            incoming=incoming,
            outgoing=outgoing,
            oauth=oauth_of(self, path, table),
            folders=folders_of(self, path, table),
            notify=notify_of(self, path, table),
            authserv_ids=self.strings(path, table, "authserv_ids"),
            keep_bodies=self._keep_bodies(path, table),
            delete_from_server=self._delete_from_server((*path, "incoming"), incoming_table, protocol),
            check_every=self._check_every((*path, "incoming"), incoming_table, protocol),
        )
        return None if any(problem.fatal for problem in self.problems[before:]) else account

    def _server(self, path: _KeyPath, table: Mapping[str, Any], protocol: str, inherited: Server) -> Server:
        host = self.string(path, table, "host")
        if not host:
            self.problem((*path, "host"), f"{path[-1]} needs a host, such as {protocol}.example.org")
        elif re.search(r"[\s/@]", host) or (":" in host and not re.fullmatch(r"\[?[0-9a-fA-F:.]+\]?", host)):
            self.problem((*path, "host"), f'host = "{host}" must be a host name alone; port and security have own keys')
        security = Security(self.choice(path, table, "security", list(Security), Security.TLS))
        allowed = table.get("allow_cleartext", False)
        if not isinstance(allowed, bool):
            self.problem((*path, "allow_cleartext"), "allow_cleartext must be true or false")
            allowed = False
        if security is Security.NONE and host and not allowed and not is_loopback(host):
            self.problem(
                (*path, "security"),
                f'security = "none" would send the password in the clear to {host}; use "tls" or "starttls" '
                "(allow_cleartext = true if you must)",
            )
        port = table.get("port", DEFAULT_PORTS[protocol, security])
        if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
            self.problem((*path, "port"), "port must be a number from 1 to 65535")
            port = 0
        return Server(
            host=host,
            port=port,
            security=security,
            user=self.string(path, table, "user", inherited.user),
            auth=self.choice(path, table, "auth", ("password", "oauth2"), inherited.auth),
            password_command=self.command(path, table, "password_command", inherited.password_command),
            ca_file=self.file(path, table, "ca_file", inherited.ca_file),
            fingerprint=self._fingerprint(path, table),
            allow_cleartext=allowed,
        )

    def command(
        self, path: _KeyPath, table: Mapping[str, Any], key: str, inherited: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """The argv under `key`: a list of words, or one text that a shell would part into them."""
        value = table.get(key, inherited)
        argv: tuple[Any, ...]
        try:
            argv = tuple(shlex.split(value) if isinstance(value, str) else value)
        except (TypeError, ValueError):
            argv = (None,)
        if all(isinstance(word, str) and "\0" not in word for word in argv) and (not argv or argv[0]):
            return argv
        example = '["pass", "show", "mail/work"]' if key == "password_command" else '["program", "word"]'
        self.problem((*path, key), f"{key} must be a list of words, such as {example}")
        return ()

    def file(self, path: _KeyPath, table: Mapping[str, Any], key: str, inherited: str = "") -> str:
        """The file that is named under `key`, which must be there; relative to the folder of config.toml."""
        name = self.string(path, table, key, inherited)
        if not name:
            return ""
        file = self._folder / Path(name).expanduser()
        if key in table and not file.is_file():
            self.problem((*path, key), f"{key} {file} is not there")
        return str(file)

    def _fingerprint(self, path: _KeyPath, table: Mapping[str, Any]) -> str:
        value = self.string(path, table, "fingerprint")
        digits = value.lower().removeprefix("sha256:").replace(":", "")
        if value and not re.fullmatch(r"[0-9a-f]{64}", digits):
            self.problem((*path, "fingerprint"), "fingerprint must be the SHA-256 of the certificate: 64 hex digits")
            return ""
        return digits

    def _keep_bodies(self, path: _KeyPath, table: Mapping[str, Any]) -> str:
        value = self.string(path, table, "keep_bodies", "all")
        if value in ("all", "opened") or _DAYS.fullmatch(value):
            return value
        self.problem((*path, "keep_bodies"), f'keep_bodies = "{value}" must be "all", "opened" or such as "90 days"')
        return "all"

    def _delete_from_server(self, path: _KeyPath, table: Mapping[str, Any], protocol: Protocol) -> str:
        value = table.get("delete_from_server", "never")
        if isinstance(value, dict) and set(value) == {"days"}:
            value = f"{value['days']} days"
        if protocol is not Protocol.POP3 and "delete_from_server" in table:
            what = "delete_from_server is for POP3 only; with IMAP the server keeps the mail"
            self.problem((*path, "delete_from_server"), what)
        if isinstance(value, str) and is_policy(value):
            return value
        self.problem(
            (*path, "delete_from_server"),
            'delete_from_server must be "never", "when_deleted", "at_once" or such as "14 days"',
        )
        return "never"

    def _check_every(self, path: _KeyPath, table: Mapping[str, Any], protocol: Protocol) -> int:
        seconds = seconds_of(table.get("check_every", CHECK_EVERY))
        if protocol is not Protocol.POP3 and "check_every" in table:
            what = "check_every is for POP3 only; an IMAP server tells of new mail by itself"
            self.problem((*path, "check_every"), what)
        elif seconds is None or not SHORTEST_CHECK <= seconds <= LONGEST_CHECK:
            what = 'check_every must be such as "5 minutes" or "2 hours", from 1 minute to 24 hours'
            self.problem((*path, "check_every"), what)
        else:
            return seconds
        return CHECK_EVERY

    def _line(self, path: _KeyPath) -> int:
        """Where `path` stands, or the table that should hold it."""
        if self._lines is None:
            self._lines = _lines_of(self._text)
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)


def _lines_of(text: str) -> dict[_KeyPath, int]:
    """First line of each key of a valid document: a statement is the shortest run of lines that parses alone."""
    lines: dict[_KeyPath, int] = {}
    table: _KeyPath = ()
    counts: dict[_KeyPath, int] = {}
    statement: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        statement.append(line)
        try:
            parsed = tomllib.loads("\n".join(statement))
        except tomllib.TOMLDecodeError:
            continue
        first = number - len(statement) + 1
        statement = []
        found = list(_key_paths(parsed))
        if line.lstrip().startswith("[") and found:
            table = found[-1]
            if line.lstrip().startswith("[["):  # one of several tables of this name: they are numbered
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            lines.setdefault(table, first)
        else:
            for path in found:
                lines.setdefault((*table, *path), first)
    return lines


def _key_paths(value: Any) -> Iterable[_KeyPath]:
    """Every path of keys inside a parsed value, outer before inner."""
    if isinstance(value, list) and value:
        yield from _key_paths(value[-1])
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (key,)
            for path in _key_paths(inner):
                yield (key, *path)


def suggestion(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: which of `known` was probably meant, or nothing."""
    import difflib

    close = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f'; did you mean "{close[0]}"?' if close else ""
