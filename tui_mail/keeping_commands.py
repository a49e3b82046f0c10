"""The commands that look after what is kept on this computer: taking it out as files.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: file formats
(mime/mailboxes), SQL.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tui_mail.answers import Arguments, answer
from tui_mail.client import MailClient
from tui_mail.mime.mailboxes import Stored, write_maildir, write_mbox
from tui_mail.model import Row
from tui_mail.session import opened
from tui_mail.text import safe_line

PORTION = 500
"""Rows that are read at once."""


def export(given: Arguments) -> int:
    """Write the messages of a folder into an mbox or a Maildir; 1 when some are not on this computer."""
    with opened(given) as client:
        folder = client.find_folder(given.folder)
        missing = list[Row]()

        def messages() -> Iterator[Stored]:
            for row in _rows(client, folder.id):
                raw = client.raw(row.id)
                if raw is None:
                    missing.append(row)
                else:
                    yield Stored(raw, row.flags, row.date)

        path = Path(given.mbox or given.maildir).expanduser()
        count = write_mbox(path, messages()) if given.mbox else write_maildir(path, messages())
        if missing:
            print(
                f"{len(missing)} messages are not whole on this computer yet and were left out;"
                " `tui-mail sync --bodies` brings them here.",
                file=sys.stderr,
            )
        words = f"{count} message{'s' * (count != 1)} of {folder.name} written to {safe_line(str(path))}."
        answer(given, {"exported": count, "missing": [row.id for row in missing]}, words)
        return 1 if missing else 0


def _rows(client: MailClient, folder_id: int) -> Iterator[Row]:
    ids = list(client.ids(folder_id))
    for at in range(len(ids), 0, -PORTION):  # the oldest first, as files of mail have them
        yield from reversed(client.rows(ids[max(0, at - PORTION) : at]))
