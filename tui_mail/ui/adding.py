"""Another account while the screen is open: the assistant over the inbox, then the program once more with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_mail.ui.screens.triage import Triage


def add_account(triage: Triage) -> None:
    """Show the assistant; drafts are kept before the program begins anew."""
    from tui_mail.ui.screens.setup import Setup

    def ended(name: str | None) -> None:
        if name is not None:
            triage.writing.leave(anew=True)

    triage.app.push_screen(Setup(triage.client.paths, triage.bridge), ended)
