"""Bytes → text by the charset a sender named, for the charsets we know and no others.

Python's codecs include machines that are no charsets (`punycode` is quadratic, `unicode_escape` makes
control characters, `undefined` raises), so the sender's word never reaches `codecs`: it is looked up here.
Decoding never fails and never drops a byte silently: what cannot be decoded becomes U+FFFD.
"""

from __future__ import annotations

_WINDOWS_1252 = {
    0x80 + i: character
    for i, character in enumerate("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ")
    if ord(character) != 0x80 + i
}
"""What browsers and mail clients read in the C1 range of anything called Latin-1."""

LATIN = "latin-1"
"""The codec name that stands for windows-1252 with the C1 gaps left as they are."""

_BY_CODEC = {
    "ascii": "us-ascii ascii ansi-x3.4-1968 ansi-x3.4-1986 ansi-x3.110-1983 iso646-us 646 us x-ascii",
    "utf-8": "utf-8 utf8 utf8mb4 u8 unicode-1-1-utf-8 x-unicode20utf8 cp65001 utf-8-sig utf8-bom",
    "utf-7": "utf-7 utf7 unicode-1-1-utf-7 x-unicode-2-0-utf-7",
    "utf-16": "utf-16 utf16 ucs-2 unicode iso-10646-ucs-2",
    "utf-16-le": "utf-16le utf-16-le",
    "utf-16-be": "utf-16be utf-16-be",
    "utf-32": "utf-32 utf32 ucs-4 iso-10646-ucs-4",
    "utf-32-le": "utf-32le utf-32-le",
    "utf-32-be": "utf-32be utf-32-be",
    LATIN: "iso-8859-1 iso8859-1 iso88591 latin1 latin-1 l1 cp819 ibm819 iso-ir-100 windows-1252 cp1252 x-cp1252 "
    "win-1252 ansi iso-8859-1-windows-3.1-latin-1 x-user-defined",
    "iso8859-2": "iso-8859-2 iso8859-2 latin2 latin-2 l2",
    "iso8859-3": "iso-8859-3 iso8859-3 latin3 latin-3",
    "iso8859-4": "iso-8859-4 iso8859-4 latin4 latin-4",
    "iso8859-5": "iso-8859-5 iso8859-5 cyrillic",
    "iso8859-6": "iso-8859-6 iso8859-6 iso-8859-6-i iso-8859-6-e arabic",
    "iso8859-7": "iso-8859-7 iso8859-7 greek",
    "iso8859-8": "iso-8859-8 iso8859-8 iso-8859-8-i iso-8859-8-e logical visual hebrew",
    "cp1254": "iso-8859-9 iso8859-9 latin5 latin-5 windows-1254 cp1254",
    "iso8859-10": "iso-8859-10 iso8859-10 latin6",
    "cp874": "iso-8859-11 iso8859-11 tis-620 tis620 windows-874 cp874",
    "iso8859-13": "iso-8859-13 iso8859-13 latin7",
    "iso8859-14": "iso-8859-14 iso8859-14 latin8",
    "iso8859-15": "iso-8859-15 iso8859-15 latin9 latin-9 l9",
    "iso8859-16": "iso-8859-16 iso8859-16 latin10",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "cp1253": "windows-1253 cp1253",
    "cp1255": "windows-1255 cp1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "cp437": "cp437 ibm437 437",
    "cp850": "cp850 ibm850 850",
    "cp852": "cp852 ibm852 852",
    "cp855": "cp855 ibm855 855",
    "cp858": "cp858 ibm00858",
    "cp862": "cp862 ibm862",
    "cp866": "cp866 ibm866 866 csibm866",
    "koi8-r": "koi8-r koi8 koi koi8r cskoi8r",
    "koi8-u": "koi8-u koi8-ru koi8u",
    "mac-roman": "macintosh mac x-mac-roman macroman x-macroman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian maccyrillic",
    "mac-greek": "x-mac-greek",
    "mac-turkish": "x-mac-turkish",
    "mac-latin2": "x-mac-ce x-mac-centraleurroman",
    "gb18030": "gb18030 gb2312 gb-2312-80 gb2312-80 gbk x-gbk cp936 windows-936 ms936 euc-cn euccn x-euc-cn chinese "
    "csgb2312 gb-2312",
    "hz": "hz-gb-2312 hz hz-gb",
    "cp950": "big5 big-5 big5-eten cn-big5 csbig5 x-x-big5 cp950 ms950",
    "big5hkscs": "big5-hkscs big5hkscs hkscs",
    "cp949": "euc-kr euckr ks-c-5601-1987 ks-c-5601-1989 ks-c-5601 ksc5601 ksc-5601 korean iso-ir-149 windows-949 "
    "cp949 uhc cseuckr 949",
    "iso2022-kr": "iso-2022-kr iso2022-kr csiso2022kr",
    "johab": "johab cp1361",
    "cp932": "shift-jis shift_jis sjis x-sjis s-jis ms-kanji windows-31j cswindows31j cp932 ms932 932",
    "euc-jp": "euc-jp eucjp x-euc-jp cseucpkdfmtjapanese",
    "iso2022-jp-ext": "iso-2022-jp iso2022-jp csiso2022jp iso-2022-jp-ms iso-2022-jp-ext iso-2022-jp-1 cp50220 cp50221 "
    "cp50222",
    "iso2022-jp-2": "iso-2022-jp-2",
}
_CODEC_OF = {alias.replace("_", "-"): codec for codec, names in _BY_CODEC.items() for alias in names.split()}

