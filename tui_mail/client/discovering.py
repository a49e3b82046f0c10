"""From an e-mail address to settings that work: the table, the domain's own words, databases, DNS, and a look around.

What belongs here: which source is asked when, whose answer counts, and when to stop. What must never be here: a
credential (there is none), settings without TLS, or anything that the screen waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tui_mail.net.lookups import Internet
from tui_mail.settings import Discovery
from tui_mail.text import SafeText

INTERNET = Internet()


def known(address: str) -> Discovery | None:
    """What the table of providers says of an address, at once and without any network; None when it says nothing.

    Raises UsageError when that is no address.
    """
    raise NotImplementedError


def discover(
    address: str,
    tell: Callable[[SafeText], None],
    stop: threading.Event,
    *,
    early: Callable[[Discovery], None] = lambda _: None,
    internet: Internet = INTERNET,
) -> Discovery:
    """Find settings for an address: within 12 seconds, or as soon as `stop` is set. Blocks; all calls on this thread.

    `tell` is given a line for everything that was tried, and its result. `early` is given what is known so far,
    whenever that has become better: for a known provider at once, before its servers are looked at. Nothing found is an
    empty list, with `problem` saying why. Raises UsageError when that is no address.
    """
    raise NotImplementedError
