"""Asking the network where the mail of a domain is: DNS by dnspython, and small files over https.

What belongs here: one question, one bounded answer. What must never be here: what an answer means (config/discovery.py,
config/autoconfig.py), a person's address in a question, plain http, or a credential.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Internet:
    """Whom to ask. The defaults are the real thing; a test has servers of its own."""

    nameservers: tuple[str, ...] = ()
    """Addresses of resolvers; none: the system's."""
    dns_port: int = 53
    ca_file: str = ""
    """PEM file of the authorities to trust instead of the system's; it goes into the settings that are found."""
    ispdb: str = "https://v1.ispdb.net/"
    """Thunderbird's database; a domain follows."""
