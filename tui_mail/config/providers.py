"""Whose an address is: providers by the domain of an address, by a mail exchanger, by a server's name.

What belongs here: finding a row of the table. What must never be here: anything that needs the network.
"""

from __future__ import annotations

from functools import cache

from tui_mail.config.provider import Provider
from tui_mail.config.provider_table import PROVIDERS

__all__ = ["PROVIDERS", "Provider", "provider_of", "provider_of_exchanger", "provider_of_host", "similar_domain"]


def provider_of(domain: str) -> Provider | None:
    """The provider whose own domain this is."""
    return _by_domain().get(domain.lower())


def provider_of_exchanger(host: str) -> Provider | None:
    """The provider that a mail exchanger belongs to: the longest known ending decides."""
    labels = host.lower().rstrip(".").split(".")
    endings = (".".join(labels[at:]) for at in range(len(labels)))
    return next((found for ending in endings if (found := _by_exchanger().get(ending)) is not None), None)


def provider_of_host(host: str) -> Provider | None:
    """The provider that a server belongs to, whoever named it."""
    return next((one for one in PROVIDERS if any(host == place.host for place in (*one.imap, *one.pop3))), None)


def similar_domain(domain: str) -> str:
    """A provider's domain that this one is easily mistyped for; empty when there is none, or it is one itself."""
    from difflib import get_close_matches

    if provider_of(domain) is not None:
        return ""
    return next(iter(get_close_matches(domain.lower(), _by_domain(), 1, 0.88)), "")


@cache
def _by_domain() -> dict[str, Provider]:
    return {domain: provider for provider in PROVIDERS for domain in provider.domains}


@cache
def _by_exchanger() -> dict[str, Provider]:
    return {ending: provider for provider in PROVIDERS for ending in provider.exchangers}
