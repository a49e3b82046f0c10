"""Servers for sending out of msmtp: the account blocks of a .msmtprc.

What belongs here: msmtp's commands. It reads no mail, so what it knows goes to accounts of others (`pairing`).
"""

from __future__ import annotations

import shlex
from pathlib import Path

from tui_mail.config.importing.gathering import Gathering, Imported, Sender, Spot, authorities, command_of
from tui_mail.model import Security

_Values = dict[str, tuple[str, int]]
_FIRST_PORT = 25
"""What msmtp takes where no port is set, unless TLS comes first."""


def read(file: Path) -> Imported:
    """Every account of a .msmtprc."""
    gathering = Gathering("msmtp")
    text = gathering.text(file)
    defaults, blocks = _Values(), dict[str, tuple[int, _Values]]()
    values: _Values = {}
    for number, line in enumerate((text or "").split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        keyword, _, rest = line.partition(" ")
        keyword, rest = keyword.lower(), rest.strip()
        if keyword == "defaults":
            values = defaults
        elif keyword == "account":
            name, _, bases = rest.partition(":")
            values = dict(defaults)
            for base in bases.split(","):
                values |= blocks.get(_word(base), (0, _Values()))[1]
            if _word(name) == "default" and bases:  # only says which one is meant when none is named
                values = dict(values)
                continue
            blocks[_word(name)] = (number, values)
        else:
            values[keyword] = (rest if keyword == "passwordeval" else _word(rest), number)
    for name, (number, one) in blocks.items():
        _sender(gathering, Spot(file, number), name, one)
    return gathering.done()


def _word(rest: str) -> str:
    rest = rest.strip()
    return rest[1:-1] if len(rest) > 1 and rest[0] == rest[-1] == '"' else rest


def _sender(gathering: Gathering, spot: Spot, name: str, values: _Values) -> None:
    def value(key: str) -> str:
        return values.get(key, ("", 0))[0]

    def on(key: str, default: bool) -> bool:
        return value(key).lower() == "on" if key in values and value(key) else key in values or default

    if not value("host"):
        gathering.remark(spot, f'"{name}" has no host; left out.')
        return
    if "password" in values:
        where = Spot(spot.file, values["password"][1])
        gathering.remark(where, "the password in this line is not taken; keep it in the keyring.")
    security = Security.NONE
    if on("tls", default=False):
        security = Security.STARTTLS if on("tls_starttls", default=True) else Security.TLS
    port = value("port")
    number = int(port) if port.isdecimal() and len(port) < 6 else None
    if number is None:
        number = 465 if security is Security.TLS else _FIRST_PORT
    digits = value("tls_fingerprint").lower().replace(":", "")
    gathering.add_sender(
        Sender(
            name=name,
            email=value("from"),
            server=gathering.server(
                spot,
                "smtp",
                host=value("host"),
                port=number,
                security=security,
                user=value("user"),
                auth="oauth2" if value("auth").lower() in ("oauthbearer", "xoauth2") else "password",
                command=_command(value("passwordeval")),
                ca_file=authorities(value("tls_trust_file"), spot.file.parent),
                fingerprint=digits if len(digits) == 64 else "",
            ),
            spot=spot,
        )
    )


def _command(words: str) -> tuple[str, ...]:
    if words[:1] == '"' and words[-1:] == '"':
        try:
            words = shlex.split(words)[0]
        except (ValueError, IndexError):
            return ()
    return command_of(words)
