"""What speaks for and against a message, as the line below its head, and in whole sentences when asked.

What belongs here: symbols, order, how much fits. What must never be here: judging (mime/trust). These marks stand in
the head, where nothing of a message's text can be; a text that draws a tick draws it further down.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_mail.model import Message, Severity, Trust

Run = tuple[str, str]
SYMBOLS = {Severity.DANGER: "✗", Severity.WARNING: "⚠", Severity.GOOD: "✓", Severity.NOTE: "·"}
"""Before every colour, so that they can be told apart without one."""
_LOOKS = {Severity.DANGER: "danger", Severity.WARNING: "warning", Severity.GOOD: "good", Severity.NOTE: "quiet"}
_TOLD_ABOVE = frozenset({"name", "sender"})
"""Kinds that the head itself shows, beside the name."""


def strip_runs(message: Message) -> tuple[Run, ...]:
    """The labels, the worst first; empty when there is nothing to say."""
    runs: list[Run] = []
    for one in message.trust:
        if one.label and one.kind not in _TOLD_ABOVE:
            runs += [("   ", "")] if runs else []
            runs.append((f"{SYMBOLS[one.severity]} {one.label}", _LOOKS[one.severity]))
    return tuple(runs)


def sentences(remarks: Sequence[Trust]) -> list[tuple[Run, ...]]:
    """One line for each remark; there is always one."""
    if not remarks:
        return [(("· ", "quiet"), ("Nothing is known for or against this message's sender.", "quiet"))]
    return [((f"{SYMBOLS[one.severity]} ", _LOOKS[one.severity]), (one.sentence, "")) for one in remarks]
