"""Where other mail programs keep their accounts, and whose file one is.

What belongs here: paths and looks. What must never be here: reading accounts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tui_mail.config.importing.gathering import Gathering

PROGRAMS = ("thunderbird", "aerc", "himalaya", "mutt", "mbsync", "msmtp")
"""Those that accounts come from, the one that says most of an account first."""
OTHER_NAMES = {"neomutt": "mutt", "isync": "mbsync"}

_LOOKS = (
    ("mbsync", re.compile(r"^\s*IMAP(?:Account|Store)\b", re.IGNORECASE | re.MULTILINE)),
    ("aerc", re.compile(r"^\s*source\s*=\s*\w[\w+]*://", re.MULTILINE)),
    ("himalaya", re.compile(r"^\s*(?:backend[. ]|imap[.-]|\[accounts\.)", re.MULTILINE)),
    ("mutt", re.compile(r"^\s*(?:set|source|my_hdr|folder-hook)\s", re.MULTILINE)),
    ("msmtp", re.compile(r"^\s*(?:defaults\s*$|account\s|host\s)", re.MULTILINE)),
)


def usual_files(program: str) -> Iterator[Path]:
    """The files (Thunderbird: folders) of a program that are there."""
    home = Path.home()
    config = _xdg(home)
    places = {
        "thunderbird": [
            home / ".thunderbird",
            home / ".var/app/org.mozilla.Thunderbird/.thunderbird",
            home / "snap/thunderbird/common/.thunderbird",
            home / ".icedove",
            home / "Library/Thunderbird",
        ],
        "aerc": [config / "aerc/accounts.conf", home / "Library/Preferences/aerc/accounts.conf"],
        "himalaya": [config / "himalaya/config.toml", home / ".himalaya.toml", home / ".himalayarc"],
        "mutt": [
            config / "neomutt/neomuttrc",
            config / "neomutt/muttrc",
            home / ".neomutt/neomuttrc",
            home / ".neomutt/muttrc",
            home / ".neomuttrc",
            config / "mutt/muttrc",
            home / ".mutt/muttrc",
            home / ".muttrc",
        ],
        "mbsync": [config / "isyncrc", home / ".mbsyncrc"],
        "msmtp": [config / "msmtp/config", home / ".msmtprc"],
    }[program]
    seen = set[Path]()
    for place in places:
        there = place / "profiles.ini" if program == "thunderbird" else place
        try:
            real = place.resolve()
            if there.is_file() and real not in seen:
                seen.add(real)
                yield place
        except (OSError, RuntimeError):
            continue


def program_of(place: Path) -> str:
    """Which program's file or folder that is, by its name or by its look; empty when neither tells."""
    if place.is_dir():
        if (place / "prefs.js").is_file() or (place / "profiles.ini").is_file():
            return "thunderbird"
        return ""
    name = place.name.lower()
    if name in ("prefs.js", "profiles.ini"):
        return "thunderbird"
    for program, words in (
        ("aerc", ("accounts.conf",)),
        ("mbsync", ("mbsyncrc", "isyncrc")),
        ("msmtp", ("msmtp",)),
        ("mutt", ("muttrc",)),
    ):
        if any(word in name for word in words):
            return program
    if "himalaya" in str(place).lower() and name.endswith(".toml"):
        return "himalaya"
    text = Gathering("").text(place) or ""
    return next((program for program, look in _LOOKS if look.search(text)), "")


def _xdg(home: Path) -> Path:
    value = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(value) if value.startswith("/") else home / ".config"
