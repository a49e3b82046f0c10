"""The page for a browser: nothing in it runs, fetches or sends."""

from __future__ import annotations

import re

import pytest

from tui_mail.client.pages import asked_hosts, page
from tui_mail.errors import UsageError
from tui_mail.mime.parse import parse_message

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def message(html: str) -> bytes:
    """HTML with one picture of its own."""
    return (
        "From: Eve <eve@evil.example>\r\nSubject: <b>&x</b>\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
        "--b\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{PNG}\r\n--b--\r\n"
    ).encode()


HOSTILE = [
    "<script>fetch('https://t.example/')</script>",
    "<img src=x onerror=alert(1)>",
    '<img src="https://t.example/p.gif">',
    '<img srcset="https://t.example/p.gif 2x">',
    '<div style="background:url(https://t.example/p.gif)">x</div>',
    '<div style="background:u\\72l(https://t.example/p.gif)">x</div>',
    '<table background="https://t.example/p.gif"><tr><td>x</table>',
    "<style>@import 'https://t.example/x.css'; p{color:red}</style>",
    "<style>p{background:url(//t.example/p.gif)}</style>",
    '<link rel=stylesheet href="https://t.example/x.css">',
    '<link rel=prefetch href="https://t.example/x">',
    '<meta http-equiv=refresh content="0;url=https://t.example/">',
    '<base href="https://t.example/">',
    '<iframe src="https://t.example/"></iframe>',
    '<object data="https://t.example/x"></object><embed src="https://t.example/x">',
    '<video poster="https://t.example/p.gif"><source src="https://t.example/v.mp4"></video>',
    '<svg><image href="https://t.example/p.gif"/><script>x</script></svg>',
    '<form action="https://t.example/"><input type=image src="https://t.example/p.gif"></form>',
    '<a href="javascript:alert(1)" ping="https://t.example/">x</a>',
    '<body background="https://t.example/p.gif" onload=alert(1)>',
    "<noscript><img src='https://t.example/p.gif'></noscript>",
    "<math><mtext><table><mglyph><style><img src='https://t.example/p.gif'></style></mglyph></table></mtext></math>",
    "<style><!--</style><img src='https://t.example/p.gif'>--></style>",
    "<title><img src='https://t.example/p.gif'></title>",
    "<textarea><img src='https://t.example/p.gif'></textarea>",
    '<img alt="a>" src="https://t.example/p.gif">',
    "<img/src='https://t.example/p.gif'/onerror=alert(1)>",
    '<p class="x" style="a:b;-moz-binding:url(https://t.example/x)">x</p>',
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!--[if mso]><v:fill src='https://t.example/p.gif'/><![endif]-->",
]


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_of_the_senders_runs_or_is_fetched(html: str) -> None:
    """What is not on the list of allowed things is gone from the file itself; the policy is only the second lock."""
    made = page(message(html), remote=False).decode()
    body = made.partition("<body>")[2]
    assert "t.example" not in re.sub(r">[^<]*<", "><", body), body
    assert not re.search(r"<(script|iframe|object|embed|form|input|link|meta|base|svg|math|video|body)\b", body, re.I)
    assert not re.search(r"<[^>]*\son\w+\s*=", body, re.I)
    assert "javascript:" not in body
    assert "default-src 'none'" in made


def test_text_links_and_pictures_of_its_own_stay() -> None:
    """A letter is still a letter, and a link tells nobody where it was read."""
    html = '<p style="color:red">Hi <b>Anna</b> <a href="https://a.example/?x=1&amp;y=2">here</a>'
    html += '<img src="cid:p1" alt=pic></p>'
    made = page(message(html), remote=False).decode()
    assert '<p style="color:red">Hi <b>Anna</b>' in made
    assert 'href="https://a.example/?x=1&amp;y=2"' in made
    assert "noreferrer" in made
    assert f'src="data:image/png;base64,{PNG}"' in made
    assert "<title>&lt;b&gt;&amp;x&lt;/b&gt;</title>" in made


def test_pictures_from_elsewhere_are_there_only_when_asked_for() -> None:
    """And then only pictures."""
    html = '<img src="//t.example/p.gif"><script src="https://t.example/x.js"></script>'
    made = page(message(html), remote=True).decode()
    assert '<img src="https://t.example/p.gif">' in made
    assert "x.js" not in made
    assert "img-src data: https: http:" in made


def test_who_would_be_asked_is_named() -> None:
    """Pictures, style sheets, backgrounds; no control character in a name."""
    html = (
        '<img src="https://a.example/1"><img src="https://a.example/2"><div style="background:url(//b.example/x)">'
        '<img src="https://user@c.exam&#27;ple/">'
    )
    found = dict(asked_hosts(message(html)))
    assert found["a.example"] == 2
    assert found["b.example"] == 1
    assert not any("\x1b" in host for host in found)


def test_what_was_recognised_as_a_tracker_is_never_asked() -> None:
    """Also with pictures from elsewhere; who is asked for nothing else is not named."""
    html = (
        '<img src="https://shop.example/banner.png" width=600><img src="https://shop.example/1" height="1px">'
        '<img src="https://track.example/1" width="1" height="1"><img style="width:0" src="//track.example/2">'
    )
    made = page(message(html), remote=True).decode()
    assert "shop.example/banner.png" in made
    assert "shop.example/1" not in made
    assert "track.example" not in made
    assert parse_message(message(html)).trackers == 3
    assert asked_hosts(message(html)) == [("shop.example", 1)]


def test_nobody_hides_who_is_asked() -> None:
    """What reads as a tracker in one way and as a picture in another is named where it is asked."""
    html = (
        '<img src="https://cdn.example/x"><img src="https://evil.example/r"><img src=="https://other.example/r">'
        '<img width=1 src=="https://evil.example/a"><img width=1 src="https://other.example/b">'
    )
    named = dict(asked_hosts(message(html)))
    fetched = page(message(html), remote=True).decode()
    assert all(host in named for host in ("cdn.example", "evil.example", "other.example") if host in fetched)
    assert "evil.example" in fetched


def test_a_message_without_html_has_no_page() -> None:
    """It says so."""
    with pytest.raises(UsageError):
        page(b"Subject: x\r\n\r\ntext", remote=False)


@pytest.mark.parametrize(
    "html", ["<" * 300_000, "<!--" * 100_000, "<div>" * 100_000, "<a " + "x=y " * 100_000 + ">", "<![" * 50_000]
)
def test_hostile_html_ends_in_time(html: str) -> None:
    """It is made, or refused with a sentence; another process has the trouble."""
    refused = ""
    try:
        page(message(html), remote=False)
    except UsageError as error:
        refused = error.sentence
    assert not refused or "Nothing was opened." in refused
