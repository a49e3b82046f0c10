"""Messages that were found by a generator to cost more than they should: they open, and not as raw text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tui_mail.mime.worker import ParserProcess

HEAD = b"From: a@b.test\r\nSubject: x\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
TABLE = b"<table><tr><td>a<td>b<tr><td>c<td>d</table>" * 30
FLOWED = b"Content-Type: text/plain; format=flowed\r\n\r\n"
COSTLY = {
    "options that close nothing": HTML + b"<select>" + b"<option>x" * 90_000,
    "ends in comments": HTML + b"<div><!--</div>-->" * 40_000,
    "a tag out of the middle of a tag": HTML + b"<div>" * 1_200 + b"<di<b>v>" * 40_000,
    "tags without an end": HTML + b"<a" * 499_000,
    "rules of no style": HTML + b"<style>" + b"a{}" * 99_000 + b"</style>hello",
    "commas for senders": b"From: " + b"," * 250_000 + b"\r\nSubject: x\r\n\r\nhello\r\n",
    "signs of nobody": b"From: " + b"@" * 250_000 + b"\r\nSubject: x\r\n\r\nhello\r\n",
    "groups of nobody": HEAD + b"To: " + b";" * 250_000 + b"\r\n\r\nhello\r\n",
    "lines that flow": HEAD + FLOWED + b"> a \n>> b \n" * 80_000,
    "900 pages": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + (b"--b\r\nContent-Type: text/html\r\n\r\n" + TABLE + b"\r\n") * 900
    + b"--b--\r\n",
}


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(seconds=60.0) as process:
        yield process


@pytest.mark.parametrize("raw", COSTLY.values(), ids=COSTLY.keys())
def test_it_opens(parser: ParserProcess, raw: bytes) -> None:
    """The process, which has five seconds of computing for each, is alive behind it."""
    message = parser.parse(raw)
    assert parser.pid
    assert not any("raw text" in str(words) for words in message.warnings)
