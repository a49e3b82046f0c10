"""Accounts out of mbsync (isync): the servers of an .mbsyncrc. It knows neither addresses nor how mail is sent.

What belongs here: mbsync's keywords. What it lacks comes from msmtp (`pairing`).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from tui_mail.config.importing.gathering import ADDRESS, Gathering, Imported, Spot, authorities, command_of
from tui_mail.model import Account, Protocol, Security

_BLOCKS = ("imapaccount", "imapstore", "maildirstore", "channel", "group")
_SECURITY = {"none": Security.NONE, "starttls": Security.STARTTLS, "imaps": Security.TLS}


@dataclass
class _Block:
    """The lines of an account or of a store with a server of its own."""

    name: str
    line: int
    values: dict[str, tuple[str, int]] = field(default_factory=dict)


def read(file: Path) -> Imported:
    """Every server of an .mbsyncrc."""
    gathering = Gathering("mbsync")
    text = gathering.text(file)
    blocks, block = list[_Block](), None
    for number, line in enumerate((text or "").split("\n"), 1):
        keyword, _, rest = line.strip().partition(" ")
        keyword = keyword.lower()
        if not keyword or keyword.startswith("#"):
            continue
        value = _value(rest)
        if keyword in _BLOCKS:
            block = _Block(value, number) if keyword in ("imapaccount", "imapstore") else None
            if block is not None:
                blocks.append(block)
        elif block is not None:
            block.values[keyword] = (rest.strip() if keyword == "passcmd" else value, number)
    for one in blocks:
        if "host" in one.values or "tunnel" in one.values:
            _account(gathering, file, one)
    return gathering.done()


def _value(rest: str) -> str:
    """The first word after a keyword; quotation marks keep blanks together."""
    try:
        words = shlex.split(rest, comments=False)
    except ValueError:
        words = rest.split()
    return words[0] if words else ""


def _account(gathering: Gathering, file: Path, block: _Block) -> None:
    spot = Spot(file, block.line)

    def value(key: str) -> str:
        return block.values.get(key, ("", 0))[0]

    if "tunnel" in block.values and "host" not in block.values:
        gathering.remark(spot, f'"{block.name}" is reached through a program (Tunnel); left out.')
        return
    if "pass" in block.values:
        where = Spot(file, block.values["pass"][1])
        gathering.remark(where, "the password in this line is not taken; keep it in the keyring.")
    if "usercmd" in block.values:
        gathering.remark(Spot(file, block.values["usercmd"][1]), "a command for the user name is not run.")
    host, user = value("host"), value("user")
    kind = (value("tlstype") or value("ssltype")).lower()
    security = _SECURITY.get(kind, Security.STARTTLS)
    if value("useimaps").lower() in ("yes", "true", "on", "1") or host.startswith("imaps:"):
        security = Security.TLS
    ways = value("authmechs").lower()
    gathering.add(
        spot,
        Account(
            name=block.name,
            full_name="",
            email=user if ADDRESS.fullmatch(user) else "",
            protocol=Protocol.IMAP,
            incoming=gathering.server(
                spot,
                "imap",
                host=host.partition(":")[2] if host.startswith(("imaps:", "imap:")) else host,
                port=int(value("port")) if value("port").isdecimal() and len(value("port")) < 6 else None,
                security=security,
                user=user,
                auth="oauth2" if "oauth" in ways else "password",
                command=_command(value("passcmd")),
                ca_file=authorities(value("certificatefile"), file.parent),
            ),
        ),
    )


def _command(words: str) -> tuple[str, ...]:
    """A PassCmd: in quotation marks or not; a plus before it says that it asks the person."""
    if words[:1] == '"' and words.rstrip().endswith('"') and len(words) > 1:
        words = words.rstrip()[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return command_of(words.removeprefix("+"))
