"""Opening a link of the message that is read.

What belongs here: the list of links to pick from, and what is said of one that cannot be opened.
What must never be here: how a browser is started; that is `opener.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.model import Link
from tui_mail.text import SafeText
from tui_mail.ui.opener import open_link
from tui_mail.ui.screens.words import link_aside

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


def pick_link(screen: Triage) -> None:
    """Let the person pick a link, and open it."""
    from tui_mail.ui.screens.picker import Choice, Picker

    message = screen.reading.message
    if message is None or not message.links:
        screen.say(SafeText("No links in this message."))
        return
    choices = [Choice(link, f"[{n}] {link.url}", link_aside(link)) for n, link in enumerate(message.links, 1)]

    def picked(link: Link | None) -> None:
        if link is not None:
            follow_link(screen, link)

    screen.app.push_screen(Picker("Open link", choices), picked)


def follow_link(screen: Triage, link: Link) -> None:
    """Open a link outside, or write to it; what may not be opened is said."""
    if not link.safe:
        screen.say(SafeText("This link is shown only; it is not opened."))
    elif link.url.lower().startswith("mailto:"):
        screen.beginning.write_to(link.url)
    elif open_link(link.url):
        screen.say(SafeText(f"Opening {link.url}"))
    else:
        screen.app.copy_to_clipboard(link.url)
        screen.say(SafeText("No browser here: the link is in the clipboard."))
