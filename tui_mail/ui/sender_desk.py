"""One place for everything from a sender: see it, put it away, read it off, leave the list, have a rule.

What belongs here: which choices there are, and what each does. What must never be here: how a list is left
(net.one_click): nothing of it happens without a person's second Enter, which follows the name of who is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui_mail.model import Change, Flag, Folder, Link, Role, Row
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.linking import follow_link
from tui_mail.ui.screens.words import messages_words
from tui_mail.ui.widgets.folder_tree import folder_label
from tui_mail.ui.widgets.row_text import Calendar

if TYPE_CHECKING:
    from tui_mail.mime.unsubscribing import Unsubscribing
    from tui_mail.store.senders import FromSender
    from tui_mail.ui.filing import Filing
    from tui_mail.ui.handling import Handling
    from tui_mail.ui.screens.picker import Choice
    from tui_mail.ui.screens.triage import Triage


class SenderDesk:
    """The sender of the message that is read, or under the cursor."""

    def __init__(self, screen: Triage, handling: Handling, filing: Filing) -> None:
        self._screen = screen
        self._client = screen.client
        self._handling = handling
        self._filing = filing
        self._found: FromSender | None = None
        self._leaving: Unsubscribing | None = None

    def open(self) -> None:
        """Show the desk at once; what takes longer to find out comes when it is known."""
        from tui_mail.ui.screens.desk import Desk, facts_lines

        row = self._client.row(self._screen.commands.current_message())
        if row is None or not row.from_ or not row.from_[0].email:
            self._say("There is no sender here." if row is None else "This message names no address of its sender.")
            return
        email = row.from_[0].email
        self._found = self._leaving = None
        desk = Desk(f"{row.from_[0].name}  {email}" if row.from_[0].name else email, self._choices(row))
        desk.tell([[(" Counting…", "quiet")]])

        def counted(found: FromSender) -> None:
            self._found = found
            folders = {one.id: one for one in self._client.folders()}
            desk.tell(facts_lines(found, folders, Calendar.at(time.time())))
            desk.offer(self._choices(row))

        def looked(leaving: Unsubscribing | None) -> None:
            self._leaving = leaving
            desk.offer(self._choices(row))

        def picked(verb: str | None) -> None:
            if verb is not None:
                self._do(verb, row, email)

        def if_open(then: Callable[..., None]) -> Callable[..., None]:
            return lambda result: then(result) if desk.is_attached else None

        self._screen.app.push_screen(desk, picked)
        self._screen.bridge.when_done(self._client.from_sender(email), if_open(counted), self._screen.problem)
        self._screen.bridge.when_done(self._client.unsubscribing(row.id), if_open(looked), self._screen.problem)

    def _choices(self, row: Row) -> list[Choice[str]]:
        """What can be done, with how many messages it is about once that is known."""
        from tui_mail.ui.screens.picker import Choice

        found, leaving = self._found, self._leaving
        choices = [Choice("show", "Show all", "a search", f"{found.total:,}" if found is not None else "")]
        if found is not None and found.in_inbox:
            choices.append(Choice("archive", "Archive all in the inbox", "", f"{len(found.in_inbox):,}"))
        if found is not None and found.not_in_trash:
            choices.append(Choice("trash", "Move all to the trash", "", f"{len(found.not_in_trash):,}"))
        if found is not None and found.unread_ids:
            choices.append(Choice("read", "Mark all as read", "", f"{len(found.unread_ids):,}"))
        if leaving is not None:
            choices.append(Choice("leave", "Unsubscribe…", _way_words(leaving)))
        elif not row.has_body:
            choices.append(Choice("later", "Unsubscribe…", "open the message first: it is not here yet"))
        choices.append(Choice("always", "Always move to…", "a rule for what comes from now on"))
        choices.append(Choice("copy", "Copy the address"))
        return choices

    def _do(self, verb: str, row: Row, email: SafeText) -> None:
        found, leaving = self._found, self._leaving
        match verb:
            case "show":
                self._screen.finding.look_for(_from(email))
            case "archive" if found is not None:
                self._handling.send_off(self._client.archive, "Archived", list(found.in_inbox))
            case "trash" if found is not None:
                self._handling.send_off(self._client.delete, "Moved to Trash:", list(found.not_in_trash))
            case "read" if found is not None:
                self._mark_read(list(found.unread_ids))
            case "leave" if leaving is not None:
                self._leave(leaving)
            case "always":
                self._always(row, email)
            case "copy":
                self._screen.app.copy_to_clipboard(email)
                self._say(f"Copied {email}")

    def _mark_read(self, ids: list[int]) -> None:
        def done(change: Change | None) -> None:
            self._screen.standing.acted()
            self._screen.messages.refresh_rows()
            if change is not None:
                self._say(f"Marked as read: {messages_words(len(ids))} · {self._screen.keymap.shown('undo')} undo")

        self._screen.outcome.follow(self._client.mark(ids, add=Flag.SEEN), done, "Marked as read")

    def _leave(self, leaving: Unsubscribing) -> None:
        """Ask once more, with the name of who is told; then do it in the way that was picked."""
        from tui_mail.ui.screens.desk import Desk
        from tui_mail.ui.screens.picker import Choice

        choices = list[Choice[str]]()
        if leaving.one_click:
            choices.append(Choice("click", f"Yes, tell {leaving.host} now"))
        if leaving.mailto:
            choices.append(Choice("mail", "Write to the list to be taken off it", _address_of(leaving.mailto)))
        if leaving.web:
            choices.append(Choice("web", f"Open {leaving.web}"))
        choices.append(Choice("stay", "No, stay on the list"))

        def picked(way: str | None) -> None:
            if way == "click":
                self._click(leaving)
            elif way == "mail":
                self._screen.beginning.write_to(leaving.mailto)
            elif way == "web":
                follow_link(self._screen, Link(leaving.web, True))

        asking = Desk(f"Unsubscribe from {leaving.host or 'its list'}?", choices)
        if leaving.one_click:
            first = f" One https request to {leaving.host}; nothing else is sent."
            asking.tell([[(first, "quiet")], [(f" {leaving.signed[:1].upper()}{leaving.signed[1:]}.", "quiet")]])
        self._screen.app.push_screen(asking, picked)

    def _click(self, leaving: Unsubscribing) -> None:
        host = leaving.host

        def done(status: int) -> None:
            self._screen.notify(f"Unsubscribed: {host} has taken it ({status}).", timeout=8, markup=False)

        self._say(f"Telling {host}…")
        self._screen.bridge.when_done(self._client.leave_list(leaving.one_click), done, self._screen.problem)

    def _always(self, row: Row, email: SafeText) -> None:
        """A rule for what comes from this sender; what is here stays where it is."""

        def picked(folder: Folder) -> None:
            goes = {"archive": True} if folder.role is Role.ARCHIVE else {"move": folder.name}
            name, query = f"From {email} ({row.account})", f"in:inbox {_from(email)}"
            rule = {"name": name, "account": row.account, "query": query, **goes}
            words = f"Rule kept in config.toml: mail from {email} goes to {folder_label(folder)} from now on"
            self._screen.bridge.when_done(
                self._client.add_rule(rule), lambda _: self._say(words), self._screen.problem
            )  # fmt: skip

        self._filing.pick_of(row.account, f"Always move mail from {email} to", picked)

    def _say(self, words: str) -> None:
        self._screen.say(SafeText(words))


def _from(email: SafeText) -> str:
    """The query for a sender, whose address may hold words of the language: none of them means anything in it."""
    return f'from:"{email.replace(chr(34), " ")}"'


def _way_words(leaving: Unsubscribing) -> str:
    if leaving.one_click:
        return f"one click, {leaving.host}"
    return f"a message to {_address_of(leaving.mailto)}" if leaving.mailto else "a page to open"


def _address_of(mailto: str) -> SafeText:
    return safe_line(mailto[len("mailto:") :].partition("?")[0])
