"""Opening a link of the message that is read, or copying it.

What belongs here: picking one by its letters or from a list, and what is said of one that cannot be opened.
What must never be here: how a browser is started; that is `opener.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_mail.model import Link
from tui_mail.text import SafeText
from tui_mail.ui.actions import Place
from tui_mail.ui.at_hand import at_hand
from tui_mail.ui.opener import open_link

if TYPE_CHECKING:
    from tui_mail.ui.screens.hints import Wish
    from tui_mail.ui.screens.triage import Triage


def pick_link(screen: Triage) -> None:
    """Let the person pick a link by its letters; in the list, where none of them are read, from a list."""
    from tui_mail.ui.screens.hints import Hints

    message = at_hand(screen)
    if message is None:
        return
    if not message.links:
        screen.say(SafeText("No links in this message."))
        return

    def wished(wish: Wish | None) -> None:
        if wish is None:
            return
        what, link = wish
        if link is None:
            _from_list(screen, message.links)
        elif what == "copy":
            _copy(screen, link, f"Copied: {link.url}")
        else:
            follow_link(screen, link)

    if screen.place is Place.READER and screen.reader.has_numbers:
        screen.app.push_screen(Hints(screen.reader, message.links), wished)
    else:
        _from_list(screen, message.links)


def _from_list(screen: Triage, links: tuple[Link, ...]) -> None:
    from tui_mail.ui.screens.hints import lie, target_of
    from tui_mail.ui.screens.picker import Choice, Picker
    from tui_mail.ui.screens.words import link_aside

    choices = []
    for number, link in enumerate(links, 1):
        false = lie(link)
        aside = f"⚠ {false}" if false else link_aside(link)
        choices.append(Choice(link, f"[{number}] {link.url}", aside, target_of(link)[-30:]))

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
        _copy(screen, link, "No browser here: the link is in the clipboard.")


def _copy(screen: Triage, link: Link, words: str) -> None:
    screen.app.copy_to_clipboard(link.url)
    screen.say(SafeText(words))
