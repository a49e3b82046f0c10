"""A draft as the text file that $EDITOR opens, and back: a few header lines, a blank line, the body.

Lenient, because a person edits it: a header line that is missing empties its field (From stays), a file without
header lines is all body, and a line that says nothing known is told, not followed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tui_mail.mime.entities import clean_text
from tui_mail.mime.recipients import parse_recipients, write_address
from tui_mail.mime.writing import one_line
from tui_mail.outgoing import Draft
from tui_mail.records import frozen

_FIELDS = (("To", "to"), ("Cc", "cc"), ("Bcc", "bcc"), ("Reply-To", "reply_to"), ("Subject", "subject"))
_ATTRIBUTES = {name.lower(): attribute for name, attribute in _FIELDS}
_HEADER = re.compile(r"(From|To|Cc|Bcc|Reply-To|Subject)[ \t]*:", re.IGNORECASE)
_ANY_HEADER = re.compile(r"([!-9;-~]+)[ \t]*:(.*)")


@frozen
class Edited:
    """A draft as it came back from an editor."""

    draft: Draft
    problems: tuple[str, ...] = ()
    """What could not be followed, in sentences."""


def as_text(draft: Draft) -> str:
    """The file's text; ends with a newline that is not part of the body."""
    sender = write_address(draft.from_name, draft.from_email)
    lines = [f"From: {one_line(sender)}"]
    lines += [f"{name}: {_line(getattr(draft, attribute))}" for name, attribute in _FIELDS]
    return "\n".join([*(line.rstrip(" ") for line in lines), "", draft.body]) + "\n"


def from_text(draft: Draft, text: str) -> Edited:
    """`draft` with what the edited text says; whatever the text cannot say stays."""
    text = clean_text(text.removeprefix("\ufeff"))
    if text.endswith("\n"):
        text = text[:-1]
    if not _HEADER.match(text):
        return Edited(replace(draft, body=text.removeprefix("\n")))
    header, _, body = text.partition("\n\n")
    found: dict[str, str] = {}
    problems: list[str] = []
    for line in _unfolded(header.rstrip("\n")):
        written = _ANY_HEADER.fullmatch(line)
        name = written[1].lower() if written else ""
        if written is None or (name != "from" and name not in _ATTRIBUTES):
            problems.append(f'The line "{one_line(line)[:60]}" was not understood; it is left out.')
        elif name in found and written[2].strip():
            glue = " " if name == "subject" else ", "
            found[name] = glue.join(part for part in (found[name], written[2].strip()) if part)
        else:
            found.setdefault(name, written[2].strip())
    changes: dict[str, Any] = {attribute: _line(found.get(name, "")) for name, attribute in _ATTRIBUTES.items()}
    draft = replace(draft, body=body, **changes)
    if found.get("from"):
        sender = parse_recipients(found["from"])
        if len(sender.addresses) == 1 and not sender.problems:
            one = sender.addresses[0]
            draft = replace(draft, from_name=one.name, from_email=one.email)
        elif found["from"] != one_line(write_address(draft.from_name, draft.from_email)):
            problems.append(f'"{one_line(found["from"])[:60]}" is no address to send from; From stays as it was.')
    return Edited(draft, tuple(problems))


def _line(text: str) -> str:
    """A field on one line; unlike `one_line`, however long it is."""
    return " ".join(re.split("[\x00-\x1f\x7f-\x9f\u2028\u2029]+", text)).strip(" ")


def _unfolded(header: str) -> list[str]:
    lines: list[str] = []
    for line in header.split("\n"):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines
