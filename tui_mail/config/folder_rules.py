"""What config.toml may say about which folder is for what: the table `folders` of an account.

What belongs here: one rule for its keys, as in `rules`. What must never be here: which folders there are (store), and
which one is found by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tui_mail.model import Role

if TYPE_CHECKING:
    from tui_mail.config.rules import Reader

FOLDER_KEYS = ("drafts", "sent", "archive", "junk", "trash")


def folders_of(reader: Reader, path: tuple[str, ...], table: Mapping[str, Any]) -> tuple[tuple[Role, str], ...]:
    """The folders that a person chose, by role."""
    path, table = (*path, "folders"), reader.table(path, table, "folders")
    reader.unknown(path, table, FOLDER_KEYS)
    chosen = dict[str, str]()
    for key in (key for key in FOLDER_KEYS if key in table):
        name = reader.string(path, table, key)
        if not name:
            continue
        if name.upper() == "INBOX":
            reader.problem((*path, key), f"{key} cannot be the inbox; name another folder, or leave {key} out")
        elif name in chosen.values():
            other = next(one for one, its in chosen.items() if its == name)
            what = f'"{name}" is the folder for {other} already; a folder is for one thing'
            reader.problem((*path, key), what)
        else:
            chosen[key] = name
    return tuple((Role(key), name) for key, name in chosen.items())
