"""What an attachment could do to who opens it, by its name, its type and its first octets.

Nothing is opened for that, and nothing that is not remarked on is thereby harmless.
"""

from __future__ import annotations

import re


def _endings(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PROGRAMS = _endings(
    "exe com scr pif bat cmd msi msp mst cpl hta js jse vbs vbe wsf wsh wsc ps1 psm1 psd1 jar lnk reg scf url inf "
    "gadget dll sys ocx xll application appref-ms ade adp mde chm hlp iso img vhd vhdx udf dmg pkg app apk aab ipa "
    "deb rpm snap flatpakref appimage command tool workflow desktop service one onepkg "
    "settingcontent-ms library-ms search-ms theme themepack diagcab msix msixbundle appx"
)
_SCRIPTS = _endings("sh bash zsh fish csh ksh run py pyc pyw pl rb php tcl lua ps")
_MACROS = _endings("docm dotm xlsm xltm xlam xlsb pptm ppam potm ppsm sldm odm")
_PAGES = _endings("html htm xhtml xht shtml mht mhtml svg svgz")
_HARMLESS_LOOKING = _endings("pdf doc docx xls xlsx ppt pptx odt ods txt jpg jpeg png gif mp3 mp4 csv rtf eml")
_HIDING = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_GAP = re.compile(r"\s{4,}")


def risk_of(filename: str, content_type: str, head: bytes) -> str:
    """Why opening it could do harm, as a clause that follows its name; empty when nothing is known against it.

    `filename` as the sender wrote it, unsafe; `head`: its first octets.
    """
    if _HIDING.search(filename):
        return "hides its real ending"
    stem, dot, ending = filename.rstrip(". ").lower().rpartition(".")
    ending = ending.strip() if dot else ""
    if ending in _PROGRAMS:
        pretended = stem.rpartition(".")[2].strip()
        if pretended in _HARMLESS_LOOKING or _GAP.search(filename):
            return f"is a program that calls itself {pretended.upper() or 'something else'}"
        return "is a program"
    if ending in _SCRIPTS:
        return "is a script"
    if _is_program(head):
        return "is a program, whatever its name says"
    if ending in _MACROS:
        return "can hold macros"
    if ending in _PAGES or content_type in {"text/html", "image/svg+xml", "application/xhtml+xml"}:
        return "is a web page, which can imitate a login"
    if head[:4] == b"PK\x03\x04" and len(head) > 7 and head[6] & 1:
        return "is locked, so that nobody could look into it on its way"
    return ""


def _is_program(head: bytes) -> bool:
    if head.startswith(
        (b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"L\0\0\0\x01\x14\x02\0")
    ):
        return True
    if head.startswith(b"MZ"):
        return len(head) < 32 or b"\0" in head[:32]
    return bool(re.match(rb"#! ?/\S{1,60}", head))
