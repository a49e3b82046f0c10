"""Address books of other programs: a folder of vCards, and a command that is asked.

What belongs here: reading them behind the screen, and keeping what was read. What must never be here: contacts that
were harvested from mail (store/contacts).
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tui_mail.model import Address
from tui_mail.outgoing import ComposeSettings
from tui_mail.text import safe_line

COMMAND_SECONDS = 3.0
LINES_LIMIT = 50


class Book:
    """The address books of one configuration. Any thread."""

    def __init__(self, settings: ComposeSettings) -> None:
        self._settings = settings
        self._cards: list[Address] = []
        self._loading: threading.Thread | None = None

    def load(self) -> None:
        """Begin to read the vCards, once; returns at once."""
        if self._settings.vcard_folder and self._loading is None:
            self._loading = threading.Thread(target=self._load, name="vcards", daemon=True)
            self._loading.start()

    def matching(self, typed: str, limit: int) -> list[Address]:
        """Cards of which a word of the name, or the address, begins with what was typed; as far as they are read."""
        wanted = typed.casefold()

        def fits(one: Address) -> bool:
            words = f"{one.name} {one.email}".casefold().replace("@", " ").split()
            return any(word.startswith(wanted) for word in words) or str(one.name).casefold().startswith(wanted)

        found = (one for one in self._cards if fits(one))
        return [one for one, _ in zip(found, range(limit), strict=False)]

    def ask(self, typed: str) -> list[Address]:
        """What the command answers: lines of "address TAB name". Blocks for some seconds at most; never raises."""
        argv = self._settings.address_book_command
        if not argv or not typed.strip() or typed.startswith("-"):
            return []
        words = [word.replace("%s", typed) for word in argv]
        if words == list(argv):
            words.append(typed)
        with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
            done = subprocess.run(
                [str(Path(words[0]).expanduser()), *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS,
                start_new_session=True,
            )
            return _answers(done.stdout.decode("utf-8", "replace").splitlines())
        return []

    def _load(self) -> None:
        from tui_mail.mime.vcards import read_folder

        self._cards = read_folder(Path(self._settings.vcard_folder))


def _answers(lines: Sequence[str]) -> list[Address]:
    """The lines that begin with an address; others are headings of the program."""
    found = list[Address]()
    for line in lines:
        email, _, rest = line.partition("\t")
        email = email.strip()
        if email.count("@") == 1 and not any(one.isspace() for one in email) and len(found) < LINES_LIMIT:
            found.append(Address(safe_line(rest.partition("\t")[0].strip(), 200), safe_line(email, 254)))
    return found
