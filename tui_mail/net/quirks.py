"""What single providers do differently from the RFCs, as a table. No code of one provider anywhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """Deviations of one provider; the defaults are what the RFCs say."""

    qresync: bool = True
    """False: QRESYNC is offered, but VANISHED cannot be believed."""
    compress: bool = True
    """False: COMPRESS is offered, but breaks."""
    files_sent_mail: bool = False
    """True: the provider puts a copy of what it sends into Sent by itself."""


_BY_DOMAIN = {
    "mail.me.com": Quirks(qresync=False),
    "icloud.com": Quirks(qresync=False),
    "gmail.com": Quirks(files_sent_mail=True),
    "googlemail.com": Quirks(files_sent_mail=True),
    "office365.com": Quirks(files_sent_mail=True),
    "outlook.com": Quirks(files_sent_mail=True),
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
