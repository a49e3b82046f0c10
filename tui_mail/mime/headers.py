"""The header fields of a list row, read fast and from whatever a server hands over. Never raises.

Made for streaming a hundred thousand rows: most fields are plain ASCII and take the short way; only what is
folded, encoded or 8-bit pays for it. Imports nothing but its neighbours: every start of the program pays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui_mail.mime.addresses import parse_addresses
from tui_mail.mime.charsets import decode
from tui_mail.mime.dates import parse_date
from tui_mail.mime.kinds import kind_of
from tui_mail.mime.words import decode_words
from tui_mail.model import Address, HeaderFields
from tui_mail.text import SafeText, safe_line

BLOCK_LIMIT = 256 * 1024
"""Octets of header that are read."""

REFERENCES_LIMIT = 200
"""Most ancestors kept; the oldest and the newest matter to threading."""

_FOLD = re.compile(r"\r?\n(?=[ \t])|\r(?=[ \t])")
_END = re.compile(rb"\n\r?\n")
_MESSAGE_ID = re.compile(r"<[ \t]*([^<>\s]{1,998})[ \t]*>")
_BARE_ID = re.compile(r"[^<>\s,;()]{1,996}@[^<>\s,;()]{1,900}")
_CHARSET = re.compile(rb"""charset\*?\s*=\s*"?([\w.:+-]{1,40})""", re.IGNORECASE)
_MIXED = ("multipart/mixed", "application/", "image/", "audio/", "video/", "font/", "model/", "message/rfc822")


def parse_headers(block: bytes) -> HeaderFields:
    """The fields of a header block (unfolded or not, CRLF or LF, ended by a blank line or not)."""
    fields = header_texts(block)
    found: dict[str, str] = {}
    for name, value in fields:
        if name in found:
            if name in _LISTS:
                found[name] += ", " + value
            elif name == "from":
                found[name] = sender_text([found[name], value])
        else:
            found[name] = value
    get = found.get
    from_text = get("from", "")
    senders = parse_addresses(from_text) or text_as_sender(from_text)
    content_type = get("content-type", "").lower()
    message_id = get("message-id", "")
    return HeaderFields(
        parse_date(get("date", "")) if "date" in found else None,
        senders,
        parse_addresses(get("to", "")) if "to" in found else (),
        parse_addresses(get("cc", "")) if "cc" in found else (),
        parse_text(get("subject", "")),
        parse_message_id(message_id) if message_id else "",
        parse_references(get("references", ""), get("in-reply-to", "")),
        parse_text(get("list-id", "")) if "list-id" in found else SafeText(""),
        content_type.startswith(_MIXED),
        kind_of(found, senders, content_type),
    )


_LISTS = frozenset({"to", "cc", "references"})


def header_texts(block: bytes) -> list[tuple[str, str]]:
    """(lower-case name, unfolded text) of every field in order; undecoded, 8-bit bytes already made text."""
    return [(name.lower(), value) for name, value in named_texts(block)]


def named_texts(block: bytes) -> list[tuple[str, str]]:
    """(name as written, unfolded text) of every field in order."""
    if len(block) > BLOCK_LIMIT:
        block = block[:BLOCK_LIMIT]
    if end := _END.search(block):
        block = block[: end.start()]
    if block.isascii():
        text = block.decode("ascii")
    else:
        declared = _CHARSET.search(block)
        charset = declared[1].decode("latin-1") if declared else ""
        text = "\n".join([decode(line, "", charset) for line in block.split(b"\n")])
    if "\n " in text or "\n\t" in text or "\r " in text or "\r\t" in text:
        text = _FOLD.sub("", text)
    fields = []
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name and name[0] > " ":
            fields.append((name.rstrip(), value.strip()))
    return fields


def parse_text(text: str) -> SafeText:
    """An unstructured field such as Subject, decoded, on one line."""
    if "=?" in text:
        text = decode_words(text)
    return safe_line(text)


def parse_message_id(text: str) -> str:
    """Without angle brackets, printable; empty when there is none."""
    if (found := _MESSAGE_ID.search(text)) or (found := _BARE_ID.search(text)):
        return safe_line(found[found.lastindex or 0])
    return safe_line(text.strip("<> \t"), 998)


def parse_references(references: str, in_reply_to: str) -> tuple[str, ...]:
    """Ancestors, oldest first, each once; In-Reply-To last unless References names it."""
    if not references and not in_reply_to:
        return ()
    ids = _MESSAGE_ID.findall(references)
    if not ids and references:
        ids = _BARE_ID.findall(references)
    if in_reply_to and (parents := _MESSAGE_ID.findall(in_reply_to)) and parents[0] not in ids:
        ids.append(parents[0])
    if len(ids) > REFERENCES_LIMIT:
        ids = ids[:1] + ids[1 - REFERENCES_LIMIT :]
    return tuple(dict.fromkeys([safe_line(one) for one in ids]))


def sender_text(written: Sequence[str]) -> str:
    """The From field that counts when there are several: the first that holds an address, else the first."""
    for text in written[:20]:
        if any(one.email for one in parse_addresses(text)):
            return text
    return written[0] if written else ""


def text_as_sender(text: str) -> tuple[Address, ...]:
    """A From field that holds no address at all, as a name: its words must still be seen."""
    shown = parse_text(text)
    return (Address(shown, SafeText("")),) if shown.strip() else ()
