"""Pictures of a message: who would be asked for them, and the page that a browser shows.

What belongs here: naming the hosts before anything is fetched, the senders whose pictures are wanted always. What must
never be here: fetching. This program never does; a browser of the person's may.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.errors import NotFound
from tui_mail.model import Message
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.aside import aside
from tui_mail.ui.at_hand import at_hand
from tui_mail.ui.memory import recall, remember

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage

ALWAYS = "pictures-from"
"""Under which name it is remembered whose pictures are fetched without a question, one address a line."""
NAMED = 4
"""Hosts named in a line."""


class Picturing:
    """The HTML of the message that is read, for a browser."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen

    def ask(self) -> None:
        """Name who would be asked for pictures, and what can be done."""
        screen, message = self._screen, at_hand(self._screen)
        if message is None:
            return
        octets, secret = screen.reading.octets, screen.reading.is_decrypted

        def work() -> tuple[bytes, list[tuple[str, int]]]:
            from tui_mail.client.pages import asked_hosts

            raw = octets()
            if raw is None:
                raise NotFound(screen.reading.not_whole)
            return raw, asked_hosts(raw)

        def done(found: tuple[bytes, list[tuple[str, int]]]) -> None:
            raw, hosts = found
            self._offer(message, raw, [] if secret else hosts)  # what was encrypted asks nobody for anything

        aside(screen.bridge, work, done, screen.problem, opens=True)

    def _offer(self, message: Message, raw: bytes, hosts: list[tuple[str, int]]) -> None:
        from tui_mail.ui.opener import can_open
        from tui_mail.ui.screens.picker import Choice, Picker

        sender = message.from_[0].email.lower() if message.from_ else ""
        browser = can_open()
        if browser and hosts and sender and sender in self._always():
            self._show(message, raw, remote=True, browser=True)
            return
        forgets = f"{self._screen.keymap.shown('reader.pictures_ask')} takes it back"
        how = "Open it in the browser" if browser else "Save it as a page"
        choices = [Choice((False, False), f"{how}, nothing is fetched", "pictures that came with it are shown")]
        if hosts:
            aside_words = f"{named(hosts)} will know that you read it"
            choices.append(Choice((True, False), f"{how}, with pictures from elsewhere", aside_words))
            if sender and browser:
                choices.append(Choice((True, True), safe_line(f"…and from now on whenever {sender} writes"), forgets))
        many = sum(count for _, count in hosts)
        title = f"{many} picture{'s' * (many != 1)} elsewhere: {named(hosts)}" if hosts else "No pictures elsewhere"

        def picked(wish: tuple[bool, bool] | None) -> None:
            if wish is None:
                return
            remote, always = wish
            if always:
                remember(self._screen.client.paths, ALWAYS, "\n".join(sorted({*self._always(), sender})))
            self._show(message, raw, remote=remote, browser=browser)

        self._screen.app.push_screen(Picker(title, choices), picked)

    def forget(self) -> None:
        """Pictures of this sender are a question again."""
        message = at_hand(self._screen)
        sender = message.from_[0].email.lower() if message is not None and message.from_ else ""
        if sender in self._always():
            remember(self._screen.client.paths, ALWAYS, "\n".join(sorted(self._always() - {sender})))
            self._screen.say(safe_line(f"Pictures of {sender} are a question again."))
        elif message is not None:
            self._screen.say(SafeText("Pictures of this sender are a question anyway."))

    def _show(self, message: Message, raw: bytes, *, remote: bool, browser: bool) -> None:
        screen = self._screen
        paths, name = screen.client.paths, f"{message.subject or 'message'}.html"

        def work() -> Path:
            from tui_mail.client.pages import page
            from tui_mail.client.saving import put_aside, save_new, usual_folder
            from tui_mail.ui.opener import open_file

            made = page(raw, remote=remote)
            if not browser:
                return save_new(Path(usual_folder()).expanduser(), name, made)
            path = put_aside(paths, name, made)
            open_file(path)
            return path

        def done(path: Path) -> None:
            fetched = "with pictures from elsewhere" if remote else "nothing is fetched"
            screen.say(safe_line(f"Opening it in the browser, {fetched}" if browser else f"Saved: {path}"))

        aside(screen.bridge, work, done, screen.problem)

    def _always(self) -> set[str]:
        return set(recall(self._screen.client.paths, ALWAYS).split("\n")) - {""}


def named(hosts: list[tuple[str, int]]) -> SafeText:
    """The hosts, the first of them by name."""
    words = ", ".join(host for host, _ in hosts[:NAMED])
    return safe_line(words + (f" and {len(hosts) - NAMED} more" if len(hosts) > NAMED else ""))
