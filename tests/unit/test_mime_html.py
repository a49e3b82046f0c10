"""HTML → Blocks: what a person would read, and nothing that was hidden from them."""

from __future__ import annotations

import time

import pytest

from tui_mail.mime.html import HtmlView, html_view
from tui_mail.mime.links import Links
from tui_mail.model import BlockKind
from tui_mail.text import is_safe


def view(html: str) -> tuple[HtmlView, Links]:
    """Rendered, with its links."""
    links = Links()
    return html_view(html, links), links


def texts(html: str) -> list[tuple[str, int, str]]:
    """Blocks as (kind, depth, text)."""
    return [
        (block.kind.value, block.depth, "".join(span.text for span in block.spans)) for block in view(html)[0].blocks
    ]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>one</p><p>two", [("text", 0, "one"), ("text", 0, "two")]),
        ("<div>a <b> b</b>\n c&nbsp;&nbsp;d</div>", [("text", 0, "a b c d")]),
        ("one <br> two<br/>three", [("text", 0, "one\ntwo\nthree")]),
        ("a<br><br><br><br>b", [("text", 0, "a\n\nb")]),
        ("<h2>Head</h2>body", [("heading", 0, "Head"), ("text", 0, "body")]),
        ("<ul><li>a<li>b<ol start=3><li>c</ol></ul>", [("item", 1, "• a"), ("item", 1, "• b"), ("item", 2, "3. c")]),
        (
            "x<blockquote>q<blockquote>r</blockquote></blockquote>",
            [("text", 0, "x"), ("quote", 1, "q"), ("quote", 2, "r")],
        ),
        ("<pre>a  b\n  c</pre>", [("pre", 0, "a  b\n  c")]),
        ("a<hr>b", [("text", 0, "a"), ("rule", 0, ""), ("text", 0, "b")]),
        ("<img src=cid:x alt='A cat'>", [("image", 0, "[A cat]")]),
        ("see <img src=x alt=logo> here", [("text", 0, "see [logo] here")]),
        ("<img src=x alt=dot width=1 height=1>text", [("text", 0, "text")]),
        ("<script>no</script><style>p{}</style><title>no</title><svg><text>no</text></svg>yes", [("text", 0, "yes")]),
        ("<!--[if mso]>no<![endif]-->yes", [("text", 0, "yes")]),
        ("", []),
    ],
)
def test_blocks(html: str, blocks: list[tuple[str, int, str]]) -> None:
    """Each element in the shape that a reader expects."""
    assert texts(html) == blocks


def test_a_table_of_data_is_a_grid() -> None:
    """Columns line up, also under wide characters."""
    html = "<table><tr><th>Item<th>Price</tr><tr><td>日本<td>5</tr><tr><td>Tea<td><a href=http://x.org>6</a></table>"
    rendered, links = view(html)
    assert [block.kind.value for block in rendered.blocks] == ["table"]
    assert "".join(span.text for span in rendered.blocks[0].spans) == "Item  Price\n日本  5\nTea   6"
    assert links.all()[0].url == "http://x.org"


