"""The terminal is the screen's alone: no program that is run beside it may ask for a passphrase there.

What belongs here: what tells other programs of our terminal. gpg hands GPG_TTY to its agent, whose pinentry would then
draw over the screen and share its keys: half a passphrase would be typed into a message.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_NAME = "GPG_TTY"
_held: list[str] = []


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Until this ends, programs that are started do not learn where the terminal is."""
    named = os.environ.pop(_NAME, None)
    if named is None:
        yield
        return
    _held.append(named)
    try:
        yield
    finally:
        os.environ[_NAME] = _held.pop()


def environment_of_guest() -> dict[str, str]:
    """The environment of a program that is lent the terminal."""
    return {**os.environ, **({_NAME: _held[-1]} if _held else {})}
