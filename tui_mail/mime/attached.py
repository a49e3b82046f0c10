"""One attachment on its way out of a message: its octets, what they claim to be, and what they may do.

What belongs here: taking an attachment out, and saying plainly that a file is a program. What must never be here:
writing files (`client/saving`), showing them.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui_mail.mime.packed import contents
from tui_mail.mime.parse import MESSAGE_LIMIT, attachment_bytes
from tui_mail.mime.structure import outline
from tui_mail.model import Part
from tui_mail.text import SafeText, safe_line

_PROGRAM_ENDINGS = (
    "exe com scr pif bat cmd msi msp msix appx cpl hta jar js jse vbs vbe ws wsf wsh ps1 psm1 lnk reg url inf scf "
    "application gadget sh bash zsh ksh csh fish run bin elf so dylib dll appimage deb rpm flatpakref snap desktop "
    "command app dmg pkg workflow scpt py pyc pyw pl rb php lua tcl ipynb chm hlp iso img vhd vhdx xll wll"
)
_MACRO_ENDINGS = "docm dotm xlsm xltm xlam pptm potm ppam ppsm sldm one onepkg"
_PAGE_ENDINGS = "html htm xhtml shtml mht mhtml svg xml xsl"
_PROGRAMS, _MACROS, _PAGES = (
    frozenset(endings.split()) for endings in (_PROGRAM_ENDINGS, _MACRO_ENDINGS, _PAGE_ENDINGS)
)
_PROGRAM_TYPES = ("application/x-msdownload", "application/x-executable", "application/x-sh", "application/x-dosexec",
                  "application/x-ms-shortcut", "application/java-archive", "application/x-desktop", "text/javascript",
                  "application/javascript", "application/hta")  # fmt: skip

_USUAL = {
    "pdf": "application/pdf", "png": "image/", "jpg": "image/", "jpeg": "image/", "gif": "image/", "webp": "image/",
    "txt": "text/", "csv": "text/", "ics": "text/calendar", "doc": "application/", "docx": "application/",
    "xls": "application/", "xlsx": "application/", "zip": "application/", "mp3": "audio/", "mp4": "video/",
}  # fmt: skip
"""What the type of a file with such a name begins with, where the sender's program knew it."""


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment with its content."""

    part: Part
    content: bytes
    charset: str = ""
    """As the sender named it, for text."""


def attached(raw: bytes, index: int) -> Attached:
    """The attachment that a Message lists as `index`. Raises NotFound."""
    part, content = attachment_bytes(raw, index)
    entity, _ = contents(outline(raw[:MESSAGE_LIMIT])).attachments[index - 1]
    return Attached(part, content, entity.parameters.get("charset", ""))


def danger(part: Part, content: bytes = b"") -> SafeText:
    """What opening it may do, in a few words; empty when it is as harmless as a file can be."""
    name = part.filename.casefold().rstrip(" .")
    endings = name.split(".")[1:]
    last, kind = endings[-1] if endings else "", part.content_type.casefold()
    if last in _PROGRAMS or kind.startswith(_PROGRAM_TYPES) or _is_program(content):
        double = f", though its name reads like a .{endings[-2]} file" if _misleads(endings) else ""
        return SafeText(f"This is a program{double}: opened, it can do anything that you can.")
    if last in _MACROS:
        return SafeText("This document may hold programs (macros).")
    if last in _PAGES:
        return SafeText("This is a page: a browser runs what is in it, and may fetch things that tell of you.")
    if (usual := _USUAL.get(last)) and not kind.startswith((usual, "application/octet-stream", "application/x-")):
        return safe_line(f"Its name ends in .{last}, and it calls itself {part.content_type}.")
    return SafeText("")


def _is_program(content: bytes) -> bool:
    return content.startswith((b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"))


def _misleads(endings: list[str]) -> bool:
    return len(endings) > 1 and 2 <= len(endings[-2]) <= 4 and endings[-2].isalnum() and not endings[-2].isdigit()
