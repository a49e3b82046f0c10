"""Accounts out of Thunderbird: profiles.ini names the profiles, prefs.js of each holds one setting a line.

What belongs here: Thunderbird's names and numbers for what we call account, server and identity. Passwords are in
files of their own (logins.json), which are never opened.
"""

from __future__ import annotations

import configparser
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tui_mail.config.importing.gathering import (
    Gathering,
    Imported,
    Spot,
    alias_of,
    folder_in,
    plain_signature,
    url_of,
    url_user,
)
from tui_mail.model import Account, Protocol, Role, Security, Server

_FOLDERS = {Role.SENT: "fcc_folder", Role.DRAFTS: "draft_folder", Role.ARCHIVE: "archive_folder"}
_USUAL = frozenset({"Sent", "Drafts", "Archives", "Trash"})
"""What Thunderbird writes by itself, whether there is such a folder or not; those are found without being named."""
PROFILES = 50
"""Most profiles that are looked into."""
ACCOUNTS = 200
"""Most accounts of a profile."""
_SECURITY = {0: Security.NONE, 1: Security.STARTTLS, 2: Security.STARTTLS, 3: Security.TLS}
_OAUTH2 = 10
_PASSWORDS = (3, 4)
_METHODS = {1: "no password", 5: "Kerberos", 6: "NTLM", 7: "a certificate"}


def read(place: Path) -> Imported:
    """Everything in a folder with profiles.ini, in one profile, or in one prefs.js."""
    gathering = Gathering("Thunderbird")
    for file in _preferences(gathering, place):
        _Profile(gathering, file).accounts()
    return gathering.done()


def _preferences(gathering: Gathering, place: Path) -> list[Path]:
    """The prefs.js files, that of the profile that Thunderbird opens first."""
    if place.is_file() and place.suffix == ".js":
        return [place]
    folder = place.parent if place.name == "profiles.ini" else place
    if (folder / "prefs.js").exists():
        return [folder / "prefs.js"]
    text = gathering.text(folder / "profiles.ini")
    if text is None:
        return []
    names = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        names.read_string(text)
    except configparser.Error:
        gathering.remark(Spot(folder / "profiles.ini"), "it is not what Thunderbird writes, and was not read.")
        return []
    found = dict[Path, int]()
    for section in names.sections()[: 4 * PROFILES]:
        if section.startswith("Install"):
            found[folder / names.get(section, "Default", fallback="")] = 0
        elif section.startswith("Profile"):
            path = folder / (names.get(section, "Path", fallback="") or "")
            rank = 1 if names.get(section, "Default", fallback="") == "1" else 2
            found[path] = min(rank, found.get(path, rank))
    files = [path / "prefs.js" for path in sorted(found, key=lambda path: found[path])]
    return [file for file in files if file.exists()][:PROFILES]


