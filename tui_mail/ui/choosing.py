"""What a person chooses for a message beside its text: who it comes from, how it is sent, and when.

What belongs here: the choices and what each changes in the draft. What must never be here: sending (`dispatch`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tui_mail.outgoing import Draft, Identity, Protection, Purpose
from tui_mail.text import safe_line
from tui_mail.ui.later import hour_words, is_begun, offered_hours, typed_hour
from tui_mail.ui.screens.picker import Choice, Picker
from tui_mail.ui.signatures import identity_for, swap_signature
from tui_mail.ui.widgets.attachment_bar import STANDARDS
from tui_mail.ui.widgets.cells import steady

if TYPE_CHECKING:
    from tui_mail.client import MailClient
    from tui_mail.ui.screens.compose import Composer


class Choosing:
    """The choices of one composer."""

    def __init__(self, screen: Composer) -> None:
        self._screen = screen
        self._client: MailClient = screen.client
        self._chose = bool(screen.begun.id or screen.begun.protection)
        """Protection was chosen, and is left as it is."""
        self._looked_up: list[str] = []

    def protect_as_before(self) -> None:
        """Sign and encrypt as the last messages to these people were, unless somebody chose otherwise."""
        from tui_mail.mime.recipients import parse_recipients

        screen, draft = self._screen, self._screen.written()
        emails = [one.email for one in parse_recipients(",".join((draft.to, draft.cc, draft.bcc))).addresses]
        if self._chose or not emails or emails == self._looked_up or draft.purpose is Purpose.REDIRECT:
            return
        self._looked_up = emails
        kind, sign, encrypt = self._client.protection_for(emails)
        possible = kind is Protection.NONE or self._client.can_protect(draft.account, kind)
        if possible and (kind, sign, encrypt) != (draft.protection, draft.sign, draft.encrypt):
            screen.begun = replace(screen.begun, protection=kind, sign=sign, encrypt=encrypt)
            screen.say_files()
            screen.note()

    def sender(self) -> None:
        """Another address that it comes from; with its signature, if the old one was left as it was."""
        identities = self._client.identities()
        several = len({one.account for one in identities}) > 1
        choices = [
            Choice(one, _identity_words(one), str(safe_line(one.account)) if several else "") for one in identities
        ]

        def picked(identity: Identity | None) -> None:
            if identity is None:
                return
            if identity.email.startswith("*@"):
                self._ask_address(identity)
            else:
                self._come_from(identity)

        self._screen.app.push_screen(Picker("Send from", choices), picked)

    def _ask_address(self, pattern: Identity) -> None:
        from tui_mail.ui.screens.prompt import Prompt

        domain = pattern.email[1:]

        def problem(address: str) -> str:
            local = address.casefold().removesuffix(domain.casefold())
            good = address.casefold().endswith(domain.casefold()) and local and not set(local) & set(' @<>,;"')
            return "" if good else f"an address that ends in {domain}"

        def answered(address: str | None) -> None:
            if address and not problem(address):
                self._come_from(replace(pattern, email=address))

        value = self._screen.sender.identity.email
        value = value if value.endswith(domain) else domain
        self._screen.app.push_screen(Prompt("Send from:", value, problem), answered)

    def _come_from(self, identity: Identity) -> None:
        screen, before = self._screen, self._screen.sender.identity
        known = identity_for(self._client.identities(), before.email, before.account)
        old, text = known.signature if known is not None else "", screen.body.text
        body = swap_signature(text, old, identity.signature)
        screen.sender.show(identity)
        if body != text:
            cursor = screen.body.cursor_location
            screen.body.replace(body, screen.body.document.start, screen.body.document.end)
            screen.body.move_cursor(cursor)
        screen.note()

    def options(self) -> None:
        """Markdown, priority, receipts, protection: what is picked is the other way round then."""
        choices = [Choice(other, label, aside, "✓ on" if on else "off") for label, aside, on, other in self._switches()]

        def picked(other: Draft | None) -> None:
            if other is not None:
                self._chose = self._chose or _protection(other) != _protection(self._screen.begun)
                self._screen.begun = other
                self._screen.say_files()
                self._screen.note()

        self._screen.app.push_screen(Picker("Options", choices), picked)

    def _switches(self) -> Iterator[tuple[str, str, bool, Draft]]:
        """What can be switched, what it means, whether it is on, and the draft with it the other way round."""
        draft = self._screen.begun
        high, low = draft.priority == "high", draft.priority == "low"
        receipt, report = draft.want_receipt, draft.want_dsn
        yield "Markdown", "sent as text and as HTML", draft.markdown, replace(draft, markdown=not draft.markdown)
        for kind, name in STANDARDS.items():
            if self._client.can_protect(self._screen.sender.identity.account, kind):
                yield from _protections(draft, kind, name)
        remind = draft.remind_days
        yield "Remind me", "if nobody answers in 3 days", bool(remind), replace(draft, remind_days=0 if remind else 3)
        yield "High priority", "", high, replace(draft, priority="" if high else "high")
        yield "Low priority", "", low, replace(draft, priority="" if low else "low")
        yield "Ask for a receipt", "from the reader", receipt, replace(draft, want_receipt=not receipt)
        yield "Ask for a delivery report", "from the servers", report, replace(draft, want_dsn=not report)

    def later(self) -> None:
        """An hour to send it at."""
        now = datetime.now().astimezone()
        choices: list[Choice[datetime | str]] = [
            Choice(moment, words, "", hour_words(moment, now)) for words, moment in offered_hours(now)
        ]
        choices.append(Choice("typed", "Another time…", "18:30, fri 9, tomorrow 14:00, 24 dec, in 3 hours"))

        def picked(choice: datetime | str | None) -> None:
            if isinstance(choice, datetime):
                self._screen.dispatch.send(choice)
            elif choice is not None:
                self._ask_hour()

        self._screen.app.push_screen(Picker("Send later", choices, make=_typed, makes_first=True), picked)

    def _ask_hour(self) -> None:
        from tui_mail.ui.screens.prompt import Prompt

        def moment(words: str) -> datetime | None:
            return typed_hour(words, datetime.now().astimezone())

        def answered(words: str | None) -> None:
            if words and (at := moment(words)) is not None:
                self._screen.dispatch.send(at)

        problem = "for example 18:30, fri 9, tomorrow 14:00"
        self._screen.app.push_screen(Prompt("Send at:", "", lambda words: "" if moment(words) else problem), answered)


def _typed(words: str) -> Choice[datetime | str] | None:
    """The hour that was typed instead of chosen."""
    now = datetime.now().astimezone()
    moment = None if is_begun(words) else typed_hour(words, now)
    return None if moment is None else Choice(moment, f"At {hour_words(moment, now)}")


def _identity_words(identity: Identity) -> str:
    name, email = steady(safe_line(identity.name)), safe_line(identity.email)
    if email.startswith("*@"):
        return f"any address {email[1:]}…"
    return f"{name} <{email}>" if name else str(email)


def _protections(draft: Draft, kind: Protection, name: str) -> Iterator[tuple[str, str, bool, Draft]]:
    """Signing and encrypting with one standard; the other standard goes."""
    mine = draft.protection is kind
    sign, encrypt = mine and draft.sign, mine and draft.encrypt
    yield f"Sign with {name}", "", sign, _protected(draft, kind, not sign, encrypt)
    yield f"Encrypt with {name}", "", encrypt, _protected(draft, kind, sign, not encrypt)


def _protection(draft: Draft) -> tuple[Protection, bool, bool]:
    return draft.protection, draft.sign, draft.encrypt


def _protected(draft: Draft, kind: Protection, sign: bool, encrypt: bool) -> Draft:
    used = kind if sign or encrypt else Protection.NONE
    return replace(draft, protection=used, sign=sign, encrypt=encrypt)
