"""The answers to FETCH, message by message, while they arrive.

Header rows are the product's hottest path: one regular expression and one slice per message, straight from the
wire's buffer, as long as the server answers in the order that was asked; anything else goes the general way.
A message that cannot be read is left out, and so is one that was not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui_mail.net.dates import internaldate
from tui_mail.net.replies import (
    FlagUpdate,
    HeaderRow,
    Malformed,
    Value,
    fetched,
    flag_list,
    flags_of,
    number_of,
    row_of,
    untagged,
)
from tui_mail.net.sets import LAST_UID, UidSet
from tui_mail.net.talk import Conversation, Take
from tui_mail.net.wire import Pieces

HEADER_ITEMS = (
    b"BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE"
    b" PRECEDENCE AUTO-SUBMITTED LIST-UNSUBSCRIBE-POST)]"
)
HEADER_LIMIT = 256 * 1024
"""Octets of a header that are kept; what is beyond is an attack or a mailing to thousands."""

_ROW = re.compile(
    rb'\* (\d{1,10}) FETCH \(UID (\d{1,10}) FLAGS \(([^()\r\n]*)\) INTERNALDATE "([^"\r\n]*)" RFC822\.SIZE (\d{1,18})'
    rb"(?: MODSEQ \((\d{1,18})\))?(?: EMAILID \((?!NIL\))([A-Za-z0-9_-]{1,255})\))?"
    rb" BODY\[HEADER\.FIELDS \([^)\r\n]*\)\] \{(\d{1,6})\}\r\n"
)
_FLAGS = re.compile(rb"\* \d{1,10} FETCH \(UID (\d{1,10}) FLAGS \(([^()\r\n]*)\)(?: MODSEQ \((\d{1,18})\))?\)\r\n")


def header_rows(
    talk: Conversation, tag: bytes, asked: UidSet, first: int = 1, last: int = LAST_UID
) -> Iterator[HeaderRow]:
    """Rows of UIDs in `asked` and sequence numbers from `first` to `last`; each UID once."""
    wire = talk.wire
    buffer, match_row = wire.buffer, _ROW.match
    low, high = (asked.ranges[0][0], asked.ranges[-1][1]) if asked else (1, 0)
    dense = len(asked.ranges) == 1
    seen: set[int] = set()
    while True:
        match = match_row(buffer, wire.position)
        if match is not None:
            start = match.end()
            end = start + int(match[8])
            if end - start <= HEADER_LIMIT:
                if len(buffer) < end + 3:
                    wire.need(end + 3 - wire.position)
                    continue
                if buffer[end : end + 3] == b")\r\n":
                    wire.position = end + 3
                    uid = int(match[2])
                    known = low <= uid <= high and (dense or uid in asked)
                    if known and uid not in seen and first <= int(match[1]) <= last:
                        seen.add(uid)
                        flags, keywords = flag_list(match[3])
                        yield HeaderRow(
                            uid,
                            flags,
                            keywords,
                            internaldate(match[4]),
                            int(match[5]),
                            int(match[6] or 0),
                            bytes(buffer[start:end]),
                            f"id:{match[7].decode()}" if match[7] else "",
                        )
                    continue
        if not wire.has_line():
            wire.fill()
            continue
        pieces = wire.receive(HEADER_LIMIT)
        found = _row(pieces)
        if found is None:
            if talk.completes(pieces, tag):
                return
            continue
        number, row = found
        if row is not None and row.uid in asked and row.uid not in seen and first <= number <= last:
            seen.add(row.uid)
            yield row


def flag_updates(talk: Conversation, tag: bytes, asked: UidSet, take: Take) -> Iterator[FlagUpdate]:
    """Flags of UIDs in `asked`; everything else goes to `take`, or is kept as an event."""
    wire = talk.wire
    buffer, match_flags = wire.buffer, _FLAGS.match
    while True:
        match = match_flags(buffer, wire.position)
        if match is not None and int(match[1]) in asked:
            wire.position = match.end()
            yield FlagUpdate(int(match[1]), *flag_list(match[2]), int(match[3] or 0))
            continue
        if not wire.has_line():
            wire.fill()
            continue
        pieces = wire.receive()
        update = _update(pieces)
        if update is not None and update.uid in asked:
            yield update
        elif talk.completes(pieces, tag, take):
            return


def whole_messages(talk: Conversation, tag: bytes, asked: UidSet, limit: int) -> Iterator[tuple[int, bytes]]:
    """UID and octets of each message in `asked`, once; one that is longer than `limit` octets is left out."""
    seen: set[int] = set()
    while True:
        pieces = talk.wire.receive(limit + 1)
        items = _items(pieces)
        body = items[1].get("BODY[]") if items else None
        if items is None or not isinstance(body, bytes):
            if talk.completes(pieces, tag):
                return
            continue
        uid = number_of(items[1].get("UID"), LAST_UID)
        if uid in asked and uid not in seen and len(body) <= limit:
            seen.add(uid)
            yield uid, body


def _items(pieces: Pieces) -> tuple[int, dict[str, Value]] | None:
    """Sequence number and items of a FETCH response; no items when it is broken; None for every other response."""
    try:
        kind, number, rest = untagged(pieces)
    except Malformed:
        return None
    if kind != "FETCH":
        return None
    try:
        return number, fetched(rest)
    except Malformed:
        return number, {}


def _row(pieces: Pieces) -> tuple[int, HeaderRow | None] | None:
    """Like `_items`, for a response that holds a header or is broken; None leaves it to others."""
    items = _items(pieces)
    if items is None or (items[1] and not any(key.startswith("BODY[") for key in items[1])):
        return None
    return items[0], row_of(items[1]) if items[1] else None


def _update(pieces: Pieces) -> FlagUpdate | None:
    items = _items(pieces)
    return flags_of(items[1]) if items else None
