"""A message as lines."""

from __future__ import annotations

import time

import pytest

from tests.ui.test_row_text import ROW
from tui_mail.model import Address, Block, BlockKind, Link, Message, Part, Span
from tui_mail.sizes import size_label
from tui_mail.text import SafeText
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.document import Document
from tui_mail.ui.widgets.message_document import message_document, source_document, waiting_document
from tui_mail.ui.widgets.row_text import Calendar

TODAY = Calendar.at(time.time())
ME = frozenset({"anna@example.org"})
NOBODY: tuple[Address, ...] = ()


def message(*blocks: Block, **changes: object) -> Message:
    fields: dict[str, object] = {
        "date": 1_700_000_000,
        "from_": (Address(SafeText("Kirsten"), SafeText("kirsten@dahl.example")),),
        "sender": NOBODY,
        "to": (Address(SafeText("Anna Berg"), SafeText("anna@example.org")),),
        "cc": NOBODY,
        "bcc": NOBODY,
        "reply_to": NOBODY,
        "subject": SafeText("Keys"),
        "message_id": "x",
        "headers": ((SafeText("X-Odd"), SafeText("yes")),),
        "text": SafeText(""),
        "blocks": blocks,
        "attachments": (),
        "links": (),
    }
    return Message(**(fields | changes))  # type: ignore[arg-type]


def block(text: str, kind: BlockKind = BlockKind.TEXT, depth: int = 0, link: int = 0) -> Block:
    return Block(kind, (Span(SafeText(text), link=link),), depth)


def lines(document: Document, cells: int = 80) -> list[str]:
    document.lay_out(cells)
    document.ensure(1 << 30)
    return ["".join(text for text, _ in line) for line in document.lines]


def test_the_address_is_beside_the_name_and_me_is_me() -> None:
    """Who it is from, with the address; to whom, without ceremony."""
    shown = lines(message_document(message(block("Hi")), ROW, TODAY, ME))
    assert shown[0] == "Keys"
    assert shown[1].startswith("Kirsten <kirsten@dahl.example>")
    assert shown[2] == "to me"
    assert shown[-1] == "Hi"


def test_a_name_that_pretends_to_be_an_address_is_called_out() -> None:
    """The true address comes first."""
    liar = (Address(SafeText("security@paypal.example"), SafeText("collect@evil.example")),)
    shown = lines(message_document(message(from_=liar), None, TODAY, ME))
    assert shown[1].startswith("<collect@evil.example> calls itself “security@paypal.example”")


def test_answers_that_go_elsewhere_are_named() -> None:
    """Reply-To other than From."""
    elsewhere = (Address(SafeText(""), SafeText("other@evil.example")),)
    assert "answers go to other@evil.example" in lines(message_document(message(reply_to=elsewhere), None, TODAY, ME))


def test_deep_quotes_fold_and_unfold() -> None:
    """Quotes of quotes are one line until asked for."""
    quoted = [
        block("first", BlockKind.QUOTE, 1),
        block("old\nolder", BlockKind.QUOTE, 2),
        block("x", BlockKind.QUOTE, 3),
    ]
    document = message_document(message(block("Hi"), *quoted, block("Bye")), None, TODAY, ME)
    folded = lines(document)
    assert "▸ 3 earlier lines" in folded
    assert "│ first" in folded
    assert not any("older" in line for line in folded)
    document.unfolded = True
    assert "│ │ older" in lines(document)


def test_lines_are_no_wider_than_the_pane() -> None:
    """Prose, preformatted text and wide characters."""
    long = "word " * 60 + "東京" * 60 + " " + "x" * 300
    for kind in (BlockKind.TEXT, BlockKind.PRE, BlockKind.QUOTE, BlockKind.ITEM):
        shown = lines(message_document(message(block(long, kind, 1)), None, TODAY, ME), 50)
        assert max(width(line) for line in shown) <= 50


def test_attachments_images_and_warnings_are_said() -> None:
    """Between the header and the text."""
    parts = (Part(1, SafeText("boiler.pdf"), SafeText("application/pdf"), 240_512),)
    shown = lines(
        message_document(message(attachments=parts, remote_images=2, warnings=(SafeText("Damaged."),)), None, TODAY, ME)
    )
    assert "⚠ Damaged." in shown
    assert "2 remote images not loaded" in shown
    assert any("⎘ 1 boiler.pdf 241 kB" in line.replace("\N{NO-BREAK SPACE}", " ") for line in shown)