class _Profile:
    """One prefs.js."""

    def __init__(self, gathering: Gathering, file: Path) -> None:
        self._gathering = gathering
        self._file = file
        self._values: dict[str, Any] = {}
        self._lines: dict[str, int] = {}
        unread = 0
        for number, line in enumerate((gathering.text(file) or "").split("\n"), 1):
            line = line.strip()
            if not (line.startswith("user_pref(") and line.endswith(");")):
                continue
            try:
                key, value = json.loads(f"[{line[10:-2]}]", strict=False)
            except (ValueError, RecursionError):
                unread = unread or number
                continue
            if isinstance(key, str):
                self._values[key], self._lines[key] = value, number
        if unread:
            gathering.remark(Spot(file, unread), "this setting, and perhaps others, cannot be read.")

    def accounts(self) -> None:
        """Every account of the profile."""
        for key in self._words("mail.accountmanager.accounts")[:ACCOUNTS]:
            server = self._text(f"mail.account.{key}.server")
            if server:
                self._account(server, self._words(f"mail.account.{key}.identities"))

    def _account(self, server: str, identities: list[str]) -> None:
        self._gathering.begin()
        path = f"mail.server.{server}"
        kind, spot = self._text(f"{path}.type"), self._spot(f"{path}.type")
        shown = self._text(f"{path}.name") or server
        if kind not in ("imap", "pop3"):
            if kind not in ("none", ""):
                self._gathering.remark(spot, f'"{shown}" is of the kind {kind}, which tui-mail has not; left out.')
            return
        me = next((one for one in identities if "@" in self._text(f"mail.identity.{one}.useremail")), "")
        if not me:
            self._gathering.remark(spot, f'"{shown}" has no identity with an address; left out.')
            return
        email = self._text(f"mail.identity.{me}.useremail").strip()
        incoming = self._incoming(path, kind, email)
        aliases, signatures = self._aliases(identities, me)
        self._gathering.add(
            self._spot(f"{path}.hostname"),
            Account(
                name=email.rpartition("@")[2],
                full_name=self._text(f"mail.identity.{me}.fullName").strip(),
                email=email,
                protocol=Protocol(kind),
                incoming=incoming,
                outgoing=self._outgoing(me, incoming),
                delete_from_server=self._policy(path) if kind == "pop3" else "never",
                aliases=aliases,
                signature=self._signature(me),
                signatures=signatures,
                save_sent="never" if self._values.get(f"mail.identity.{me}.fcc") is False else "auto",
                folders=self._folders(path, me, incoming.host) if kind == "imap" else (),
            ),
        )

    def _folders(self, path: str, identity: str, host: str) -> tuple[tuple[Role, str], ...]:
        """Which folder is for what, where that is another than the one that is found by itself."""
        prefix = self._text(f"{path}.namespace.personal").split('","')[0].strip('"')
        delimiter = prefix[-1:] if prefix[-1:] in ("/", ".", "\\") else ""
        chosen = list[tuple[Role, str, Spot]]()
        for role, key in _FOLDERS.items():
            key = f"mail.identity.{identity}.{key}"
            uri = self._text(key)
            if not uri or uri.rpartition("/")[2] in _USUAL:
                continue
            name = folder_in(self._path_on(path, uri), host, delimiter)
            if name:
                chosen.append((role, name, self._spot(key)))
            else:
                self._gathering.remark(self._spot(key), f"the folder for {role} is not taken; set folders.{role}.")
        key = f"{path}.trash_folder_name"
        if (name := folder_in(self._text(key), host, delimiter)) and name not in _USUAL:
            chosen.append((Role.TRASH, name, self._spot(key)))
        return self._gathering.folders(chosen)

    def _path_on(self, path: str, uri: str) -> str:
        """The path of a folder of this very account; empty for one that is elsewhere."""
        parts = url_of(uri)
        hosts = {self._text(f"{path}.{key}").casefold() for key in ("hostname", "realhostname")} - {""}
        users = {self._text(f"{path}.{key}").casefold() for key in ("userName", "realuserName")}
        if parts is None or parts.scheme != "imap" or parts.hostname not in hosts:
            return ""
        return unquote(parts.path) if url_user(parts).casefold() in users else ""

    def _incoming(self, path: str, kind: str, email: str) -> Server:
        security = _SECURITY.get(self._number(f"{path}.socketType", 0), Security.TLS)
        return self._gathering.server(
            self._spot(f"{path}.socketType", f"{path}.hostname"),
            kind,
            host=self._text(f"{path}.realhostname") or self._text(f"{path}.hostname"),
            port=self._number(f"{path}.port", 0) or None,
            security=security,
            user=self._text(f"{path}.realuserName") or self._text(f"{path}.userName") or email,
            auth=self._auth(path),
        )

    def _outgoing(self, identity: str, incoming: Server) -> Server | None:
        name = self._text(f"mail.identity.{identity}.smtpServer") or self._text("mail.smtp.defaultserver")
        path = f"mail.smtpserver.{name}"
        host = self._text(f"{path}.hostname")
        if not name or not host:
            where = self._spot(f"mail.identity.{identity}.useremail")
            self._gathering.remark(where, "there is no server for sending here; the account only reads.")
            return None
        return self._gathering.server(
            self._spot(f"{path}.try_ssl", f"{path}.hostname"),
            "smtp",
            host=host,
            port=self._number(f"{path}.port", 0) or None,
            security=_SECURITY.get(self._number(f"{path}.try_ssl", 0), Security.TLS),
            user=self._text(f"{path}.username") or incoming.user,
            auth=self._auth(path),
        )

    def _auth(self, path: str) -> str:
        method = self._number(f"{path}.authMethod", 3)
        spot = self._spot(f"{path}.authMethod")
        if method == _OAUTH2:
            self._gathering.remark(spot, "signs in with OAuth2; that permission stays in Thunderbird, so sign in anew.")
            return "oauth2"
        if method not in _PASSWORDS:
            how = _METHODS.get(method, "a way that is not known here")
            self._gathering.remark(spot, f"signs in with {how}, which tui-mail does not do; it will use a password.")
        return "password"

    def _policy(self, path: str) -> str:
        """When the server's copy may go. What deletes at once is left for the person to choose."""
        if self._values.get(f"{path}.leave_on_server") is False:
            self._gathering.remark(
                self._spot(f"{path}.leave_on_server"),
                "Thunderbird deletes from this server what it has fetched; tui-mail leaves it there until you set"
                " delete_from_server. What Thunderbird has already taken is in Thunderbird only:"
                " `tui-mail import` reads its mbox files.",
            )
            return "never"
        if self._values.get(f"{path}.delete_mail_left_on_server") is True:
            self._say_deletes(f"{path}.delete_mail_left_on_server", "when you delete it here")
            return "when_deleted"
        days = self._number(f"{path}.num_days_to_leave_on_server", 14)
        if self._values.get(f"{path}.delete_by_age_from_server") is True and 1 <= days <= 99_999:
            self._say_deletes(f"{path}.delete_by_age_from_server", f"after {days} days")
            return f"{days} days"
        return "never"

    def _say_deletes(self, key: str, when: str) -> None:
        what = f"as in Thunderbird, mail that is safe here is deleted from this server {when}"
        self._gathering.remark(self._spot(key), f"{what}; delete_from_server changes that.")

    def _aliases(self, identities: list[str], me: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """The other identities, and their signatures."""
        aliases, signatures = dict[str, None](), list[tuple[str, str]]()
        mine = self._text(f"mail.identity.{me}.smtpServer")
        for one in identities:
            path = f"mail.identity.{one}"
            email = self._text(f"{path}.useremail").strip()
            hint = alias_of(self._text(f"{path}.catchAllHint"))
            if self._values.get(f"{path}.catchAll") is True and hint:
                aliases[hint] = None
            if self._text(f"{path}.reply_to"):
                self._gathering.remark(self._spot(f"{path}.reply_to"), "an own Reply-To of an identity is not taken.")
            alias = alias_of(f"{self._text(f'{path}.fullName')} <{email}>")
            if one == me or not alias:
                continue
            aliases[alias] = None
            signature = self._signature(one)
            if signature:
                signatures.append((email, signature))
            if self._text(f"{path}.smtpServer") not in ("", mine):
                where = self._spot(f"{path}.smtpServer")
                self._gathering.remark(where, f"{email} has another server for sending; it uses the account's here.")
        return tuple(aliases), tuple(signatures)

    def _signature(self, identity: str) -> str:
        path = f"mail.identity.{identity}"
        file = self._text(f"{path}.sig_file")
        if self._values.get(f"{path}.attach_signature") is True and file:
            return self._gathering.signature(self._spot(f"{path}.sig_file"), file, self._file.parent)
        text = self._text(f"{path}.htmlSigText")
        return plain_signature(text, html=self._values.get(f"{path}.htmlSigFormat") is True)

    # --- values -------------------------------------------------------------------------------

    def _text(self, key: str) -> str:
        value = self._values.get(key, "")
        return value if isinstance(value, str) else ""

    def _words(self, key: str) -> list[str]:
        return [word.strip() for word in self._text(key).split(",") if word.strip()]

    def _number(self, key: str, default: int) -> int:
        value: Mapping[str, Any] | object = self._values.get(key, default)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def _spot(self, *keys: str) -> Spot:
        return Spot(self._file, next((self._lines[key] for key in keys if key in self._lines), 0))
