"""Contacts out of vCard files (RFC 6350): names and e-mail addresses; and one card as lines, to be looked at.

The only place that knows vobject. A file is somebody else's text: what it says is made safe, and what cannot be read is
left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tui_mail.model import Address
from tui_mail.text import SafeText, safe_line

FILE_LIMIT = 5_000_000
"""Octets of one file that are read; photographs are most of a card."""
CARDS_LIMIT = 20_000
_LABELS = {
    "org": "Company", "title": "Title", "email": "Mail", "tel": "Phone", "adr": "Address", "url": "Web",
    "bday": "Birthday", "note": "Note",
}  # fmt: skip


def read_folder(folder: Path) -> list[Address]:
    """Every address of the .vcf files of a folder, and of those below it. Blocks; never raises."""
    found = list[Address]()
    for file in sorted(folder.rglob("*.vcf")):
        for address in _addresses(file):
            found.append(address)
            if len(found) >= CARDS_LIMIT:
                return found
    return found


def card_lines(text: str, limit: int = 50) -> list[list[tuple[SafeText, SafeText]]]:
    """What each card says, line by line: what it is, and its words; the name first. Empty when it is no card."""
    import vobject

    cards = list[list[tuple[SafeText, SafeText]]]()
    try:
        for card in vobject.readComponents(text[:FILE_LIMIT], ignoreUnreadable=True, allowQP=True):
            lines = [(safe_line("Name"), safe_line(str(card.fn.value) if hasattr(card, "fn") else "(no name)", 200))]
            for name, label in _LABELS.items():
                for one in card.contents.get(name, ())[:10]:
                    value = one.value
                    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
                    kinds = " ".join(map(str, one.params.get("TYPE", ()))).casefold()
                    words = " ".join(words.split())
                    if words:
                        lines.append((safe_line(label), safe_line(f"{words} ({kinds})" if kinds else words, 500)))
            cards.append(lines)
            if len(cards) >= limit:
                break
    except (ValueError, AttributeError, TypeError, vobject.base.VObjectError):
        return cards
    return cards


def _addresses(file: Path) -> Iterator[Address]:
    import vobject

    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            text = stream.read(FILE_LIMIT)
        for card in vobject.readComponents(text, ignoreUnreadable=True, allowQP=True):
            name = str(card.fn.value) if hasattr(card, "fn") else ""
            for email in card.contents.get("email", ()):
                value = str(email.value).strip()
                if "@" in value:
                    yield Address(safe_line(name, 200), safe_line(value, 254))
    except (OSError, ValueError, AttributeError, vobject.base.VObjectError):
        return