_LONGEST_NAME = 60


def codec_of(charset: str) -> str | None:
    """The codec for a charset as a sender spelled it (RFC 2231 language suffix allowed), None if unknown."""
    if len(charset) > _LONGEST_NAME:
        return None
    return _CODEC_OF.get(charset.partition("*")[0].strip(" \t\r\n\"'").lower().replace("_", "-"))


def decode(data: bytes, charset: str = "", otherwise: str = "") -> str:
    """Text of `data`; never raises.

    An unknown or wrong charset is replaced by UTF-8 when the bytes are that, then by `otherwise` (a second
    charset to try), then by windows-1252.
    """
    codec = codec_of(charset) if charset else None
    if codec is None or codec == "ascii":
        return _guess(data, otherwise)
    if codec == LATIN:
        return latin(data)
    try:
        return _without_mark(data.decode(codec))
    except (UnicodeError, ValueError):
        pass
    try:
        return _without_mark(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    try:
        return _without_mark(data.decode(codec, "replace"))
    except (UnicodeError, ValueError):
        return latin(data)


def forced(data: bytes, charset: str) -> str:
    """Text of `data` in a charset that a person chose, and in no other; never raises."""
    codec = codec_of(charset) or LATIN
    if codec == LATIN:
        return latin(data)
    try:
        return _without_mark(data.decode(codec, "replace"))
    except (UnicodeError, ValueError):
        return latin(data)


CHOICES = (
    ("utf-8", "Unicode"),
    ("windows-1252", "Western"),
    ("iso-8859-15", "Western with €"),
    ("windows-1250", "Central European"),
    ("iso-8859-2", "Central European, ISO"),
    ("windows-1251", "Cyrillic"),
    ("koi8-r", "Cyrillic, KOI8"),
    ("windows-1253", "Greek"),
    ("windows-1254", "Turkish"),
    ("windows-1255", "Hebrew"),
    ("windows-1256", "Arabic"),
    ("windows-1257", "Baltic"),
    ("windows-1258", "Vietnamese"),
    ("windows-874", "Thai"),
    ("gb18030", "Chinese, simplified"),
    ("big5", "Chinese, traditional"),
    ("shift_jis", "Japanese, Shift-JIS"),
    ("iso-2022-jp", "Japanese, ISO-2022"),
    ("euc-jp", "Japanese, EUC"),
    ("euc-kr", "Korean"),
    ("macintosh", "Western, Macintosh"),
    ("cp437", "DOS"),
    ("utf-16", "Unicode, 16 bits"),
)
"""What a person may choose when a text looks wrong: (charset, whose it is)."""


def latin(data: bytes) -> str:
    """`data` as windows-1252; the five gaps stay C1 controls, which safe text then marks."""
    text = data.decode("latin-1")
    return text if text.isascii() else text.translate(_WINDOWS_1252)


def _guess(data: bytes, otherwise: str) -> str:
    try:
        return _without_mark(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    codec = codec_of(otherwise) if otherwise else None
    if codec not in (None, "ascii", "utf-8", LATIN):
        try:
            return data.decode(codec)
        except (UnicodeError, ValueError):
            pass
    if _is_mostly_utf8(data):
        return data.decode("utf-8", "replace")
    return latin(data)


def _is_mostly_utf8(data: bytes) -> bool:
    """A text cut in the middle of a character, or with one damaged byte, is still UTF-8."""
    damage = data.decode("utf-8", "replace").count("\ufffd")
    high = sum(len(run) for run in data.translate(None, bytes(range(128))).split())
    return damage * 8 < high


def _without_mark(text: str) -> str:
    return text[1:] if text.startswith("\ufeff") else text
