"""winmail.dat: what Outlook packs a message's text and files into, for readers of its own kind (MS-OXTNEF).

Only what a person would look for is taken out: the text, and the files with their names. Everything else (forms,
recipients, flags) stays packed. Never raises: of a damaged stream comes what stands before the damage.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tui_mail.mime.charsets import decode
from tui_mail.mime.rtf import rtf_text, unpacked_rtf

FILES_LIMIT = 500
SIGNATURE = b"\x78\x9f\x3e\x22"

_TITLE, _DATA, _FILE, _PROPERTIES, _NEXT_FILE, _BODY, _CODE_PAGE = (
    0x018010, 0x06800F, 0x069005, 0x069003, 0x069002, 0x02800C, 0x069007,
)  # fmt: skip
_TEXT, _RTF, _HTML, _LONG_NAME, _NAME, _TYPE, _OBJECT, _CONTENT_ID, _CHARSET = (
    0x1000, 0x1009, 0x1013, 0x3707, 0x3704, 0x370E, 0x3701, 0x3712, 0x3FDE,
)  # fmt: skip
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""Octets of a value by its type; a boolean or a short number fills four, too."""
_COUNTED = frozenset({0xD, 0x1E, 0x1F, 0x102})
_PROPERTIES_LIMIT = 20_000
_INTERFACE = 16
"""Octets that say which interface an embedded object has."""
_CODE_PAGES = {65001: "utf-8", 932: "shift_jis", 936: "gbk", 949: "euc-kr", 950: "big5", 20127: "us-ascii",
               28591: "latin1", 50220: "iso-2022-jp", 51932: "euc-jp", 20866: "koi8-r"}  # fmt: skip


@dataclass
class PackedFile:
    """A file out of winmail.dat."""

    name: str = ""
    content_type: str = ""
    content: bytes = b""
    content_id: str = ""
    short_name: str = ""


@dataclass
class Packed:
    """What a winmail.dat holds."""

    html: bytes = b""
    text: str = ""
    charset: str = ""
    files: list[PackedFile] = field(default_factory=list)


def unpack(data: bytes) -> Packed | None:
    """The text and the files of a winmail.dat; None if it is none."""
    if not data.startswith(SIGNATURE):
        return None
    packed = Packed()
    rtf = b""
    for key, value in _attributes(data):
        if key == _CODE_PAGE and len(value) >= 4:
            packed.charset = _charset(struct.unpack_from("<I", value)[0])
        elif key == _BODY:
            packed.text = packed.text or decode(value.rstrip(b"\0"), packed.charset)
        elif key == _PROPERTIES:
            for name, kind, content in _properties(value):
                if name == _CHARSET and len(content) >= 4:
                    packed.charset = _charset(struct.unpack_from("<I", content)[0])
                elif name == _TEXT:
                    packed.text = _string(kind, content, packed.charset)
                elif name == _HTML:
                    packed.html = content.rstrip(b"\0")
                elif name == _RTF:
                    rtf = content
        elif key == _NEXT_FILE:
            if len(packed.files) >= FILES_LIMIT:
                break
            packed.files.append(PackedFile())
        elif packed.files:
            _take_into(packed.files[-1], key, value, packed.charset)
    if rtf and not packed.text and not packed.html:
        packed.text = rtf_text(unpacked_rtf(rtf))
    for file in packed.files:
        file.name = file.name or file.short_name
    packed.files = [file for file in packed.files if file.content or file.name]
    return packed


def _take_into(file: PackedFile, key: int, value: bytes, charset: str) -> None:
    if key == _TITLE:
        file.short_name = decode(value.rstrip(b"\0"), charset)
    elif key == _DATA:
        file.content = value
    elif key == _FILE:
        for name, kind, content in _properties(value):
            if name == _LONG_NAME:
                file.name = _string(kind, content, charset)
            elif name == _NAME:
                file.short_name = file.short_name or _string(kind, content, charset)
            elif name == _TYPE:
                file.content_type = _string(kind, content, charset).lower()
            elif name == _CONTENT_ID:
                file.content_id = _string(kind, content, charset)
            elif name == _OBJECT and not file.content:
                file.content = content[_INTERFACE:] if kind == 0xD else content
                if file.content.startswith(SIGNATURE):
                    file.content_type = "application/ms-tnef"


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, value) of every attribute that is whole."""
    position = 6
    while position + 9 <= len(data):
        key, length = struct.unpack_from("<II", data, position + 1)
        start = position + 9
        if start + length > len(data):
            return
        yield key & 0xFFFFFF, data[start : start + length]
        position = start + length + 2


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(id, type, first value) of every MAPI property, as far as they can be read."""
    try:
        count = struct.unpack_from("<I", data)[0]
        position = 4
        for _ in range(min(count, _PROPERTIES_LIMIT)):
            kind, name = struct.unpack_from("<HH", data, position)
            position += 4
            if name >= 0x8000:
                position = _behind_name(data, position)
            is_many = bool(kind & 0x1000)
            kind &= 0xEFFF
            values = 1
            if is_many or kind in _COUNTED:
                values = struct.unpack_from("<I", data, position)[0]
                position += 4
            content = b""
            for number in range(values):
                if number >= _PROPERTIES_LIMIT or position >= len(data):
                    return
                if kind in _COUNTED:
                    length = struct.unpack_from("<I", data, position)[0]
                    position += 4
                elif kind in _WIDTHS:
                    length = _WIDTHS[kind]
                else:
                    return
                if position + length > len(data):
                    return
                if not number:
                    content = data[position : position + length]
                position += length + (-length % 4)
            yield name, kind, content
    except struct.error:
        return


def _behind_name(data: bytes, position: int) -> int:
    """Where the value of a named property begins."""
    by_name = struct.unpack_from("<I", data, position + 16)[0]
    if not by_name:
        return position + 24
    length = int(struct.unpack_from("<I", data, position + 20)[0])
    return position + 24 + length + (-length % 4)


def _string(kind: int, content: bytes, charset: str) -> str:
    text = content.decode("utf-16-le", "replace") if kind == 0x1F else decode(content, charset)
    return text.rstrip("\0")


def _charset(code_page: int) -> str:
    return _CODE_PAGES.get(code_page, f"windows-{code_page}")
