"""Imports that leave out what a process never uses: OpenSSL, where nothing is encrypted.

asyncio and hashlib load it when it is there (5 MB in every process, and 10 ms of each start) and do without when
it is not. The screen speaks to no server and the parser has no line but its pipe; the engine has its own process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OPENSSL = ("ssl", "_ssl", "_hashlib")


@contextmanager
def imports_without(modules: tuple[str, ...]) -> Iterator[None]:
    """Whatever is imported inside finds `modules` missing; afterwards they can be imported as ever.

    One that is loaded already stays.
    """
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the documented way to say "not there"
    try:
        yield
    finally:
        for name in hidden:
            if sys.modules.get(name) is None:
                del sys.modules[name]
