"""Accounts out of mutt and neomutt: what the commands of a muttrc leave set when they have all been carried out.

What belongs here: which settings make an account, and which files hold one of several. How a line is parted into words
is `mutt_words`. What must never be here: running a command that a muttrc names.

A muttrc is a program: it sources other files, and people switch accounts by hooks and macros that source more. Each
file that such a switch sources is an account of its own, with what was set before as its beginning.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from tui_mail.config.importing.gathering import (
    ALIAS,
    Gathering,
    Imported,
    Spot,
    address_of,
    command_of,
    expanded,
    folder_in,
    url_of,
    url_user,
)
from tui_mail.config.importing.mutt_words import Word, commands_of
from tui_mail.model import Account, Protocol, Role, Security, Server

FILES = 100
"""Most files that are read, however they source each other."""
_TAKEN = frozenset({
    "folder", "spoolfile", "imap_user", "imap_login", "imap_pass", "imap_oauth_refresh_command", "imap_authenticators",
    "smtp_url", "smtp_pass", "smtp_oauth_refresh_command", "smtp_authenticators", "smtp_user", "sendmail", "from",
    "realname", "signature", "ssl_starttls", "ssl_force_tls", "pop_host", "pop_user", "pop_pass", "pop_delete",
    "pop_oauth_refresh_command", "record", "copy", "certificate_file", "postponed", "trash",
})  # fmt: skip
_FOLDERS = {Role.SENT: "record", Role.DRAFTS: "postponed", Role.TRASH: "trash"}
_SECRET = re.compile(r"pass|token|secret")
_SWITCH = re.compile(r"source\s+([^<>|;\"']+?)\s*(?:<|$)", re.IGNORECASE)
_ALTERNATIVES = "from|realname|signature|smtp_url|smtp_pass|imap_user|imap_pass|folder|spoolfile|sendmail"
_HOOKS = ("folder-hook", "account-hook", "macro", "startup-hook")


@dataclass
class _State:
    """What is set so far."""

    values: dict[str, Word] = field(default_factory=dict)
    spots: dict[str, Spot] = field(default_factory=dict)
    aliases: dict[str, None] = field(default_factory=dict)
    full_name: str = ""
    email: str = ""
    """From `my_hdr From:`, which goes before the settings."""

    def copy(self) -> _State:
        return _State(dict(self.values), dict(self.spots), dict(self.aliases), self.full_name, self.email)


def read(file: Path) -> Imported:
    """Every account that a muttrc, and what it sources, sets up."""
    gathering = Gathering("mutt")
    _Reading(gathering, file).accounts()
    return gathering.done()


class _Reading:
    """Carries out the commands of a muttrc as far as accounts go."""

    def __init__(self, gathering: Gathering, file: Path) -> None:
        self._gathering = gathering
        self._file = file
        self._read = 0
        self._switches: dict[Path, Spot] = {}
        self._ignored: Counter[str] = Counter()
        self._found: set[tuple[str, str, str]] = set()

    def accounts(self) -> None:
        """The account that is set at the end, and one for each file that a hook or a macro switches to."""
        state = _State()
        self._carry_out(self._file, state, ())
        switches, at = self._switches, Spot(self._file)
        for file, spot in list(switches.items())[:FILES]:
            other = state.copy()
            self._carry_out(file, other, (self._file,))
            self._account(other, spot, file.name.strip("."))
        if not self._account(state, at, "") and not self._found:
            self._say_none(state, at)
        if self._ignored:
            most = ", ".join(f"{count} × {name}" for name, count in self._ignored.most_common(6))
            self._gathering.remark(at, f"what is mutt's own is not taken: {most}.")

    def _carry_out(self, file: Path, state: _State, inside: tuple[Path, ...]) -> None:
        if file in inside:
            self._gathering.remark(Spot(inside[-1]), f"it sources {file.name}, which sources it again; read once.")
            return
        self._read += 1
        if self._read > FILES:
            self._gathering.remark(Spot(file), f"more than {FILES} files are sourced; this one was not read.")
            return
        text = self._gathering.text(file)
        for number, words in commands_of(text or ""):
            self._command(Spot(file, number), words, state, (*inside, file))

    def _command(self, spot: Spot, words: list[Word], state: _State, inside: tuple[Path, ...]) -> None:
        name, rest = words[0].text, words[1:]
        if name == "set":
            self._set(spot, rest, state)
        elif name in ("unset", "reset"):
            for word in rest:
                state.values[word.text] = Word("")
        elif name == "source" and rest:
            self._source(spot, rest[0], state, inside)
        elif name == "my_hdr":
            self._header(spot, " ".join(self._value(word, state) for word in rest), state)
        elif name == "alternates":
            self._alternates(spot, rest, state)
        elif name in _HOOKS:
            self._switch(spot, rest, state, inside[0])
        elif name.isascii():
            self._ignored[name[:30]] += 1

    def _set(self, spot: Spot, words: list[Word], state: _State) -> None:
        at = 0
        while at < len(words):
            name, value = words[at].text, Word("yes")
            if at + 2 < len(words) and words[at + 1].is_equals:
                value, at = words[at + 2], at + 2
            elif at + 1 < len(words) and words[at + 1].is_equals:
                value, at = Word(""), at + 1
            elif name.startswith("no"):
                name, value = name[2:], Word("no")
            at += 1
            if not value.command and "$" in value.text and not value.single:
                value = replace(value, text=self._value(value, state))
            state.values[name], state.spots[name] = value, spot
            if name not in _TAKEN and not name.startswith("my_"):
                self._ignored["set"] += 1

    def _value(self, word: Word, state: _State) -> str:
        """A word with the variables in it filled in: those of mutt, then those of the environment."""
        if word.single:
            return word.text

        def fill(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            known = state.values.get(name)
            return known.text if known is not None else os.environ.get(name, "")

        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", fill, word.text)[:10_000]

    def _source(self, spot: Spot, word: Word, state: _State, inside: tuple[Path, ...]) -> None:
        name = self._value(word, state)
        if word.command or name.rstrip().endswith("|"):
            self._gathering.remark(spot, "settings that a command prints are not taken: it was not run.")
            return
        self._carry_out(expanded(name, Path.home() if name.startswith("~") else inside[0].parent), state, inside)

    def _switch(self, spot: Spot, words: list[Word], state: _State, first: Path) -> None:
        for word in words[1:]:
            if re.search(rf"\bset\s+(?:{_ALTERNATIVES})\b", word.text[:2_000]):
                self._gathering.remark(spot, "what this hook sets is not taken; only files that hooks source are.")
            for found in _SWITCH.finditer(self._value(word, state)[:2_000]):
                file = expanded(found[1], first.parent)
                if file.is_file():
                    self._switches.setdefault(file, spot)

    def _header(self, spot: Spot, line: str, state: _State) -> None:
        name, _, value = line.partition(":")
        if name.strip().lower() == "from":
            state.full_name, state.email = address_of(value)
        elif name.strip():
            self._gathering.remark(spot, f"the header field {name.strip()[:40]} for every message is not taken.")

    def _alternates(self, spot: Spot, words: list[Word], state: _State) -> None:
        group = False
        for word in words:
            if group or word.text == "-group":
                group = not group
                continue
            found = list(_addresses(word.text))
            state.aliases.update(dict.fromkeys(found))
            if not found:
                self._gathering.remark(spot, "an alternate that is no plain address is not taken.")

    # --- from settings to an account ------------------------------------------------------------

    def _account(self, state: _State, spot: Spot, name: str) -> bool:
        """Make an account of what is set; False when that is none, or one that was found before."""
        self._gathering.begin()
        incoming, protocol, at = self._incoming(state)
        if incoming is None:
            return False
        full_name, email = address_of(self._text(state, "from"))
        email = state.email or email or (incoming.user if "@" in incoming.user else "")
        key = (protocol.value, incoming.host.casefold(), incoming.user.casefold())
        if key in self._found:
            return False
        self._found.add(key)
        if protocol is Protocol.POP3 and self._text(state, "pop_delete").lower() in ("yes", "ask-yes"):
            self._gathering.remark(
                state.spots["pop_delete"],
                "mutt deletes from this server what it has fetched; tui-mail leaves it there until you set"
                " delete_from_server.",
            )
        outgoing, program = self._outgoing(state, incoming)
        if outgoing is None and not program:
            self._gathering.remark(at, "there is no server for sending; the account only reads.")
        copies = self._text(state, "copy").lower()
        self._gathering.add(
            at,
            Account(
                name=name or email.rpartition("@")[2],
                full_name=state.full_name or full_name or self._text(state, "realname"),
                email=email,
                protocol=protocol,
                incoming=incoming,
                outgoing=outgoing,
                aliases=tuple(one for one in state.aliases if one.casefold() != email.casefold()),
                signature=self._signature(state),
                save_sent="never" if copies == "no" else "auto",
                sendmail_command=program,
                folders=self._folders(state, incoming) if protocol is Protocol.IMAP else (),
            ),
        )
        return True

    def _folders(self, state: _State, incoming: Server) -> tuple[tuple[Role, str], ...]:
        """Which folder is for what, of those on the server whose full names are sure."""
        chosen = list[tuple[Role, str, Spot]]()
        for role, key in _FOLDERS.items():
            text = self._text(state, key)
            if not text or text in ("yes", "no"):
                continue
            name = self._folder(state, text, incoming)
            if name:
                chosen.append((role, name, state.spots[key]))
            else:
                self._gathering.remark(state.spots[key], f"the folder for {role} is not taken; set folders.{role}.")
        return self._gathering.folders(chosen)

    def _folder(self, state: _State, text: str, incoming: Server) -> str:
        """The full name of a folder as mutt writes it: =name, +name, or a URL; empty when it cannot be told."""
        root = url_of(self._text(state, "folder"))
        if text[0] in "=+":
            path = text[1:] if root is not None and not root.path.strip("/") else ""
        else:
            parts = url_of(text)
            path = unquote(parts.path) if parts is not None and parts.hostname == incoming.host.casefold() else ""
        name = folder_in(path, incoming.host)
        return "" if "." in name else name  # which may be a sign between levels, and may be changed into one

    def _incoming(self, state: _State) -> tuple[Server | None, Protocol, Spot]:
        for key in ("folder", "spoolfile"):
            parts = url_of(self._text(state, key))
            if parts is not None and parts.scheme.lower() in ("imap", "imaps"):
                return self._server(state, key, "imap", "imap"), Protocol.IMAP, state.spots[key]
        parts = url_of(self._text(state, "pop_host") if "://" in self._text(state, "pop_host") else "")
        if parts is not None and parts.scheme.lower() in ("pop", "pops"):
            return self._server(state, "pop_host", "pop3", "pop"), Protocol.POP3, state.spots["pop_host"]
        return None, Protocol.IMAP, Spot(self._file)

    def _outgoing(self, state: _State, incoming: Server) -> tuple[Server | None, tuple[str, ...]]:
        parts = url_of(self._text(state, "smtp_url"))
        if parts is not None and parts.scheme.lower() in ("smtp", "smtps"):
            server = self._server(state, "smtp_url", "smtp", "smtp", incoming)
            if not server.password_command and server.user == incoming.user and "smtp_pass" not in state.values:
                server = replace(server, password_command=incoming.password_command)
            return server, ()
        program = command_of(self._text(state, "sendmail"))
        return None, program

    def _server(self, state: _State, key: str, service: str, prefix: str, incoming: Server | None = None) -> Server:
        parts = url_of(self._text(state, key))
        assert parts is not None
        spot = state.spots[key]
        plain = Security.NONE if self._text(state, "ssl_starttls").lower() == "no" else Security.STARTTLS
        if self._text(state, "ssl_force_tls").lower() == "yes":
            plain = Security.STARTTLS
        secure = parts.scheme.lower() in ("imaps", "pops", "smtps")
        if parts.password is not None:
            self._gathering.remark(spot, "the password in this line is not taken; keep it in the keyring.")
        secret = state.values.get(f"{prefix}_pass", Word(""))
        if secret.text and not secret.command:
            where = state.spots[f"{prefix}_pass"]
            self._gathering.remark(where, "the password in this line is not taken; keep it in the keyring.")
        token = state.values.get(f"{prefix}_oauth_refresh_command", Word(""))
        oauth2 = bool(token.text) or "oauth" in self._text(state, f"{prefix}_authenticators").lower()
        return self._gathering.server(
            spot,
            service,
            host=parts.hostname or "",
            port=parts.port if parts.port is not None else 25 if parts.scheme.lower() == "smtp" else None,
            security=Security.TLS if secure else plain,
            user=url_user(parts)
            or self._text(state, f"{prefix}_user")
            or self._text(state, f"{prefix}_login")
            or (incoming.user if incoming is not None else address_of(self._text(state, "from"))[1]),
            auth="oauth2" if oauth2 else "password",
            command=command_of(token.text if token.text else secret.text if secret.command else ""),
        )

    def _signature(self, state: _State) -> str:
        name, spot = self._text(state, "signature"), state.spots.get("signature", Spot(self._file))
        if not name or name in ("yes", "no"):
            return ""
        if name.rstrip().endswith("|"):
            self._gathering.remark(spot, "a command for the signature is not run here.")
            return ""
        return self._gathering.signature(spot, name, self._file.parent)

    def _text(self, state: _State, key: str) -> str:
        word = state.values.get(key)
        return "" if word is None or (word.command and not _SECRET.search(key)) else word.text.strip()

    def _say_none(self, state: _State, at: Spot) -> None:
        folder = self._text(state, "folder") or self._text(state, "spoolfile")
        if folder:
            spot = state.spots.get("folder", at)
            what = "it reads mail that lies on this computer; what fetches it (mbsync?) knows the server."
            self._gathering.remark(spot, what)
        else:
            self._gathering.remark(at, "no server is set here.")


def _addresses(pattern: str) -> Iterator[str]:
    """The addresses that a regular expression of `alternates` plainly is."""
    for one in pattern.strip("()").split("|"):
        plain = one.strip().removeprefix("^").removesuffix("$").replace("\\.", ".").replace("\\@", "@")
        plain = plain.replace("\\+", "+").replace("\\-", "-").removeprefix("\\<").removesuffix("\\>")
        plain = re.sub(r"^\.[*+]@", "*@", plain)
        if plain.startswith("@"):
            plain = f"*{plain}"
        if ALIAS.fullmatch(plain) and not re.search(r"[\\()\[\]?^$|{}]", plain):
            yield plain
