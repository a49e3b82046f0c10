"""What a parsed message shows at first sight: that it may be signed or encrypted, that it brings a calendar.

What belongs here: quick looks, before what knows more is loaded. What must never be here: octets.
"""

from __future__ import annotations

from tui_mail.model import Message

_INSIDE = ("application/pgp-", "application/pkcs7-", "application/x-pkcs7-")
_WHOLE = ("multipart/signed", "multipart/encrypted", *_INSIDE)
_ARMOUR = "-----BEGIN PGP "
_CALENDARS = ("text/calendar", "application/ics", "text/x-vcalendar")


def may_be_sealed(message: Message) -> bool:
    """Whether there is something to be checked."""
    kind = next((value.lower() for name, value in message.headers if name.lower() == "content-type"), "")
    if kind.startswith(_WHOLE):
        return True
    return any(part.content_type.startswith(_INSIDE) for part in message.attachments) or _ARMOUR in message.text


def calendar_part(message: Message) -> int:
    """The attachment that is a calendar and is here; 0 when there is none."""
    found = (one for one in message.attachments if not one.away and is_calendar(one.content_type, one.filename))
    return next((part.index for part in found), 0)


def is_calendar(content_type: str, filename: str = "") -> bool:
    """Whether an attachment may be an invitation."""
    return content_type.lower() in _CALENDARS or filename.lower().endswith(".ics")
