"""What the screen's process and the engine's process say to each other: one JSON document a line.

To the engine: [verb, account, argument]. From it: [kind, …], where `event` carries what AccountWorker tells, `commit`
says that the store changed, and `elsewhere` that yet another process is the engine of this store. `secret` is a
question from it; the answer is [account, [question, value or null, why there is none]]. No line ever gets into a log.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from tui_mail.model import AccountStatus, BodyArrived, ChangeFailed, Event, LinkState, SearchAnswered, StatusChanged
from tui_mail.text import SafeText


def line(*words: object) -> bytes:
    """A document and its end."""
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def told(event: Event) -> bytes | None:
    """The line for an engine's event; None for those that the other process finds by itself."""
    match event:
        case StatusChanged(status):
            return line("status", asdict(status))
        case BodyArrived(message_id, problem):
            return line("body", message_id, problem)
        case SearchAnswered(number, account, folder_id, ids, unknown, problem):
            return line("found", number, account, folder_id, ids, unknown, problem)
        case ChangeFailed(change_id, sentence):
            return line("failed", change_id, sentence)
    return None


def heard(words: list[Any]) -> Event | None:
    """The event of a line; None when it is no event."""
    match words:
        case ["status", dict(fields)]:
            return StatusChanged(AccountStatus(**{**fields, "state": LinkState(fields["state"])}))
        case ["body", int(message_id), str(problem)]:
            return BodyArrived(message_id, SafeText(problem))
        case ["found", int(number), str(account), int(folder_id), list(ids), int(unknown), str(problem)]:
            return SearchAnswered(number, account, folder_id, tuple(map(int, ids)), unknown, SafeText(problem))
        case ["failed", int(change_id), str(sentence)]:
            return ChangeFailed(change_id, SafeText(sentence))
    return None
