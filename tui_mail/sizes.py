"""How many octets something has, for people."""

from __future__ import annotations


def size_label(octets: int) -> str:
    """812 B, 240 kB, 2.1 MB, 1.2 GB."""
    if octets < 1_000:
        return f"{octets} B"
    if octets < 999_500:
        return f"{octets / 1_000:.0f} kB"
    return f"{octets / 1_000_000:.1f} MB" if octets < 999_950_000 else f"{octets / 1_000_000_000:.1f} GB"
