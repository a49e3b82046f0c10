"""Which folder has which role: as told, or as a person chose."""

from __future__ import annotations

import pytest

from tui_mail.model import Role
from tui_mail.store.purposes import Purposes

TOLD = {
    "INBOX": Role.INBOX,
    "Sent": Role.SENT,
    "Sent Items": Role.NONE,
    "Archive": Role.ARCHIVE,
    "Archive.2026": Role.NONE,
    "All": Role.ALL,
    "Trash": Role.TRASH,
}


def roles(chosen: dict[Role, str], *, labels: bool = False) -> dict[str, Role]:
    """What differs from what was told."""
    found = Purposes(TOLD, chosen, ".", labels).roles()
    return {name: role for name, role in found.items() if role is not TOLD[name]}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {}),
        ({Role.ARCHIVE: "Archive"}, {}),
        ({Role.ARCHIVE: "Archive/2026"}, {"Archive": Role.NONE, "Archive.2026": Role.ARCHIVE}),
        ({Role.ARCHIVE: "Gone"}, {"Archive": Role.NONE}),
        ({Role.ARCHIVE: "Sent"}, {"Archive": Role.NONE}),
        (
            {Role.ARCHIVE: "Sent", Role.SENT: "Sent Items"},
            {"Archive": Role.NONE, "Sent": Role.ARCHIVE, "Sent Items": Role.SENT},
        ),
        ({Role.ARCHIVE: "All"}, {"Archive": Role.NONE}),
        ({Role.JUNK: "Archive.2026"}, {"Archive.2026": Role.JUNK}),
    ],
)
def test_chosen_folders(chosen: dict[Role, str], expected: dict[str, Role]) -> None:
    """One role for one folder; a choice that cannot be leaves the role without one."""
    assert roles(chosen) == expected


def test_labels_delete_by_their_own_trash_only() -> None:
    """A label that is called trash would take nothing away."""
    assert roles({Role.TRASH: "Archive.2026"}, labels=True) == {"Trash": Role.NONE}
    assert roles({Role.TRASH: "Trash"}, labels=True) == {}
