"""The header fields of a list row: fast, tolerant, not to be fooled."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.mime.addresses import parse_addresses
from tui_mail.mime.charsets import codec_of, decode
from tui_mail.mime.dates import parse_date
from tui_mail.mime.headers import parse_headers
from tui_mail.mime.words import decode_words
from tui_mail.text import is_safe

ORDINARY = (
    b"Date: Mon, 24 Nov 2025 02:30:55 +0100\r\nFrom: Anna Berg <anna@example.org>\r\n"
    b"To: Bob <bob@example.com>,\r\n Carl <carl@example.com>\r\nCc: dora@example.net\r\n"
    b"Subject: Re: The report\r\nMessage-ID: <3@example.org>\r\nIn-Reply-To: <2@example.org>\r\n"
    b"References: <1@example.org>\r\n\t<2@example.org>\r\nList-Id: News <news.example.org>\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
)


def test_an_ordinary_header() -> None:
    """Every field lands in its place."""
    fields = parse_headers(ORDINARY)
    assert fields.date == 1763947855
    assert [(one.name, one.email) for one in fields.from_] == [("Anna Berg", "anna@example.org")]
    assert [one.email for one in fields.to] == ["bob@example.com", "carl@example.com"]
    assert [one.email for one in fields.cc] == ["dora@example.net"]
    assert fields.subject == "Re: The report"
    assert fields.message_id == "3@example.org"
    assert fields.references == ("1@example.org", "2@example.org")
    assert fields.list_id == "News <news.example.org>"
    assert fields.has_attachments


def test_line_ends_and_missing_blank_lines_do_not_matter() -> None:
    """LF alone, no end, or a body behind it: the same fields."""
    lf = ORDINARY.replace(b"\r\n", b"\n")
    assert parse_headers(lf) == parse_headers(ORDINARY) == parse_headers(lf.rstrip())
    assert parse_headers(ORDINARY + b"Subject: from the body\r\n") == parse_headers(ORDINARY)


def test_an_empty_header() -> None:
    """Nothing is nothing."""
    fields = parse_headers(b"")
    assert (fields.date, fields.from_, fields.subject, fields.references) == (None, (), "", ())


@pytest.mark.parametrize(
    ("written", "name", "email"),
    [
        ("security@paypal.com <evil@x.test>", "security@paypal.com", "evil@x.test"),
        ('"security@paypal.com" <evil@x.test>', "security@paypal.com", "evil@x.test"),
        ('"<security@paypal.com>" <evil@x.test>', "<security@paypal.com>", "evil@x.test"),
        ("=?utf-8?q?a=40bank=2Ecom=2C_=3Cb=40bank=2Ecom=3E?= <evil@x.test>", "a@bank.com, <b@bank.com>", "evil@x.test"),
        ("<victim@bank.com<evil@x.test>>", "victim@bank.com", "evil@x.test"),
        ("(security@paypal.com) evil@x.test", "security@paypal.com", "evil@x.test"),
        ("<security@paypal.com> <evil@x.test>", "<security@paypal.com> <evil@x.test>", ""),
        ("<security@paypal.com evil@x.test>", "<security@paypal.com evil@x.test>", ""),
        ("<a@b@c>", "<a@b@c>", ""),
        ("security@paypal.com evil@x.test", "security@paypal.com evil@x.test", ""),
        ("=?utf-8?b?cG90dXNAZ292?==?utf-8?Q?=00?=@x.test", "", "=?utf-8?b?cG90dXNAZ292?==?utf-8?Q?=00?=@x.test"),
        ('"Berg, Anna" <anna@example.org>', "Berg, Anna", "anna@example.org"),
        (r'"Anna \"A\" Berg" <anna@example.org>', 'Anna "A" Berg', "anna@example.org"),
        ("anna@example.org (Anna Berg)", "Anna Berg", "anna@example.org"),
        ("Anna Berg anna@example.org", "Anna Berg", "anna@example.org"),
        ("Anna <@relay.example,@two.example:anna@example.org>", "Anna", "anna@example.org"),
        ("anna @ example.org", "", "anna@example.org"),
        ('"anna berg"@example.org', "", '"anna berg"@example.org'),
        ("<root>", "", "root"),
        ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete", "pete@silly.test"),
        ("=?utf-8?q?J=C3=B6rg?= <jörg@münchen.example>", "Jörg", "jörg@münchen.example"),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@example.org>', "Jörg", "j@example.org"),
        ('"unclosed <anna@example.org>', "unclosed", "anna@example.org"),
        ("Anna <anna@example.org", "Anna", "anna@example.org"),
        ("nobody in particular", "nobody in particular", ""),
    ],
)
def test_the_address_is_what_is_in_the_brackets(written: str, name: str, email: str) -> None:
    """A name cannot pass for an address, and what is ambiguous is no address."""
    (address,) = parse_addresses(written)
    assert (address.name, address.email) == (name, email)


def test_groups_are_dissolved() -> None:
    """Members count; an empty group is nobody; a colon without an end is only a colon."""
    assert [one.email for one in parse_addresses("Team: a@x, Bob <b@x>;, c@x")] == ["a@x", "b@x", "c@x"]
    assert parse_addresses("undisclosed-recipients:;") == ()
    assert parse_addresses("Foo: Bar <a@x>")[0].name == "Foo: Bar"


def test_a_malformed_sender_is_still_seen() -> None:
    """The words of a From line without an address are its name."""
    for written in (b"<>", b"(just a comment)", b"Friends:;"):
        (sender,) = parse_headers(b"From: " + written + b"\r\n\r\n").from_
        assert sender.name == written.decode()
        assert sender.email == ""


def test_of_several_senders_the_first_with_an_address_counts() -> None:
    """List and reader agree on one."""
    assert parse_headers(b"From: a@x\r\nFrom: b@x\r\n").from_[0].email == "a@x"
    assert parse_headers(b"From: nobody\r\nFrom: b@x\r\n").from_[0].email == "b@x"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?utf-8?B?Y2Fmw6k?= =?utf-8?B?IGJhcg==?=", "café bar"),
        ("=?utf-8?B?Y2Fmww==?=\t=?utf-8?B?qQ==?=", "café"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("a=?utf-8?q?b?=c", "abc"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=E9?=", "aé"),
        ("=?utf-8?q?What?_now?=", "What? now"),
        ("=?utf-8?q?with space?=", "with space"),
        ("=?utf-8*en?q?hi?=", "hi"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?ks_c_5601-1987?B?vsiz5w==?=", "안녕"),
        ("=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本"),
        ("=?unicode_escape?q?=5Cx1b?=", "\\x1b"),
        ("=?punycode?q?abc-?=", "abc-"),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("=?utf-8?x?what?=", "=?utf-8?x?what?="),
        ("1 =? 2", "1 =? 2"),
    ],
)
def test_encoded_words(written: str, meant: str) -> None:
    """As senders write them."""
    assert decode_words(written) == meant


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("Frösche".encode(), "Frösche"),
        ("Frösche".encode("latin-1"), "Frösche"),
        ("“quoted”".encode("cp1252"), "“quoted”"),
        (b"\x1b]0;title\x07x", "�]0;title�x"),
        (b"=?utf-8?q?=1B=5B31m=E2=80=AE?=", "�[31m�"),
        (b"one\r\n two", "one two"),
        (b"=?utf-8?q?one=0D=0ABcc=3A_x?=", "one Bcc: x"),
    ],
)
def test_subjects(raw: bytes, subject: str) -> None:
    """Raw 8-bit text is kept, terminals are not obeyed."""
    assert parse_headers(b"Subject: " + raw + b"\r\n\r\n").subject == subject


def test_raw_text_is_read_in_the_charset_of_the_message() -> None:
    """Korean senders leave their subjects raw."""
    block = b"Subject: " + "안녕하세요".encode("euc-kr") + b"\r\nContent-Type: text/plain; charset=euc-kr\r\n\r\n"
    assert parse_headers(block).subject == "안녕하세요"


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "undefined", "rot13", "base64", "hex", "mbcs", "../etc/passwd", "utf-8\0"]
)
def test_charsets_that_are_none(name: str) -> None:
    """The sender's word never reaches the codec machinery."""
    assert codec_of(name) is None
    assert decode(b"caf\xc3\xa9", name) == "café"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Mon, 24 Nov 2025 02:30:55 +0000", 1763951455),
        ("24 Nov 2025 02:30:55 GMT", 1763951455),
        ("Mon, 24 Nov 2025 02:30:55 +0000 (UTC (really))", 1763951455),
        ("Mon, 24 Nov 2025 2:30:55 -0500", 1763969455),
        ("Monday, 24-Nov-25 02:30:55 EST", 1763969455),
        ("Mon Nov 24 02:30:55 2025", 1763951455),
        ("2025-11-24T02:30:55Z", 1763951455),
        ("2025-11-24 03:30:55+01:00", 1763951455),
        ("Nov 24, 2025 2:30:55 AM", 1763951455),
        ("Mon, 24 Nov 2025 02:30 +0000", 1763951400),
        ("Thu, 1 Jan 1970 00:00:00 +0000", 0),
        ("Mon, 31 Feb 2025 02:30:55 +0000", None),
        ("Mon, 24 Nov 99999 02:30:55 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(text: str, seconds: int | None) -> None:
    """RFC 5322, its obsolete forms, ISO 8601 and asctime."""
    assert parse_date(text) == seconds


def test_references_keep_their_order_and_say_each_once() -> None:
    """In-Reply-To comes last unless it is among them."""
    assert parse_headers(b"References: <a@x> <b@x> <a@x>\r\nIn-Reply-To: <c@x>\r\n").references == ("a@x", "b@x", "c@x")
    assert parse_headers(b"In-Reply-To: your mail <c@x> of today\r\n").references == ("c@x",)
    assert parse_headers(b"In-Reply-To: Your message of Monday\r\n").references == ()


@given(st.binary(max_size=400))
@settings(database=None, max_examples=150, deadline=None)
def test_never_raises_and_is_always_safe(noise: bytes) -> None:
    """Whatever bytes a server sends."""
    fields = parse_headers(b"From: " + noise + b"\r\nSubject: " + noise + b"\r\nDate: " + noise + b"\r\n" + noise)
    texts = [fields.subject, fields.message_id, fields.list_id, *fields.references]
    texts += [text for one in (*fields.from_, *fields.to) for text in (one.name, one.email)]
    assert all(is_safe(text) for text in texts)


@pytest.mark.parametrize(
    "block",
    [
        b"From: " + b"," * 200_000, b"From: " + b'"' * 200_000, b"From: " + b"(" * 200_000, b"From: " + b"<" * 200_000,
        b"From: " + b'"\\' * 100_000, b"To: " + b"a@b.c," * 40_000, b"Subject: " + b"=?a?q?" * 40_000,
        b"Subject: " + b"=?utf-8?q?=41?= " * 16_000, b"References: " + b"<a@b> " * 40_000, b"X: y\r\n" * 40_000,
        b"Subject: =?punycode?q?" + b"a" * 200_000 + b"?=", b"From: " + b"a:" * 100_000 + b";",
    ],
)  # fmt: skip
def test_hostile_headers_cost_little(block: bytes) -> None:
    """Time grows with the length, whatever is repeated: four times as much takes less than ten times as long."""

    def seconds(octets: int) -> float:
        started = time.process_time()
        parse_headers(block[:octets] + b"\r\n\r\n")
        return time.process_time() - started

    quarter = min(seconds(len(block) // 4) for _ in range(3))
    assert min(seconds(len(block)) for _ in range(2)) < 10 * quarter + 0.2


def test_importing_it_is_cheap() -> None:
    """No parser library and no email package at start."""
    code = (
        "import sys, tui_mail.mime.headers;"
        "print([m for m in sys.modules if m.split('.')[0] in {'email', 'mailparser', 'selectolax'}])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
