"""What an attachment could do to who opens it, by its name, its type and its first octets; the only judge of that.

Nothing is opened for that, and nothing that is not remarked on is thereby harmless.
"""

from __future__ import annotations

import re

from tui_mail.text import SafeText, safe_line


def _endings(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PROGRAMS = _endings(
    "exe com scr pif bat cmd msi msp mst cpl hta js jse vbs vbe ws wsf wsh wsc ps1 psm1 psd1 jar lnk reg scf url inf "
    "gadget dll sys ocx xll wll application appref-ms ade adp mde chm hlp iso img vhd vhdx udf dmg pkg app apk aab ipa "
    "deb rpm snap flatpakref appimage command tool workflow desktop service one onepkg run elf so dylib scpt xpi "
    "settingcontent-ms library-ms search-ms theme themepack diagcab msix msixbundle appx"
)
_SCRIPTS = _endings("sh bash zsh fish csh ksh py pyc pyw pl rb php tcl lua ps ipynb")
_MACROS = _endings("docm dotm xlsm xltm xlam xlsb pptm ppam potm ppsm sldm odm")
_PAGES = _endings("html htm xhtml xht shtml mht mhtml svg svgz xml xsl")
_PROGRAM_TYPES = ("application/x-msdownload", "application/x-executable", "application/x-dosexec", "application/hta",
                  "application/x-ms-shortcut", "application/java-archive", "application/x-desktop", "text/javascript",
                  "application/javascript", "application/vnd.microsoft.portable-executable")  # fmt: skip
_SCRIPT_TYPES = ("application/x-sh", "text/x-shellscript", "application/x-csh")
_PAGE_TYPES = frozenset({"text/html", "image/svg+xml", "application/xhtml+xml"})
_HARMLESS_LOOKING = _endings(
    "pdf doc docx xls xlsx ppt pptx odt ods txt jpg jpeg png gif bmp webp heic mp3 mp4 mov csv rtf eml zip ics vcf"
)
_USUAL = {
    "pdf": ("application/",), "png": ("image/",), "jpg": ("image/",), "jpeg": ("image/",), "gif": ("image/",),
    "webp": ("image/",), "txt": ("text/", "application/"), "csv": ("text/", "application/"),
    "ics": ("text/", "application/"), "doc": ("application/",), "docx": ("application/",), "xls": ("application/",),
    "xlsx": ("application/",), "zip": ("application/", "multipart/x-zip"), "mp3": ("audio/",),
    "mp4": ("video/", "audio/"),
}  # fmt: skip
"""What the type of a file with such a name begins with, where the sender's program knew it."""
_UNKNOWING = ("application/octet-stream", "application/x-", "application/force-download", "application/binary", "*/")
_HIDING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_GAP = re.compile(r"\s{4,}")
_MISNAMED = "calls itself "
_MEANINGS = {
    "can hold macros": ", which are programs.",
    "hides its real ending": ": its letters run the other way, so that it reads like a file of another kind.",
}


def risk_of(filename: str, content_type: str, head: bytes) -> str:
    """Why opening it could do harm, as a clause that follows its name; empty when nothing is known against it.

    `filename` as the sender wrote it, unsafe; `head`: its first octets.
    """
    if _HIDING.search(filename):
        return "hides its real ending"
    kind = content_type.casefold()
    stem, dot, ending = filename.rstrip(". ").casefold().rpartition(".")
    ending = ending.strip() if dot else ""
    if ending in _PROGRAMS:
        pretended = stem.rpartition(".")[2].strip()
        if pretended in _HARMLESS_LOOKING or _GAP.search(filename):
            return f"is a program that calls itself {pretended.upper() or 'something else'}"
        return "is a program"
    if ending in _SCRIPTS or kind.startswith(_SCRIPT_TYPES):
        return "is a script"
    if kind.startswith(_PROGRAM_TYPES):
        return "is a program"
    if _is_program(head):
        return "is a program, whatever its name says"
    if ending in _MACROS:
        return "can hold macros"
    if ending in _PAGES or kind in _PAGE_TYPES:
        return "is a web page, which can imitate a login"
    if head[:4] == b"PK\x03\x04" and len(head) > 7 and head[6] & 1:
        return "is locked, so that nobody could look into it on its way"
    usual = _USUAL.get(ending)
    if usual and "/" in kind and not kind.startswith((*usual, *_UNKNOWING)):
        return f"{_MISNAMED}{kind[:60]}, though its name ends in .{ending}"
    return ""


def is_only_misnamed(risk: str) -> bool:
    """Name and type do not fit each other; careless programs do that, too."""
    return risk.startswith(_MISNAMED)


def in_words(risk: str) -> SafeText:
    """What opening a file of this risk may do, as a sentence; empty when nothing is known against it."""
    if not risk:
        return SafeText("")
    if risk.startswith(("is a program", "is a script")):
        return safe_line(f"It {risk}: opened, it can do anything that you can.")
    if risk.startswith("is a web page"):
        return safe_line(f"It {risk}; a browser runs what is in it, and fetches things that tell of you.")
    if risk in _MEANINGS:
        return safe_line(f"It {risk}{_MEANINGS[risk]}")
    return safe_line(f"It {risk}.")


def _is_program(head: bytes) -> bool:
    if head.startswith(
        (b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"L\0\0\0\x01\x14\x02\0")
    ):
        return True
    if head.startswith(b"MZ"):
        return len(head) < 32 or b"\0" in head[:32]
    return bool(re.match(rb"#! ?/\S{1,60}", head))
