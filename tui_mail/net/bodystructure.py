"""BODYSTRUCTURE → Branch (RFC 9051 section 7.5.2). What follows no grammar is Malformed: then the whole is fetched.

Hostile input twice over: a server repeats what a sender wrote. The depth is bounded by `replies.values`, the number of
parts here; names and everything else that a person sees are taken from the parts' own headers, never from this.
"""

from __future__ import annotations

from tui_mail.excerpt import Branch
from tui_mail.net.replies import Malformed, Value, number_of

PARTS = 200
"""Most parts of a message that is fetched part by part."""
_OCTETS = 2**40


def structure_of(value: Value) -> Branch:
    """The parts of a message. Raises Malformed."""
    count = [0]
    root = _branch(value, "", count)
    return root if root.children else _branch(value, "1", [0])


def _branch(value: Value, section: str, count: list[int]) -> Branch:
    count[0] += 1
    if count[0] > PARTS:
        raise Malformed("too many parts")
    if not isinstance(value, list) or not value:
        raise Malformed("no part")
    if isinstance(value[0], list):
        return _multipart(value, section, count)
    if len(value) < 7:
        raise Malformed("a part that lacks something")
    kind, octets = f"{_word(value[0])}/{_word(value[1])}", value[6]
    if not isinstance(octets, bytes) or not octets.isdigit():
        raise Malformed("a part without a size")
    return Branch(
        section, kind, _word(value[5], "7bit"), number_of(octets, _OCTETS), _disposition(value[7:]) == "attachment"
    )


def _multipart(value: list[Value], section: str, count: list[int]) -> Branch:
    parts = list[Value]()
    for item in value:
        if not isinstance(item, list):
            break
        parts.append(item)
    if len(parts) == len(value):
        raise Malformed("parts without a name for them all")
    prefix = f"{section}." if section else ""
    children = tuple(_branch(part, f"{prefix}{number}", count) for number, part in enumerate(parts, 1))
    return Branch(section, f"multipart/{_word(value[len(parts)])}", children=children)


def _word(value: Value, otherwise: str = "") -> str:
    if value is None and otherwise:
        return otherwise
    if not isinstance(value, bytes):
        raise Malformed("no word")
    return value.decode("ascii", "replace").lower()


def _disposition(rest: list[Value]) -> str:
    """It is one of few items that are lists of a word and a list; where exactly depends on the kind of the part."""
    for item in rest:
        match item:
            case [bytes() as word, list() | None] if word.lower() in (b"attachment", b"inline"):
                return word.decode("ascii").lower()
    return ""
