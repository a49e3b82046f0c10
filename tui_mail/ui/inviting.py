"""Answering an invitation: accept, tentative, decline, with a word of one's own, by mail.

What belongs here: what is asked of the person, whose name answers, what is said afterwards. What must never be here:
calendars (`mime/invitation`), sending (the outbox).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_mail.errors import NotFound
from tui_mail.mime.at_sight import calendar_part
from tui_mail.model import Message
from tui_mail.outgoing import Identity, OutboxEntry
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.aside import aside
from tui_mail.ui.at_hand import at_hand
from tui_mail.ui.cards import has_card

if TYPE_CHECKING:
    from tui_mail.mime.invitation import Invitation
    from tui_mail.ui.screens.triage import Triage

CHOICES = (("accept", "Accept"), ("tentative", "Tentative"), ("decline", "Decline"))


class Inviting:
    """Answers to the invitation in the message that is read."""

    def __init__(self, screen: Triage) -> None:
        self._screen = screen

    def answer(self) -> None:
        """Ask which answer."""
        screen, message = self._screen, at_hand(self._screen)
        if message is None:
            return
        if not has_card(message):
            screen.say(SafeText("There is no invitation in this message."))
            return
        message_id, octets = screen.reading.message_id, screen.reading.octets

        def work() -> tuple[Invitation, Identity]:
            invitation = _read(message, octets() or self._screen.client.readable_octets(message_id))
            return invitation, self._identity(message, message_id, invitation)

        def done(found: tuple[Invitation, Identity]) -> None:
            if not found[0].can_be_answered:
                screen.say(SafeText("Nobody waits for an answer to this."))
                return
            self._ask(message, message_id, *found)

        aside(screen.bridge, work, done, screen.problem, opens=True)

    def _ask(self, message: Message, message_id: int, invitation: Invitation, identity: Identity) -> None:
        from tui_mail.ui.screens.picker import Choice, Picker
        from tui_mail.ui.screens.prompt import Prompt

        organizer = invitation.organizer
        to = organizer.email if organizer is not None else ""
        choices = [Choice(what, label, safe_line(f"a mail from {identity.email} to {to}")) for what, label in CHOICES]

        def picked(what: str | None) -> None:
            if what is not None:
                prompt = Prompt("A word to go with it (Enter: none)")
                self._screen.app.push_screen(prompt, lambda words: commented(what, words))

        def commented(what: str, words: str | None) -> None:
            if words is not None:
                self._send(message, message_id, invitation, identity, what, words)

        self._screen.app.push_screen(Picker(f"Answer: {invitation.summary}", choices), picked)

    def _send(
        self, message: Message, message_id: int, invitation: Invitation, identity: Identity, what: str, words: str
    ) -> None:
        screen, client = self._screen, self._screen.client

        def work() -> OutboxEntry:
            from tui_mail.mime.invitation import answer
            from tui_mail.mime.recipients import Typed

            moment = datetime.fromtimestamp(int(time.time()), UTC)
            sender = Typed(identity.name, identity.email)
            raw = answer(invitation, what, sender, comment=words, parent=message.message_id, now=moment)
            return client.send_raw(raw, identity.account, answers=message_id).result()

        def done(entry: OutboxEntry) -> None:
            screen.writing.sent(None, entry)

        aside(screen.bridge, work, done, screen.problem)

    def _identity(self, message: Message, message_id: int, invitation: Invitation) -> Identity:
        """Who is invited; else at which address the message was received."""
        from tui_mail.mime.identities import mine, received_as

        row = self._screen.client.row(message_id)
        account = row.account if row is not None else ""
        own = mine(sorted(self._screen.client.identities(), key=lambda one: one.account != account))
        invited = own.best_of([one.address.email for one in invitation.attendees])
        return invited or received_as(message, [], own) or own.usual


def _read(message: Message, raw: bytes | None) -> Invitation:
    from tui_mail.mime.attached import attached
    from tui_mail.mime.invitation import read_invitation

    invitation = read_invitation(attached(raw, calendar_part(message)).content) if raw is not None else None
    if invitation is None:
        raise NotFound("The invitation in this message cannot be read. Nothing was sent.")
    return invitation
