"""What servers say, as plain values; and what is nonsense."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import ProtocolViolation
from tui_mail.model import Flag
from tui_mail.net.arguments import append_date
from tui_mail.net.dates import internaldate
from tui_mail.net.gathering import SelectFacts, personal_prefix
from tui_mail.net.replies import (
    ALL_FLAGS,
    FolderStatus,
    Malformed,
    StatusLine,
    event_of,
    fetched,
    flag_list,
    listed,
    number_of,
    row_of,
    status_of,
    values,
)
from tui_mail.net.sets import UidSet


def test_values_nest_as_parentheses_do() -> None:
    """Atoms, strings, NIL, lists and literals."""
    assert values([rb'a "b \"c\"" NIL (d (e)) "" (f ', b"lit (eral", b")"]) == [
        b"a",
        b'b "c"',
        None,
        [b"d", [b"e"]],
        b"",
        [b"f", b"lit (eral"],
    ]


def test_a_section_is_one_word() -> None:
    """The parentheses and spaces of BODY[HEADER.FIELDS (…)] belong to its name; a flag may hold a bracket."""
    items = fetched([b"(FLAGS (a[b \\Seen) BODY[HEADER.FIELDS (DATE TO)] ", b"Date: x\r\n\r\n", b" UID 4)"])
    assert items == {"FLAGS": [b"a[b", b"\\Seen"], "BODY[HEADER.FIELDS (DATE TO)]": b"Date: x\r\n\r\n", "UID": b"4"}


@pytest.mark.parametrize(
    "text", [b'"never ends', b"(", b")", b"(" * 100_000, b"()" * 100_001, b"(a))", b'a "b\\"', b"(" * 33 + b")" * 33]
)
def test_nonsense_is_malformed(text: bytes) -> None:
    """Unbalanced, unterminated, too deep and too much are refused, quickly."""
    with pytest.raises(Malformed):
        values([text])


@given(st.binary(max_size=200))
def test_reading_never_fails_otherwise(text: bytes) -> None:
    """Any octets are read, or Malformed, and nothing else."""
    for reader in (values, fetched, listed, status_of):
        try:
            reader([text])
        except Malformed:
            continue
    StatusLine.parse(text)
    internaldate(text)
    try:
        event_of([b"* " + text])
    except ProtocolViolation:
        assert b"VANISHED" in text.upper()


def test_a_row_in_any_order() -> None:
    """A server may answer in another order than asked."""
    pieces = [
        b"(BODY[HEADER.FIELDS (DATE)] ",
        b"Date: x\r\n\r\n",
        b' MODSEQ (7) INTERNALDATE "01-Jan-1970 00:00:10 +0000" RFC822.SIZE 12 FLAGS (\\Seen $Work) UID 9)',
    ]
    row = row_of(fetched(pieces))
    assert row is not None
    assert (row.uid, row.flags, row.keywords, row.internaldate, row.size, row.modseq) == (
        9, Flag.SEEN, ("$Work",), 10, 12, 7,
    )  # fmt: skip
    assert row.header == b"Date: x\r\n\r\n"


@pytest.mark.parametrize("uid", [b"0", b"-5", b"18446744073709551616", b"4294967296", b"x", b"NIL"])
def test_a_row_without_a_real_uid_is_none(uid: bytes) -> None:
    """Zero, negative and 2^64 name no message."""
    assert row_of(fetched([b"(UID %s FLAGS () BODY[HEADER] " % uid, b"x", b")"])) is None


def test_flags_and_keywords_are_told_apart() -> None:
    """System flags in any case; unknown system flags are nothing; keywords keep their case."""
    assert flag_list(b"\\SEEN \\flagged \\Recent $Label1 Todo") == (Flag.SEEN | Flag.FLAGGED, ("$Label1", "Todo"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (b"17-Jul-1996 02:44:25 -0700", datetime.datetime(1996, 7, 17, 9, 44, 25, tzinfo=datetime.UTC)),
        (b" 1-jan-2026 00:00:00 +0530", datetime.datetime(2025, 12, 31, 18, 30, tzinfo=datetime.UTC)),
        (b"31-Dec-1969 23:59:59 +0000", datetime.datetime(1969, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)),
    ],
)
def test_dates_become_seconds(text: bytes, moment: datetime.datetime) -> None:
    """Zones count, leading spaces and the case of the month do not."""
    assert internaldate(text) == int(moment.timestamp())


@pytest.mark.parametrize(
    "text", [b"", b"x", b"99-Jan-2020 00:00:00 +0000", b"1-Foo-2020 00:00:00 +0000", b"1-Jan-2020"]
)
def test_no_date_is_zero(text: bytes) -> None:
    """An unreadable date is the epoch, not an error."""
    assert internaldate(text) == 0


@given(st.integers(0, 4_000_000_000))
def test_dates_survive_an_append(when: int) -> None:
    """What we send as a date is read as the same second."""
    assert internaldate(append_date(when)) == when


def test_folders_are_listed() -> None:
    """Flags in lower case, NIL as no delimiter, numbers as names."""
    folder = listed([b'(\\HasNoChildren \\Sent) "/" "Sent &- more"'])
    assert (folder.name, folder.delimiter, folder.flags) == (
        "Sent & more",
        "/",
        frozenset({"\\hasnochildren", "\\sent"}),
    )
    assert (listed([b"() NIL 2024"]).name, listed([b"() NIL 2024"]).delimiter) == ("2024", "")
    assert listed([b'() "." ', b"a\r\nb", b""]).name.endswith("a\r\nb")


def test_status_is_counters() -> None:
    """Unknown items are skipped; absurd numbers are unknown."""
    assert status_of([b"&AMQ- (MESSAGES 3 UIDNEXT 99999999999 UNSEEN 1 MAILBOXID (\xdb\xff))"]) == (
        "Ä",
        FolderStatus(messages=3, unseen=1),
    )


def test_status_lines() -> None:
    """Code, its data and the words for people."""
    line = StatusLine.parse(b"OK [UIDNEXT 17] Predicted")
    assert line == StatusLine("OK", "UIDNEXT", b"17", "Predicted")
    assert StatusLine.parse(b"OK") == StatusLine("OK", "", b"", "")
    assert StatusLine.parse(b"NO [ALERT]") == StatusLine("NO", "ALERT", b"", "")
    assert StatusLine.parse(b"OKAY then") is None


def test_events() -> None:
    """What comes unasked says what changed; flags only with a UID."""
    seen = event_of([b"* 4 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (5))"])
    assert seen is not None
    assert seen.flags is not None
    assert (seen.kind, seen.flags.uid, seen.flags.modseq) == ("fetch", 9, 5)
    unknown = event_of([b"* 4 FETCH (FLAGS (\\Seen))"])
    assert unknown is not None
    assert unknown.flags is None
    gone = event_of([b"* VANISHED 3:5"])
    assert gone is not None
    assert gone.uids == UidSet.parse("3:5")
    assert event_of([b"* 4 FETCH (((("]) is None
    assert event_of([b"* GARBAGE"]) is None


def test_numbers_are_bounded() -> None:
    """A number is a number within its bounds, in or without parentheses."""
    assert number_of(b"5") == number_of([b"5"]) == 5
    assert number_of(b"6", most=5) == number_of(b"x") == number_of([b"1", b"2"]) == number_of(None) == 0


@pytest.mark.parametrize(
    ("told", "prefix"),
    [
        (b'(("INBOX." ".")) NIL (("shared." "."))', "INBOX."),
        (b'(("" "/")("#mh/" "/")) NIL NIL', ""),
        (b'(("&AOQ-/" "/" "X-PARAM" ("a" "b"))) NIL NIL', "ä/"),
        (b"NIL NIL NIL", ""),
        (b'(("INBOX." "."', ""),
    ],
)
def test_where_folders_are_by_namespace(told: bytes, prefix: str) -> None:
    """The first of one's own; what cannot be read is no prefix."""
    assert personal_prefix([told]) == prefix


@pytest.mark.parametrize(
    ("told", "changeable"),
    [
        (rb"(\Answered \Flagged \Deleted \Seen \Draft \*)", ALL_FLAGS),
        (rb"(\Seen \*)", Flag.SEEN),
        (rb"()", ALL_FLAGS),
    ],
)
def test_flags_that_stay(told: bytes, changeable: Flag) -> None:
    """PERMANENTFLAGS names them; an empty list names nothing, for READ-ONLY would have said it."""
    facts = SelectFacts()
    assert facts.take("OK", -1, [b"[PERMANENTFLAGS " + told + b"] Limited"])
    assert facts.changeable == changeable
