"""An invitation as lines of the reader: what, when (there and here), where, who.

What belongs here: words. Pure functions. What must never be here: reading calendars (`mime/invitation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from tui_mail.mime.invitation import Attendee, Invitation
from tui_mail.mime.invitation_words import title_of, when_words
from tui_mail.model import Address
from tui_mail.text import safe_line
from tui_mail.ui.widgets.document import Paragraph, Run

SHOWN = 12
"""People named."""
_STATUS = {
    "ACCEPTED": "✓", "DECLINED": "✗", "TENTATIVE": "?", "DELEGATED": "→", "NEEDS-ACTION": "·",
}  # fmt: skip
_SENT = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}


def card(
    invitation: Invitation,
    senders: Sequence[Address],
    me: frozenset[str],
    key: str,
    here: tzinfo | None = None,
    text: str = "",
    answered: str = "",
) -> list[Paragraph]:
    """The lines of an invitation; `here` is our time zone, None this computer's.

    `key` answers it, where it can be answered; `text` stands below: what is said there is not said twice; `answered` is
    the status that was sent already.
    """
    lines = [Paragraph((), ()), _row("", [(title_of(invitation), "heading")])]
    lines.append(_row("", [(invitation.summary, "strong")]))
    there, ours = when_words(invitation, here)
    if there:
        lines.append(_row("when", [(there, "")]))
    if ours:
        lines.append(_row("", [(ours, "strong"), (" here", "quiet")]))
    if invitation.repeats:
        one = " · this is about one of them" if invitation.instance is not None else ""
        lines.append(_row("repeats", [(invitation.repeats, ""), (one, "quiet")]))
    elif invitation.instance is not None:
        lines.append(_row("", [("one of a series", "quiet")]))
    if invitation.where:
        lines.append(_row("where", [(invitation.where, "")]))
    lines += _people(invitation, me)
    organizer = invitation.organizer
    strange = organizer is not None and organizer.email.lower() not in {one.email.lower() for one in senders}
    if strange and invitation.method in ("REQUEST", "CANCEL"):
        lines.append(_row("", [("⚠ whoever sent this message is not the organizer", "warning")]))
    if invitation.others:
        lines.append(_row("", [(f"and {invitation.others} more events in the same file", "quiet")]))
    if invitation.description and not invitation.is_said_in(text):
        lines += [_row("", []), *(_row("", [(line, "")]) for line in invitation.description.split("\n")), _row("", [])]
    if answered in _SENT:
        lines.append(_row("", [(f"{_STATUS[answered]} you answered: {_SENT[answered]}", "strong")]))
    if invitation.can_be_answered and key:
        words = f" answers it {'anew ' if answered in _SENT else ''}by mail · no calendar was looked at"
        lines.append(_row("", [(key, "link"), (words, "quiet")]))
    return lines


def _people(invitation: Invitation, me: frozenset[str]) -> list[Paragraph]:
    lines = []
    if invitation.organizer is not None:
        lines.append(_row("from", [(_named(invitation.organizer), "")]))
    people = sorted(invitation.attendees, key=lambda one: one.address.email.lower() not in me)
    if people and invitation.method != "REPLY":
        runs: list[Run] = []
        for one in people[:SHOWN]:
            runs += [(", ", "quiet")] if runs else []
            runs.append((_attendee(one, me), "strong" if one.address.email.lower() in me else ""))
        if len(people) > SHOWN:
            runs.append((f" and {len(people) - SHOWN} more", "quiet"))
        lines.append(_row("with", runs))
        if me and not any(one.address.email.lower() in me for one in people):
            lines.append(_row("", [("you are not named among them", "quiet")]))
    return lines


def _attendee(one: Attendee, me: frozenset[str]) -> str:
    name = "you" if one.address.email.lower() in me else one.address.name or one.address.email
    return safe_line(f"{_STATUS.get(one.status, '·')} {name}{' (optional)' if one.optional else ''}")


def _named(address: Address) -> str:
    return f"{address.name} <{address.email}>" if address.name else str(address.email)


def _row(name: str, runs: list[Run]) -> Paragraph:
    kept = tuple(run for run in runs if run[0])
    return Paragraph(kept, (("┃ ", "sender"), (f"{name:<8}", "quiet")), (("┃ ", "sender"), (" " * 8, "")))
