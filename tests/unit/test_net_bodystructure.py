"""What servers say of the parts of a message."""

from __future__ import annotations

import pytest

from tui_mail.net.bodystructure import structure_of
from tui_mail.net.replies import Malformed, values

TEXT = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 12 1 NIL NIL NIL NIL)'
FILE = b'("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 9000 NIL ("ATTACHMENT" ("FILENAME" "a.pdf")) NIL NIL)'


def told(text: bytes) -> list[tuple[str, str, str, int, bool]]:
    """Section, type, encoding, size of every part, and whether it is attached."""
    root = structure_of(values([text])[0])
    return [(one.section, one.content_type, one.encoding, one.octets, one.is_attached) for one in root.leaves()]


def test_sections_are_numbered_as_rfc_9051_says() -> None:
    """A message that is one part has part 1; parts of parts have numbers with dots."""
    assert told(TEXT) == [("1", "text/plain", "7bit", 12, False)]
    assert told(b'((%s%s "ALTERNATIVE")%s "MIXED" ("BOUNDARY" "x") NIL NIL)' % (TEXT, TEXT, FILE)) == [
        ("1.1", "text/plain", "7bit", 12, False),
        ("1.2", "text/plain", "7bit", 12, False),
        ("2", "application/pdf", "base64", 9000, True),
    ]


def test_an_attached_message_is_one_part() -> None:
    """What is inside of it belongs to it."""
    attached = b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 500 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (%s) 20)' % TEXT
    assert told(b'(%s%s "MIXED")' % (TEXT, attached))[1] == ("2", "message/rfc822", "7bit", 500, False)


@pytest.mark.parametrize(
    "text",
    [
        b"NIL",
        b"()",
        b'("TEXT")',
        b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" NIL 1)',
        b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" -5 1)',
        b'("TEXT" (NIL) NIL NIL NIL "7BIT" 5 1)',
        b"(%s%s)" % (TEXT, TEXT),
        b'(NIL "MIXED")',
        b'(%s "MIXED")' % (TEXT * 500),
    ],
)
def test_what_follows_no_grammar_is_not_believed(text: bytes) -> None:
    """It is none, and the whole message is fetched."""
    with pytest.raises(Malformed):
        structure_of(values([text])[0])
