"""What is found in another program's files: accounts, and one sentence for everything that could not be taken.

What belongs here: the words that every reader uses: files read within bounds, servers made safe, commands for secrets.
What must never be here: the syntax of one program (its own file), and secrets: a password that stands in a file is
said and left there, only the command that prints one is taken.

The files were written by other programs, by people, and perhaps by somebody who wants to harm: everything is bounded.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from tui_mail import utf7
from tui_mail.config.folder_rules import FOLDER_KEYS
from tui_mail.config.rules import is_loopback
from tui_mail.model import Account, Role, Security, Server
from tui_mail.records import frozen
from tui_mail.settings import DEFAULT_PORTS
from tui_mail.text import SafeText, safe_block, safe_line

FILE_LIMIT = 8 << 20
"""Octets of the largest file that is read; the settings of a Thunderbird of many years have one or two million."""
SIGNATURE_LIMIT = 64 << 10
REMARK_LIMIT = 200
"""Most sentences that one program's files may cause."""
ADDRESS = re.compile(r"[^\s@<>,\"]+@[^\s@<>,\"]+")
ALIAS = re.compile(r"(?:\*|[^\s@<>,\"*]+)@[^\s@<>,\"*]+")

_SHELL = frozenset("|&;<>()$`*?~#[]{}!\n\\=")
"""A command with one of these means something to a shell, so it is given to one."""
_SYSTEM_AUTHORITIES = frozenset({"ca-certificates.crt", "ca-bundle.crt", "tls-ca-bundle.pem", "cert.pem", "certs"})


_SLASHES = ("gmail.com", "googlemail.com", "outlook.office365.com", "outlook.com")
"""Ends of servers' names of which everybody knows that levels are parted by "/"."""


class Spot(NamedTuple):
    """Where something stands."""

    file: Path
    line: int = 0
    """1-based; 0: the file as a whole."""

    def __str__(self) -> str:
        return f"{shown_path(self.file)} line {self.line}" if self.line else shown_path(self.file)


@frozen
class Sender:
    """A server for sending that a program knows without one for reading."""

    name: str
    email: str
    server: Server
    spot: Spot


@frozen
class Imported:
    """What one program's files gave."""

    program: str
    accounts: tuple[Account, ...] = ()
    could_not: tuple[SafeText, ...] = ()
    """Sentences with file and line: what was not taken, or was taken otherwise."""
    senders: tuple[Sender, ...] = ()
    spots: tuple[Spot, ...] = ()
    """Where each of `accounts` stands."""
    about: tuple[tuple[SafeText, str, str], ...] = ()
    """Of those of `could_not` that are about one account: the sentence, and user and host of its mailbox."""


