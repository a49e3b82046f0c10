"""What config.toml may say about writing and sending: identities of an account, and the table [compose].

What belongs here: one rule per key, as in `rules`, which walks the document and collects problems.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_mail.outgoing import ComposeSettings

if TYPE_CHECKING:
    from tui_mail.config.rules import Reader

WRITING_KEYS = (
    "aliases",
    "signature",
    "signatures",
    "language",
    "attribution",
    "save_sent",
    "sendmail_command",
    "smime_certificate",
    "smime_key",
    "smime_folder",
)
COMPOSE_KEYS = (
    "undo_send",
    "editor",
    "markdown",
    "spell_command",
    "address_book_command",
    "vcard_folder",
    "template_folder",
)
LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt")
LONGEST_UNDO = 300
_ADDRESS = re.compile(r"(?:[^<>]*<)?[^\s@<>,]+@[^\s@<>,]+>?")
_Path = tuple[str, ...]


def writing_of(reader: Reader, path: _Path, table: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of Account that are about writing."""
    aliases = reader.strings(path, table, "aliases")
    for alias in aliases:
        if not _ADDRESS.fullmatch(alias):
            what = f'"{alias}" must be an address: "me@example.org", "Me <me@example.org>" or "*@example.org"'
            reader.problem((*path, "aliases"), what)
    signatures = reader.table(path, table, "signatures")
    return {
        "aliases": aliases,
        "signature": _text(reader, path, table, "signature"),
        "signatures": tuple((email, _text(reader, (*path, "signatures"), signatures, email)) for email in signatures),
        "language": reader.choice(path, table, "language", LANGUAGES, "en"),
        "attribution": reader.string(path, table, "attribution"),
        "save_sent": reader.choice(path, table, "save_sent", ("auto", "copy", "server", "never"), "auto"),
        "sendmail_command": reader.command(path, table, "sendmail_command"),
        "smime_certificate": _place(reader, path, table, "smime_certificate"),
        "smime_key": _place(reader, path, table, "smime_key"),
        "smime_folder": _place(reader, path, table, "smime_folder"),
    }


def compose_of(reader: Reader, document: Mapping[str, Any]) -> ComposeSettings:
    """The table [compose]."""
    path, table = ("compose",), reader.table((), document, "compose")
    reader.unknown(path, table, COMPOSE_KEYS)
    seconds, markdown = table.get("undo_send", 8), table.get("markdown", False)
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 <= seconds <= LONGEST_UNDO:
        reader.problem((*path, "undo_send"), f"undo_send must be a number of seconds from 0 to {LONGEST_UNDO}")
        seconds = 8
    if not isinstance(markdown, bool):
        reader.problem((*path, "markdown"), "markdown must be true or false")
        markdown = False
    return ComposeSettings(
        undo_send=seconds,
        editor=reader.string(path, table, "editor"),
        markdown=markdown,
        spell_command=reader.command(path, table, "spell_command"),
        address_book_command=reader.command(path, table, "address_book_command"),
        vcard_folder=_place(reader, path, table, "vcard_folder"),
        template_folder=_place(reader, path, table, "template_folder"),
    )


def _text(reader: Reader, path: _Path, table: Mapping[str, Any], key: str) -> str:
    """Text of several lines."""
    value = table.get(key, "")
    if not isinstance(value, str) or any(ord(one) < 0x20 and one not in "\n\t" for one in value):
        reader.problem((*path, key), f'"{key}" must be a text in quotation marks')
        return ""
    return value.strip("\n")


def _place(reader: Reader, path: _Path, table: Mapping[str, Any], key: str) -> str:
    value = reader.string(path, table, key)
    return str(Path(value).expanduser()) if value else ""
