"""From the key that sends to the outbox: what may have been overlooked, the last save, and handing it over.

What belongs here: the order of these steps for one composer, and what it says meanwhile. What must never be here: the
checks themselves (mime), how it is sent (the engine).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from tui_mail.errors import MailError
from tui_mail.outgoing import Draft, OutboxEntry, Remark
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.actions import Place

if TYPE_CHECKING:
    from tui_mail.ui.screens.compose import Composer


class Dispatch:
    """Sends what one composer holds."""

    def __init__(self, screen: Composer) -> None:
        self._screen = screen
        self._overlooked: tuple[Draft, int | None] | None = None
        self.state = ""
        """What is going on, for the title; empty when nothing is."""

    @property
    def is_asking(self) -> bool:
        """The panel with what may have been overlooked is shown."""
        return self._overlooked is not None

    def send(self, at: datetime | None = None) -> None:
        """Check, then send: at once, or at an hour; asked again about the same text, it is sent whatever was found."""
        if self.state:
            return
        problem, field = self._unreadable()
        if problem:
            self._screen.focus_field(field)
            self._screen.say(safe_line(problem), look="error")
            return
        draft, moment = self._screen.drafting.snapshot(), int(at.timestamp()) if at is not None else None
        if self._overlooked is not None and _same(self._overlooked[0], draft):
            moment = moment if at is not None else self._overlooked[1]
            self.withdraw()
            self._hand_over(draft, moment)
            return
        self.withdraw()
        self._say("checking…")

        def done(remarks: tuple[Remark, ...]) -> None:
            self._say("")
            if remarks:
                self._ask(draft, moment, remarks)
            else:
                self._hand_over(self._screen.drafting.snapshot(), moment)

        self._screen.bridge.when_done(self._screen.client.concerns(draft), done, self._failed, opens=True)

    def withdraw(self) -> None:
        """Put the panel away."""
        if self._overlooked is not None:
            self._overlooked = None
            self._screen.panel.display = False

    def _unreadable(self) -> tuple[str, str]:
        """Why it cannot go to anybody, and the field where that can be put right; empty when it can."""
        from tui_mail.mime.recipients import parse_recipients

        draft, anybody = self._screen.drafting.snapshot(), False
        for name, typed in (("to", draft.to), ("cc", draft.cc), ("bcc", draft.bcc)):
            parsed = parse_recipients(typed)
            if parsed.problems:
                return f"{parsed.problems[0]}; nothing was sent.", name
            anybody = anybody or bool(parsed.addresses)
        return ("", "") if anybody else ("To whom? Nothing was sent.", "to")

    def _ask(self, draft: Draft, moment: int | None, remarks: tuple[Remark, ...]) -> None:
        self._overlooked = (draft, moment)
        keys = self._screen.keymap
        send, back = keys.shown("compose.send", Place.COMPOSE), keys.shown("compose.close", Place.COMPOSE)
        lines = [Content.assemble(("! ", "$warning"), str(remark.sentence)) for remark in remarks]
        last = Content.assemble(
            (send, "bold $accent"), " sends it anyway   ", (back, "bold $accent"), " goes back to it"
        )
        self._screen.panel.update(Content("\n").join([*lines, last]))
        self._screen.panel.display = True

    def _hand_over(self, draft: Draft, moment: int | None) -> None:
        screen = self._screen
        self._say("handing it over…")

        def done(entry: OutboxEntry) -> None:
            self._say("")
            screen.writing.sent(screen, entry)

        def settled() -> None:
            latest = screen.drafting.snapshot()
            screen.bridge.when_done(screen.client.send(latest, at=moment), done, self._failed, opens=True)

        screen.drafting.settle(settled)

    def _failed(self, error: MailError) -> None:
        self._say("")
        self._screen.drafting.resume()
        self._screen.problem(error)

    def _say(self, words: str) -> None:
        self.state = words
        self._screen.say(SafeText(""))


def _same(one: Draft, other: Draft) -> bool:
    """True when both say the same; what the store adds to a draft is no difference."""
    return (one.to, one.cc, one.bcc, one.subject, one.body, one.from_email, one.attachments) == (
        other.to, other.cc, other.bcc, other.subject, other.body, other.from_email, other.attachments
    )  # fmt: skip
