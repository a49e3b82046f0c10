"""Which folders a person moves mail to, most used first, remembered for each account between runs.

What belongs here: counting. What must never be here: folders themselves, which come and go.
"""

from __future__ import annotations

import json

from tui_mail.paths import Paths
from tui_mail.ui.memory import recall, remember

FADING = 0.97
"""What an older use counts with each newer one: habits change."""
KEPT = 40
"""Folders of an account that are counted."""


def uses(paths: Paths, account: str) -> dict[str, float]:
    """How much each folder of an account is used, by its name."""
    try:
        found = json.loads(recall(paths, _key(account)) or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}


def note_use(paths: Paths, account: str, name: str) -> None:
    """Mail was moved to this folder."""
    counted = {other: value * FADING for other, value in uses(paths, account).items()}
    counted[name] = counted.get(name, 0.0) + 1.0
    most = sorted(counted, key=lambda one: -counted[one])[:KEPT]
    remember(paths, _key(account), json.dumps({one: round(counted[one], 3) for one in most}))


def _key(account: str) -> str:
    return f"moves:{account}"