class Gathering:
    """Collects while a program's files are read. `program` is its name for people."""

    def __init__(self, program: str) -> None:
        self.program = program
        self._accounts: list[Account] = []
        self._spots: list[Spot] = []
        self._senders: list[Sender] = []
        self._remarks: dict[SafeText, None] = {}
        self._about: list[tuple[SafeText, str, str]] = []
        self._begun: int | None = None

    def begin(self) -> None:
        """What is remarked from now on is about the account that is added next."""
        self._begun = len(self._remarks)

    def remark(self, spot: Spot, what: str) -> None:
        """Say that what stands at `spot` was not taken, or otherwise. `what` never holds a value that may be secret."""
        if len(self._remarks) < REMARK_LIMIT:
            self._remarks[safe_line(f"{spot}: {what}", 500)] = None

    def text(self, file: Path, limit: int = FILE_LIMIT) -> str | None:
        """What a file holds, whatever its encoding; None, with a remark, when it cannot be read."""
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would wait for ever
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    self.remark(Spot(file), "this is no file, and was not read.")
                    return None
                raw = stream.read(limit + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name is not possible"
            self.remark(Spot(file), f"it cannot be read: {reason}.")
            return None
        if len(raw) > limit:
            self.remark(Spot(file), f"it is larger than {limit >> 10} KiB, and was not read.")
            return None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("utf-16", "replace") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else raw.decode("latin-1")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def signature(self, spot: Spot, name: str, home: Path) -> str:
        """The text of a signature's file, HTML or not; empty when there is none."""
        file = expanded(name, home)
        text = self.text(file, SIGNATURE_LIMIT)
        if text is None:
            self.remark(spot, f"the signature {shown_path(file)} was not taken.")
            return ""
        is_html = file.suffix.lower() in (".html", ".htm") or text.lstrip()[:5].lower() in ("<html", "<!doc")
        return plain_signature(text, html=is_html)

    def server(
        self,
        spot: Spot,
        service: str,
        *,
        host: str,
        port: int | None,
        security: Security,
        user: str,
        auth: str = "password",
        command: tuple[str, ...] = (),
        ca_file: str = "",
        fingerprint: str = "",
    ) -> Server:
        """One leg, `service` imap, pop3 or smtp. What went in the clear goes through STARTTLS from now on."""
        host = host.strip().strip("[]").rstrip(".")
        if security is Security.NONE and not is_loopback(host):
            security = Security.STARTTLS
            self.remark(
                spot,
                f"{host} was used without encryption, which tui-mail does not do: it asks for STARTTLS there"
                " and refuses to log in without it.",
            )
        return Server(
            host=host,
            port=DEFAULT_PORTS[service, security] if port is None else port,
            security=security,
            user=user,
            auth=auth,
            password_command=command,
            ca_file=ca_file,
            fingerprint=fingerprint,
        )

    def folders(self, chosen: Iterable[tuple[Role, str, Spot]]) -> tuple[tuple[Role, str], ...]:
        """Which folder is for what, of those that can be: one for each, each for one, and not the inbox."""
        found = dict[Role, str]()
        for role, name, spot in chosen:
            if not name or found.get(role) == name:
                continue
            if name.upper() == "INBOX" or name in found.values() or role in found or not name.isprintable():
                self.remark(spot, f"the folder for {role} here is not taken; folders.{role} of the account sets it.")
            else:
                found[role] = name
        return tuple((Role(key), found[Role(key)]) for key in FOLDER_KEYS if Role(key) in found)

    def add(self, spot: Spot, account: Account) -> None:
        """An account was found."""
        self._accounts.append(account)
        self._spots.append(spot)
        if self._begun is not None:
            said = list(self._remarks)[self._begun :]
            self._about += [(words, account.incoming.user, account.incoming.host) for words in said]
            self._begun = None

    def add_sender(self, sender: Sender) -> None:
        """A server for sending was found."""
        self._senders.append(sender)

    def done(self) -> Imported:
        """Everything that was found."""
        return Imported(
            self.program,
            tuple(self._accounts),
            tuple(self._remarks),
            tuple(self._senders),
            tuple(self._spots),
            tuple(self._about),
        )


def shown_path(file: Path) -> str:
    """A path as people write it."""
    home = str(Path.home())
    name = str(file)
    return f"~{name[len(home) :]}" if name.startswith(f"{home}/") else name


def expanded(name: str, folder: Path) -> Path:
    """A path that a file names; relative ones begin at `folder`."""
    name = name.strip()
    if name == "~" or name.startswith("~/"):
        return Path.home() / name[2:]
    for word in ("${HOME}/", "$HOME/"):
        if name.startswith(word):
            return Path.home() / name[len(word) :]
    return folder / name


def command_of(words: str) -> tuple[str, ...]:
    """The argv of a command line that another program gives to a shell; empty when it cannot be one."""
    words = words.strip()
    if not words or any(ord(one) < 0x20 and one not in "\n\t" for one in words):
        return ()
    if _SHELL.isdisjoint(words):
        try:
            return tuple(shlex.split(words))
        except ValueError:
            return ()
    return ("sh", "-c", words)


def address_of(text: str) -> tuple[str, str]:
    """(name, email) of `Name <email>` or `email`; both may be empty."""
    text = " ".join(text.split())[:500]
    name, bracket, rest = text.rpartition("<")
    email = rest.partition(">")[0].strip() if bracket else text
    name = name.strip().strip('"').strip()
    return name, email if ADDRESS.fullmatch(email) else ""


def alias_of(text: str) -> str:
    """An alias as config.toml has it: `Name <email>`, `email` or `*@domain`; empty when it is none."""
    name, bracket, rest = " ".join(text.split()).rpartition("<")
    email = rest.partition(">")[0].strip()
    name = re.sub(r'[<>"]', "", name).strip()
    if not ALIAS.fullmatch(email):
        return ""
    return f"{name} <{email}>" if bracket and name and name.isprintable() else email


def url_of(text: str) -> SplitResult | None:
    """The parts of a URL with a host; None when it is none."""
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.hostname else None


def url_user(parts: SplitResult) -> str:
    """The user in a URL, decoded."""
    return unquote(parts.username or "")


def folder_in(path: str, host: str, delimiter: str = "") -> str:
    """The full name of a folder whose levels stand with "/" between them; empty when the server's sign is not known."""
    path = path.strip("/")
    if "-" in path.partition("&")[2]:  # some programs keep a name as it came from the server
        try:
            path = utf7.decode(path.encode())
        except ValueError:
            return ""
    delimiter = delimiter or ("/" if host.casefold().endswith(_SLASHES) else "")
    if "/" in path and not delimiter:
        return ""
    return path.replace("/", delimiter)


def authorities(name: str, folder: Path) -> str:
    """A file of certificates to trust, unless it is the system's own."""
    file = expanded(name, folder)
    return "" if not name or file.name in _SYSTEM_AUTHORITIES or not file.is_file() else str(file)


def plain_signature(text: str, *, html: bool = False) -> str:
    """A signature as plain text, without the line "-- " above it."""
    if html:
        reader = _HtmlText()
        reader.feed(text[:SIGNATURE_LIMIT])
        reader.close()
        text = "".join(reader.pieces)
    lines = [line.rstrip() for line in safe_block(text[:SIGNATURE_LIMIT]).strip("\n").split("\n")]
    if lines and lines[0] == "--":
        del lines[0]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


class _HtmlText(HTMLParser):
    """The words of a signature's HTML; a link keeps its address."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "title"):
            self._hidden += 1
        elif tag == "br":
            self.pieces.append("\n")
        elif tag in ("p", "div", "tr", "li", "pre", "table"):
            self._new_line()
        elif tag == "a":
            self._link = next((value or "" for name, value in attrs if name == "href"), "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title"):
            self._hidden = max(0, self._hidden - 1)
        elif tag in ("p", "div", "tr", "li", "pre", "table"):
            self._new_line()
        elif tag == "a":
            link, self._link = self._link.removeprefix("mailto:"), ""
            if link and link not in "".join(self.pieces[-4:]):
                self.pieces.append(f" {link}")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            words = re.sub(r"\s+", " ", data)
            if words != " " or (self.pieces and not self.pieces[-1].endswith("\n")):
                self.pieces.append(words.lstrip() if not self.pieces or self.pieces[-1].endswith("\n") else words)

    def _new_line(self) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")
