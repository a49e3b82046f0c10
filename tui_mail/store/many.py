"""Statements over many ids: what goes into one IN (…), and how often.

What belongs here: the two helpers that every table needs. What must never be here: a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

One = TypeVar("One")

CHUNK = 500
"""Ids in one IN (…); SQLite's limit of variables is far above."""


def chunks(ids: list[One]) -> Iterator[list[One]]:
    """`ids` in pieces that one statement takes."""
    for at in range(0, len(ids), CHUNK):
        yield ids[at : at + CHUNK]


def marks(values: Sequence[object]) -> str:
    """Question marks for IN (…)."""
    return ",".join("?" * len(values))
