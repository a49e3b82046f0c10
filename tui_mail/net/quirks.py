"""What single providers do differently from the RFCs, as a table. No code of one provider anywhere else.

What a server offers says more than its name: Gmail's labels go by X-GM-EXT-1, and an extension that turns out not to
work is dropped whoever offers it (offers). Here is only what nothing else tells.
"""

from __future__ import annotations

from tui_mail.records import frozen


@frozen
class Quirks:
    """Deviations of one provider; the defaults are what the RFCs say."""

    qresync: bool = True
    """False: QRESYNC is offered, but VANISHED cannot be believed."""
    compress: bool = True
    """False: COMPRESS is offered, but breaks."""
    sasl_ir: bool = True
    """False: SASL-IR is offered, but a login in one step is refused."""
    introduce: bool = False
    """True: no folder is opened before ID (RFC 2971), whether it is offered or not."""
    files_sent_mail: bool = False
    """True: the provider puts a copy of what it sends into Sent by itself."""


_APPLE = Quirks(qresync=False)
_FILES_SENT_MAIL = Quirks(files_sent_mail=True)
_COREMAIL = Quirks(sasl_ir=False, introduce=True)

_BY_DOMAIN = {
    "mail.me.com": _APPLE,
    "icloud.com": _APPLE,
    "gmail.com": _FILES_SENT_MAIL,
    "googlemail.com": _FILES_SENT_MAIL,
    "office365.com": _FILES_SENT_MAIL,
    "outlook.com": _FILES_SENT_MAIL,
    "zoho.com": _FILES_SENT_MAIL,
    "zoho.eu": _FILES_SENT_MAIL,
    "163.com": _COREMAIL,
    "126.com": _COREMAIL,
    "yeah.net": _COREMAIL,
    "qq.com": _COREMAIL,
}

_PLAIN = Quirks()


def quirks_of(host: str) -> Quirks:
    """The quirks of the provider that `host` belongs to."""
    labels = host.lower().rstrip(".").split(".")
    for start in range(len(labels)):
        found = _BY_DOMAIN.get(".".join(labels[start:]))
        if found:
            return found
    return _PLAIN
