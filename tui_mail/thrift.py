"""Imports that leave out what a process never uses: OpenSSL, where nothing is encrypted.

asyncio and hashlib load it when it is there (5 MB in every process, and 10 ms of each start) and do without when
it is not. The screen speaks to no server and the parser has no line but its pipe; the engine has its own process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

OPENSSL = ("ssl", "_ssl", "_hashlib")
MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
"""Environment of our other processes, for glibc: or each thread keeps megabytes of its own, and what a large message
took is never given back."""


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


def spare_memory() -> None:
    """The same for this process, which is already running; nothing where the C library is another one."""
    import ctypes

    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for parameter, value in ((-8, 1), (-1, 131_072), (-3, 131_072)):  # M_ARENA_MAX, M_TRIM_ and M_MMAP_THRESHOLD
            libc.mallopt(parameter, value)
        libc.malloc_trim(0)