def test_a_table_of_layout_is_not() -> None:
    """Cells are blocks; a short row stands on one line."""
    assert texts("<table><tr><td><p>left</p><p>more</p><td><div>right</div></table>") == [
        ("text", 0, "left"), ("text", 0, "more"), ("text", 0, "right"),
    ]  # fmt: skip
    assert texts("<table><tr><td>Total<td>5 €</table>") == [("text", 0, "Total  5 €")]


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display:none'>secret</div>", "<div style='DISPLAY : NONE !important'>secret</div>",
        "<div hidden>secret</div>", "<p style='visibility:hidden'>secret</p>", "<p style='opacity:0'>secret</p>",
        "<p style='max-height:0;overflow:hidden'>secret</p>", "<p style='font-size:0px'>secret</p>",
        "<p style='position:absolute;left:-9999px'>secret</p>", "<p style='text-indent:-9999px'>secret</p>",
        "<p style='mso-hide:all'>secret</p>", "<style>.x{display:none}</style><p class=x>secret</p>",
        "<style>p.x, #q {color:red; display:none}</style><p id=q>secret</p>",
        "<table><tr><td>a<td>b</tr><tr style='display:none'><td>secret<td>secret</table>",
    ],
)  # fmt: skip
def test_hidden_text_is_counted_and_not_shown(hidden: str) -> None:
    """It is there for filters, not for people."""
    rendered, _ = view(f"<p>seen</p>{hidden}<p>also seen</p>")
    kept = [block for block in rendered.blocks if block.kind is BlockKind.HIDDEN]
    shown = " ".join(span.text for block in rendered.blocks if block not in kept for span in block.spans)
    assert "secret" not in shown
    assert "also seen" in shown
    assert "secret" in kept[0].spans[0].text
    assert rendered.hidden >= 1


@pytest.mark.parametrize(
    "html",
    [
        "<div style='font-size:0'><p style='font-size:14px'>seen</p></div>",
        "<style>@media (max-width:600px){.x{display:none}}</style><p class=x>seen</p>",
        "<style>.x{display:none} .x{display:block}</style><p class=x>seen</p>",
        "<style>.x{display:none}</style><p class=x style='display:block'>seen</p>",
        "<p style='opacity:0.9;height:0'>seen</p>",
        "<div style='visibility:hidden'><p style='visibility:visible'>seen</p></div>",
    ],
)
def test_what_is_only_half_hidden_is_shown(html: str) -> None:
    """Nothing that a person would see is lost."""
    assert texts(html) == [("text", 0, "seen")]


def test_links_are_numbered_once_each() -> None:
    """With their words; anchors, relative addresses and data lead nowhere; scripts are never openable."""
    rendered, links = view(
        "<a href='https://x.org/1'>one <b>bold</b></a> <a href=' https://x.org/\n1'>again</a> <a href='#top'>top</a>"
        "<a href='/rel'>rel</a> <a href='javascript:alert(1)'>js</a> <a href='data:text/html,x'>data</a> http://y.org"
    )
    assert [(link.url, link.safe, link.text) for link in links.all()] == [
        ("https://x.org/1", True, "one bold"),
        ("javascript:alert(1)", False, "js"),
        ("http://y.org", True, ""),
    ]
    assert [(span.text, span.bold, span.link) for span in rendered.blocks[0].spans[:3]] == [
        ("one ", False, 1), ("bold", True, 1), (" ", False, 0),
    ]  # fmt: skip


def test_remote_images_are_counted() -> None:
    """Never fetched, also when they are invisible."""
    assert (
        view("<img src=http://t/1><img src='//t/2' width=1><img src=cid:3><img src='data:image/png;base64,AA'>")[
            0
        ].remote_images
        == 2
    )


def test_entities_make_no_control_characters() -> None:
    """Safety comes after rendering."""
    rendered, _ = view("<p>&#27;[31m&#8238;x&#x9b;&#0;<a href='http://x&#27;y'>l</a>")
    assert all(is_safe(span.text) for block in rendered.blocks for span in block.spans)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000, "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">", "<" * 500_000, "<!--" * 100_000,
        "<table><tr><td>" * 3_000, "<style>" + "a{" * 100_000, "<style>" + "/*" * 100_000, "&#27;" * 100_000,
        "<a href=http://x>" * 20_000, "\u200c" * 200_000, "<b>x</b>" * 50_000, "data:image/png;base64," * 20_000,
        "<p>" * 100_000, "<ul><li>" * 5_000,
    ],
)  # fmt: skip
def test_hostile_html_costs_little(html: str) -> None:
    """Limits hold before lexbor or the walk gets slow."""
    started = time.process_time()
    view(html + "end")
    assert time.process_time() - started < 5
