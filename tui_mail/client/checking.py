"""Checking one server of an account, step by step: name, connection, TLS, greeting, login, mail.

What belongs here: the order of the steps, and what each of them tells a person. What must never be here: protocols
(net has them), what a failure means and what helps against it (cures), a change of settings, writing to the store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tui_mail.model import Account
from tui_mail.settings import Leg, LegReport, StepDone

Tell = Callable[[StepDone], None]


def check_leg(
    account: Account,
    leg: Leg,
    secret: str,
    tell: Tell,
    stop: threading.Event,
    *,
    letter: bool = False,
    other_secret: str | None = None,
) -> LegReport:
    """Try everything that this server is needed for; blocks for at most about a minute, so call it on a thread.

    `tell` is given each step once it has ended, on the calling thread. After `stop` was set it returns soon, with what
    was seen until then. `letter`: send a message to oneself through the outgoing server; with IMAP, also find out who
    files the Sent copy (`facts["sent_copy"]`: server | copy), for which `other_secret` is the incoming server's
    password (None: the same one). Never raises a MailError: the report holds it.
    """
    raise NotImplementedError
