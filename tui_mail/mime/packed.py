"""Files inside of what a message holds: out of winmail.dat, and uuencoded in the middle of a text.

What comes out are parts like any other, with their octets in `content`. What must never be here: packed archives
(zip and the like), which nobody unpacks by opening a message.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_uu

from tui_mail.mime import tnef
from tui_mail.mime.decode import payload
from tui_mail.mime.parts import Passage, Sorted, guessed_type, sort_parts
from tui_mail.mime.structure import Entity, Outline

FILES_LIMIT = 100
"""Files taken out of one text."""
TEXT_LIMIT = 40_000_000
"""Octets of a text in which uuencoded files are looked for."""

_UU = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,300}?)[ \t]*\r?\n(?=[ -`]{1,90}\r?\n)", re.MULTILINE)
_TRIMMED = 8
"""Spaces at the end of a line that may have been lost on the way."""
_UU_END = re.compile(rb"^end[ \t]*(?:\r?\n|$)", re.MULTILINE)
_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


def contents(whole: Outline) -> Sorted:
    """`sort_parts`, and what was packed into parts beside them."""
    result = sort_parts(whole)
    for passage in result.passages:
        passage.parts = [_without_uu(whole.raw, entity, result) for entity in passage.parts]
        passage.plain = [_without_uu(whole.raw, entity, None) for entity in passage.plain]
    for number, (entity, is_inline) in enumerate(list(result.attachments)):
        if entity.content is None and _is_winmail(entity):
            is_inline = _unpack_winmail(whole.raw, entity, result, number + 1) or is_inline
            result.attachments[number] = entity, is_inline
    return result


def texts(whole: Outline, *, with_files: bool = False) -> list[Entity]:
    """The texts of a message; without the files in them, or as they came."""
    passages = sort_parts(whole).passages
    found = [entity for passage in passages for entity in passage.parts if not _is_message(entity)]
    return found if with_files else [_without_uu(whole.raw, entity, None) for entity in found]


def unpacked(whole: Outline) -> frozenset[int]:
    """Numbers, from 1, of the attachments that are no parts of the message, but were taken out of one."""
    found = enumerate(contents(whole).attachments, start=1)
    return frozenset(number for number, (entity, _) in found if entity.content is not None)


def containers(whole: Outline) -> frozenset[int]:
    """Numbers, from 1, of the attachments whose files are attachments themselves."""
    return frozenset(contents(whole).containers)


def _is_message(entity: Entity) -> bool:
    return entity.content_type.startswith("message/")


def _is_winmail(entity: Entity) -> bool:
    return entity.content_type in _TNEF_TYPES or entity.filename.lower() == "winmail.dat"


def _unpack_winmail(raw: bytes, entity: Entity, result: Sorted, number: int) -> bool:
    """Put what is in it beside it; False when there is nothing."""
    packed = tnef.unpack(payload(raw, entity))
    if packed is None:
        return False
    for file in packed.files:
        kind = file.content_type if "/" in file.content_type else guessed_type(file.name)
        result.attachments.append((_made(kind, file.content, file.name or "attachment"), bool(file.content_id)))
    has_text = any(part for passage in result.passages for part in passage.parts if not part.blank)
    is_shown = not has_text and bool(packed.html or packed.text.strip())
    if (packed.files or is_shown) and len(packed.files) < tnef.FILES_LIMIT:
        result.containers.append(number)
    if not has_text:
        if packed.html:
            result.passages.append(Passage([_made("text/html", packed.html, charset=packed.charset)]))
        elif packed.text.strip():
            octets = packed.text.encode("utf-8", "replace")
            result.passages.append(Passage([_made("text/plain", octets, charset="utf-8")]))
    return bool(packed.files or packed.html or packed.text.strip())


def _without_uu(raw: bytes, entity: Entity, result: Sorted | None) -> Entity:
    """The text without the files in it, which are added to the attachments of `result`."""
    if entity.content is not None or entity.content_type != "text/plain" or entity.end - entity.body > TEXT_LIMIT:
        return entity
    if entity.encoding in {"", "7bit", "8bit"} and raw.find(b"begin ", entity.body, entity.end) < 0:
        return entity
    text = payload(raw, entity)
    kept: list[bytes] = []
    position = 0
    for number, begin in enumerate(_UU.finditer(text)):
        end = _UU_END.search(text, begin.end()) if number < FILES_LIMIT else None
        if begin.start() < position:
            continue
        if end is None:
            break
        content = _uu_octets(text[begin.end() : end.start()])
        if content is None:
            continue
        if result is not None:
            name = begin[1].decode("utf-8", "replace")
            result.attachments.append((_made(guessed_type(name), content, name), False))
        kept.append(text[position : begin.start()])
        position = end.end()
    if not kept:
        return entity
    return _made("text/plain", b"".join([*kept, text[position:]]), parameters=entity.parameters)


def _uu_octets(body: bytes) -> bytes | None:
    """None when it is not uuencoded: somebody wrote "begin" in a letter."""
    out: list[bytes] = []
    for line in body.splitlines():
        if not line.strip():
            continue
        if len(line) - 1 < (((line[0] - 32) & 63) + 2) // 3 * 4 - _TRIMMED:
            return None
        try:
            out.append(a2b_uu(line))
        except Error:
            octets = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(a2b_uu(line[:octets]))
            except Error:
                return None
    return b"".join(out)


def _made(
    kind: str, content: bytes, name: str = "", *, charset: str = "", parameters: dict[str, str] | None = None
) -> Entity:
    """A part of our own making."""
    entity = Entity(b"", 0, 0, kind, content=content, blank=not content.strip() if len(content) < 200 else False)
    entity.name_parts(kind, name, parameters if parameters is not None else {"charset": charset} if charset else {})
    return entity
