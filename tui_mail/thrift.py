"""Imports that leave out what a process never uses: OpenSSL, where nothing is encrypted.

asyncio and hashlib load it when it is there (5 MB in every process, and 10 ms of each start) and do without when
it is not. The screen speaks to no server and the parser has no line but its pipe; the engine has its own process.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType

OPENSSL = ("ssl", "_ssl", "_hashlib")
MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
"""Environment of our other processes, for glibc: or each thread keeps megabytes of its own, and what a large message
took is never given back."""


@contextmanager
def imports_without(modules: tuple[str, ...]) -> Iterator[None]:
    """Whatever this thread imports inside finds `modules` missing; afterwards they can be imported as ever.

    One that is loaded already stays, and other threads import what they like all the time.
    """
    finder = _Missing(modules)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Missing:
    """Says to one thread that some modules do not exist."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self._modules = modules
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /) -> None:
        """Nothing is found here: others are asked for the rest. Raises ModuleNotFoundError."""
        if fullname in self._modules and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is left out here", name=fullname)


def spare_memory() -> None:
    """The same for this process, which is already running; nothing where the C library is another one."""
    import ctypes

    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for parameter, value in ((-8, 1), (-1, 131_072), (-3, 131_072)):  # M_ARENA_MAX, M_TRIM_ and M_MMAP_THRESHOLD
            libc.mallopt(parameter, value)
        libc.malloc_trim(0)
