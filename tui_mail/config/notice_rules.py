"""What config.toml may say about notifications: the table [notifications], and `notify` of an account.

What belongs here: one rule per key, as in `rules`. What must never be here: showing them (ui).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from datetime import time
from typing import TYPE_CHECKING, Any

from tui_mail.notices import WAYS, Notices, Quiet

if TYPE_CHECKING:
    from tui_mail.config.rules import Reader

NOTICE_KEYS = ("by", "notify_command", "quiet")
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) ?[-–] ?([01]?\d|2[0-3]):([0-5]\d)")


def notices_of(reader: Reader, document: Mapping[str, Any]) -> Notices:
    """The table [notifications]."""
    path, table = ("notifications",), reader.table((), document, "notifications")
    reader.unknown(path, table, NOTICE_KEYS)
    by = reader.choice(path, table, "by", WAYS, "off")
    command = reader.command(path, table, "notify_command")
    if by == "command" and not command:
        what = 'by = "command" needs notify_command, such as ["notify-send", "--", "{title}", "{body}"]'
        reader.problem((*path, "by"), what)
        by = "off"
    return Notices(by, command, _quiet(reader, path, table))


def notify_of(reader: Reader, path: tuple[str, ...], table: Mapping[str, Any]) -> tuple[str, ...]:
    """The folders of an account whose new mail is told."""
    return reader.strings(path, table, "notify") if "notify" in table else ("inbox",)


def notice_words(notices: Notices) -> dict[str, str]:
    """The table as a person types it."""
    quiet = notices.quiet
    return {
        "by": notices.by,
        "notify_command": shlex.join(notices.command),
        "quiet": f"{quiet.begin:%H:%M}-{quiet.end:%H:%M}" if quiet is not None else "",
    }


def _quiet(reader: Reader, path: tuple[str, ...], table: Mapping[str, Any]) -> Quiet | None:
    value = reader.string(path, table, "quiet")
    found = _HOURS.fullmatch(value)
    if value and found is None:
        reader.problem((*path, "quiet"), f'quiet = "{value}" must be hours such as "22:00-07:00"')
    if found is None:
        return None
    return Quiet(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))
