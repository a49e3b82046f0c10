"""Which portions of a large message are needed to read its text, and one message made of them.

What is made is the sender's own header and the sender's own delimiters around the portions that were fetched, so that
the parser reads it as it would read the whole. It is only made if that parser finds every part where the server says
that there is one; a message that two programs read in two ways is fetched whole, and none of this is used.
Pure functions. What must never be here: marks inside of the octets, which a sender could write, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tui_mail.excerpt import Away, Branch, Excerpt
from tui_mail.mime.packed import contents
from tui_mail.mime.structure import Entity, Outline, outline

TEXT_PORTION = 1_000_000
"""Octets of one text, and…"""
TEXTS = 3_000_000
"""…of all texts of a message that are fetched with it."""
SMALL = 32_768
"""A part up to this size is fetched with the text…"""
SMALLS = 500_000
"""…as long as they are no more than this together."""
HEAD = 512
"""Octets of any other part: they tell a program from a picture."""
ATTACHED_HEAD = 16_384
"""Octets of an attached message: who wrote it, about what."""
MIME_LIMIT = 32_768
TOLD = 0.8
"""The least of a message that its parts and headers must make up: sizes are guesses on some servers, but what is told
of half a message is not believed."""

_STREAMS = frozenset({"base64", "quoted-printable", "7bit", "8bit", "binary", ""})
"""Encodings that are undone while a part arrives."""
_BLANK_LINE = re.compile(rb"\n\r?\n")
_PACKED = ("application/ms-tnef", "application/vnd.ms-tnef")


def wanted(root: Branch) -> list[tuple[str, int]]:
    """(section, octets of it from its beginning): one octet more than there should be, where it should be whole."""
    asked = list[tuple[str, int]]()
    texts, smalls = TEXTS, SMALLS
    for branch in _all(root):
        if branch is not root:
            asked.append((f"{branch.section}.MIME", MIME_LIMIT))
        if branch.children:
            continue
        if branch.content_type.startswith("text/") and not branch.is_attached and texts > 0:
            count = min(branch.octets + 1, TEXT_PORTION, texts)
            texts -= count
        elif branch.octets <= min(SMALL, smalls):
            count = branch.octets + 1
            smalls -= branch.octets
        elif branch.content_type.startswith("message/"):
            count = ATTACHED_HEAD
        else:
            count = HEAD
        asked.append((branch.section, max(count, HEAD)))
    return asked


def compose(root: Branch, header: bytes, portions: Mapping[str, bytes], size: int) -> Excerpt | None:
    """One message made of what was fetched; None when it is not what the server says it is, or needs to be whole."""
    counts = dict(wanted(root))
    told = len(header) + sum(len(portions.get(name, b"")) for name in counts if name.endswith(".MIME"))
    told += sum(leaf.octets for leaf in root.leaves())
    if told < size * TOLD or counts.keys() - portions.keys():
        return None
    made, places = bytearray(), dict[int, Branch]()
    if not _add(root, header, portions, made, places):
        return None
    octets = bytes(made)
    whole = outline(octets)
    leaves = list(_leaves(whole.root))
    if [leaf.body for leaf in leaves] != list(places) or whole.raw is not octets:
        return None
    partly = {place for place, one in places.items() if len(portions[one.section]) >= counts[one.section]}
    if any(_is_unclear(leaf, places[leaf.body], leaf.body in partly) for leaf in leaves):
        return None
    cut = sum(max(0, places[leaf.body].octets - (leaf.end - leaf.body)) for leaf in leaves if _is_cut(leaf, partly))
    return Excerpt(octets, size, cut, tuple(_away(whole, places, partly)))


def _add(
    branch: Branch, header: bytes, portions: Mapping[str, bytes], made: bytearray, places: dict[int, Branch]
) -> bool:
    block = header.rstrip(b"\r\n")
    if _BLANK_LINE.search(block):
        return False
    made += block + b"\r\n\r\n" if block else b"\r\n"
    if not branch.children:
        places[len(made)] = branch
        made += portions[branch.section]
        return True
    entity = Entity(block, 0, 0)
    boundary = entity.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    if not entity.content_type.startswith("multipart/") or not boundary:
        return False
    for child in branch.children:
        made += b"\r\n--" + boundary + b"\r\n"
        if not _add(child, portions[f"{child.section}.MIME"], portions, made, places):
            return False
    made += b"\r\n--" + boundary + b"--\r\n"
    return True


def _away(whole: Outline, places: Mapping[int, Branch], partly: set[int]) -> Iterator[Away]:
    for index, (entity, _) in enumerate(contents(whole).attachments, start=1):
        if entity.content is None and entity.body in partly:
            branch = places[entity.body]
            yield Away(index, branch.section, entity.encoding, branch.octets)


def _is_unclear(leaf: Entity, told: Branch, is_partly: bool) -> bool:
    """A part that is not what its server says, or can only be read as a whole and may hold the text."""
    if leaf.content_type.startswith("multipart/"):
        return True
    is_text = leaf.content_type.startswith("text/") and leaf.disposition != "attachment"
    is_packed = leaf.content_type in _PACKED or leaf.filename.lower() == "winmail.dat"
    return is_partly and (
        leaf.encoding not in _STREAMS or is_packed or (is_text and not told.content_type.startswith("text/"))
    )


def _is_cut(leaf: Entity, partly: set[int]) -> bool:
    return leaf.body in partly and leaf.content_type.startswith("text/") and leaf.disposition != "attachment"


def _leaves(entity: Entity) -> Iterator[Entity]:
    if not entity.children:
        yield entity
    for child in entity.children:
        yield from _leaves(child)


def _all(branch: Branch) -> Iterator[Branch]:
    yield branch
    for child in branch.children:
        yield from _all(child)
