"""What a message is in an inbox, by its header: of a person, of a list, of a calendar, of a machine, to thousands.

What belongs here: that, quickly, for it is asked of every message that comes. What must never be here: what is in its
text; only whether an invitation is in it, which a header often does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tui_mail.model import Address, Kind

_MACHINE = re.compile(
    r"(?:no|do[-_.]?not|never|ne[-_.]?pas|nicht)[-_.]?(?:reply|reponse|repondre|antworten?)\b"
    r"|(?:notif(?:y|ications?|ier)|alerts?|alarms?|builds?|ci|bot|cron|daemon|jira|gitlab|github|bugzilla|monitoring)"
    r"(?:[-_.+@]|$)|(?:mailer-daemon|postmaster|root|automailer|auto-?confirm|auto-?reply)@",
    re.IGNORECASE,
)
"""How addresses that nobody reads begin, as far as one can tell."""
_SERVICE = re.compile(r"(?:[-_.+](?:no-?reply|notifications?|alerts?)|\[bot\])(?:@|$)", re.IGNORECASE)
_INVITATION = re.compile(rb"\n[Cc]ontent-[Tt]ype:[ \t]*(?:\r?\n[ \t]+)?text/calendar", re.IGNORECASE)
_LOOKED_AT = 256 * 1024
"""Octets in which an invitation is looked for."""


def kind_of(fields: Mapping[str, str], senders: Sequence[Address], content_type: str) -> Kind:
    """The kind of a message; `fields` by lower-case names, `content_type` in lower case.

    A machine that says so, or writes under such a name, comes before the list that passes it on: most of what code
    forges send has a List-Id. RFC 3834 Auto-Submitted, RFC 2919 List-Id, RFC 8058 List-Unsubscribe-Post.
    """
    get = fields.get
    if "text/calendar" in content_type or "calendarmessage" in get("content-class", "").lower():
        return Kind.CALENDAR
    automatic = get("auto-submitted", "no").partition(";")[0].strip().lower()
    sender = (senders[0].email or senders[0].name) if senders else ""
    if automatic not in ("no", "") or _MACHINE.match(sender) or _SERVICE.search(sender):
        return _automatic(fields)
    precedence = get("precedence", "").strip().lower()
    if "list-id" in fields or precedence == "list":
        return Kind.LIST
    if "list-unsubscribe-post" in fields or "list-unsubscribe" in fields or precedence in ("bulk", "junk"):
        return Kind.BULK
    return Kind.PERSON


def holds_invitation(raw: bytes) -> bool:
    """Whether a whole message has a part for a calendar."""
    return _INVITATION.search(raw, 0, _LOOKED_AT) is not None


def _automatic(fields: Mapping[str, str]) -> Kind:
    """A newsletter is no notification, though nobody reads the answers to it."""
    if "list-unsubscribe-post" in fields and "auto-submitted" not in fields:
        return Kind.LIST if "list-id" in fields else Kind.BULK
    return Kind.NOTIFICATION
