"""Whose servers take a domain's mail: its MX records.

What belongs here: one bounded question to DNS. What must never be here: what an exchanger's name means (config).
"""

from __future__ import annotations

import contextlib

from tui_mail.net.lookups import Internet


def mail_exchangers(domain: str, internet: Internet, *, timeout: float = 4.0) -> tuple[str, ...]:
    """The names of a domain's mail exchangers, the preferred one first, untrusted; empty when they cannot be had."""
    import dns.exception
    import dns.resolver

    with contextlib.suppress(dns.exception.DNSException, OSError, ValueError, UnicodeError):
        resolver = dns.resolver.Resolver(configure=not internet.nameservers)
        if internet.nameservers:
            resolver.nameservers, resolver.port = list(internet.nameservers), internet.dns_port
        answer = resolver.resolve(domain, "MX", lifetime=timeout)
        records = sorted((record.preference, str(record.exchange).rstrip(".").lower()) for record in answer)
        return tuple(name for _, name in records if name)
    return ()