def test_more_attachments_than_are_named_are_counted() -> None:
    """Nothing is left out without a word; the key lists all of them."""
    parts = tuple(Part(at, SafeText(f"{at}.pdf"), SafeText("application/pdf"), 10) for at in range(1, 501))
    shown = message_document(message(attachments=parts), None, TODAY, ME, files_key="A")
    assert "and 460 more · A" in " ".join(lines(shown)).replace("\N{NO-BREAK SPACE}", " ")
    assert not any("more" in line for line in lines(message_document(message(attachments=parts[:40]), None, TODAY, ME)))


def test_nobody_is_named_twice() -> None:
    """In To and in Cc, under two addresses of one's own, or the same one."""
    anna, info, kari = (Address(SafeText(""), SafeText(f"{one}@example.org")) for one in ("ANNA", "info", "kari"))
    me = ME | {"info@example.org"}
    shown = lines(message_document(message(to=(anna, kari, info), cc=(kari, anna)), None, TODAY, me))
    assert shown[2] == "to me, kari@example.org"


def test_links_are_numbered() -> None:
    """The number is the one that the list of links shows."""
    linked = message(block("the map", link=1), links=(Link(SafeText("https://x.example"), True),))
    assert "the map\N{NO-BREAK SPACE}[1]" in lines(message_document(linked, None, TODAY, ME))


def test_all_headers() -> None:
    """On request."""
    assert "X-Odd: yes" in lines(message_document(message(), None, TODAY, ME, all_headers=True))
    assert "X-Odd: yes" not in lines(message_document(message(), None, TODAY, ME))


def test_source_shows_bytes_that_are_no_text() -> None:
    """Whatever was sent, with control characters made visible."""
    assert lines(source_document(b"Subject: \x1b[2J\xff\r\n\r\nHi")) == ["Subject: �[2Jÿ", "", "Hi"]


def test_what_the_list_knows_is_shown_while_waiting() -> None:
    """Subject and sender are there before the body is."""
    shown = lines(waiting_document(ROW, TODAY, ME, "Loading the message…"))
    assert shown[0] == "Keys"
    assert shown[-1] == "Loading the message…"


def test_a_long_message_is_wrapped_only_as_far_as_it_is_seen() -> None:
    """A megabyte of text costs nothing until somebody scrolls."""
    document = message_document(message(block("some words\n" * 100_000)), None, TODAY, ME)
    document.lay_out(80)
    document.ensure(50)
    assert 50 <= len(document.lines) < 2_000
    assert document.height() > 100_000


def test_sizes_for_people() -> None:
    """In powers of ten."""
    assert [size_label(n) for n in (812, 240_512, 2_100_000)] == ["812 B", "241 kB", "2.1 MB"]


def text_of(document: Document) -> str:
    return "".join("".join(text for text, _ in line) for line in document.lines)


@pytest.mark.parametrize("text", ["word " * 40_000, "x" * 200_000, "漢字かな" * 50_000, "mixed 漢字 words " * 15_000])
def test_a_paragraph_of_a_book_is_laid_out_piece_by_piece(text: str) -> None:
    """The first screen costs no more than it shows; nothing but spaces is lost, and no line is too wide."""
    shown = message_document(message(block(text)), None, TODAY, ME)
    shown.lay_out(60)
    shown.ensure(40)
    assert 40 <= len(shown.lines) < 3_000
    assert not shown.complete
    while not shown.complete:
        shown.advance(1_000)
    assert text.replace(" ", "") in text_of(shown).replace(" ", "")
    assert all(width("".join(text for text, _ in line)) <= 60 for line in shown.lines)


def test_a_paragraph_of_many_pieces_with_links() -> None:
    """Each run keeps its look wherever the lines break."""
    spans = tuple(Span(SafeText(f"w{number} "), link=number % 7) for number in range(5_000))
    links = tuple(Link(SafeText(f"https://a.example/{n}"), SafeText("a.example")) for n in range(7))
    shown = message_document(message(Block(BlockKind.TEXT, spans, 0), links=links), None, TODAY, ME)
    shown.lay_out(80)
    while not shown.complete:
        shown.advance(1_000)
    runs = [(text.strip(), look) for line in shown.lines for text, look in line]
    assert all((f"w{number}", "link" if number % 7 else "") in runs for number in (1, 7, 700, 4_999))
    numbers = [text.removeprefix("\N{NO-BREAK SPACE}") for text, look in runs if look == "number"]
    assert numbers == [f"[{number % 7}]" for number in range(5_000) if number % 7]
