"""What a person types as recipients: read, refused in words, and written back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import UsageError
from tui_mail.mime.recipients import (
    Parsed,
    Typed,
    ascii_domain,
    clean_name,
    email_for_server,
    parse_recipients,
    unicode_domain,
    write_address,
)

ANNA = Typed("Anna Berg", "anna@example.org")
OLA = Typed("", "ola@example.net")


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", ()),
        (" , ;; ", ()),
        ("ola@example.net", (OLA,)),
        ("<ola@example.net>", (OLA,)),
        ("Anna Berg <anna@example.org>, ola@example.net", (ANNA, OLA)),
        ("Anna Berg <anna@example.org>; ola@example.net;", (ANNA, OLA)),
        ("ola@example.net,", (OLA,)),
        ("Anna Berg anna@example.org", (ANNA,)),
        ("anna@example.org (Anna Berg)", (ANNA,)),
        ("Anna (at home (really)) Berg <anna@example.org>", (ANNA,)),
        ('"Berg, Anna" <anna@example.org>', (Typed("Berg, Anna", "anna@example.org"),)),
        (r'"Anna \"B\" \\ Berg" <anna@example.org>', (Typed(r'Anna "B" \ Berg', "anna@example.org"),)),
        ('"boss@example.com" <anna@example.org>', (Typed("boss@example.com", "anna@example.org"),)),
        ("Friends: Anna Berg <anna@example.org>, ola@example.net;", (ANNA, OLA)),
        ("undisclosed-recipients:;", ()),
        ("mailto:ola@example.net", (OLA,)),
        ("José Núñez <jose@example.org>", (Typed("José Núñez", "jose@example.org"),)),
        ("jøran@example.org", (Typed("", "jøran@example.org"),)),
        ("anna@bücher.example", (Typed("", "anna@bücher.example"),)),
        ('"a b"@example.org', (Typed("", '"a b"@example.org'),)),
        ("root@localhost", (Typed("", "root@localhost"),)),
        ("x@[192.0.2.1], y@[IPv6:2001:db8::1]", (Typed("", "x@[192.0.2.1]"), Typed("", "y@[IPv6:2001:db8::1]"))),
        ("a..b.@docomo.example", (Typed("", "a..b.@docomo.example"),)),
        ("=?utf-8?q?x?= <ola@example.net>", (Typed("=?utf-8?q?x?=", "ola@example.net"),)),
    ],
)
def test_what_is_read(text: str, addresses: tuple[Typed, ...]) -> None:
    """Each way of writing an address that people use."""
    assert parse_recipients(text) == Parsed(addresses)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ola@", '"ola@" is no address'),
        ("Ola", '"Ola" is no address'),
        ("@example.org", '"@example.org" is no address'),
        ("a@b c@d", '"a@b c@d" is no address'),
        ("boss@example.com <evil@x.test> more", '"boss@example.com <evil@x.test> more" is no address'),
        ("<a@example.org> <b@example.org>", '"<a@example.org> <b@example.org>" is no address'),
        ('"Anna <anna@example.org>', '""Anna <anna@example.org>" is no address'),
        ("Anna <anna@example.org", '"Anna <anna@example.org" is no address'),
        ("Anna (home <anna@example.org>", '"Anna (home <anna@example.org>" is no address'),
        ("a@x.org\r\nBcc: evil@y.org", '"a@x.org Bcc: evil@y.org" is no address'),
        ("a@x.org\x00b", '"a@x.org b" is no address'),
        ("a@-x.org", '"a@-x.org" is no address'),
        ("a@x..org", '"a@x..org" is no address'),
        ("a@\u202ex.org", '"a@x.org" is no address'),
        ("a@" + "x" * 64 + ".org", '"a@' + "x" * 58 + '" is no address'),
        ("x" * 65 + "@example.org", '"' + "x" * 60 + '" is no address'),
    ],
)
def test_what_is_refused(text: str, problem: str) -> None:
    """The sentence repeats what was typed, on one line; nothing of it becomes an address."""
    assert parse_recipients(text) == Parsed((), (problem,))


def test_good_ones_are_read_beside_bad_ones() -> None:
    """The composer shows both."""
    parsed = parse_recipients("ola@example.net, Ola, ola@, Ola")
    assert parsed == Parsed((OLA,), ('"Ola" is no address', '"ola@" is no address'))


@pytest.mark.parametrize(
    ("domain", "ascii_form"),
    [
        ("example.org", "example.org"),
        ("Example.ORG", "Example.ORG"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("日本。jp", "xn--wgv71a.jp"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("💌.example", "xn--rr8h.example"),
        ("a b.example", None),
        ("a\u200db.example", None),
        ("ä" * 60 + ".example", None),
        ("", None),
        (".", None),
        ("[1.2.3.4]", "[1.2.3.4]"),
        ("[evil]", None),
    ],
)
def test_domains_for_servers(domain: str, ascii_form: str | None) -> None:
    """A-labels of IDNA 2008: ß stays ß, because straße and strasse are two owners."""
    assert ascii_domain(domain) == ascii_form


def test_domains_for_people() -> None:
    """What decodes to something else than it claims stays as it is."""
    assert unicode_domain("xn--bcher-kva.example") == "bücher.example"
    assert unicode_domain("xn--\x1b.example") == "xn--\x1b.example"
    assert unicode_domain("xn--a.example") == "xn--a.example"


def test_for_the_server() -> None:
    """The domain encoded, a local part that is no dot-atom quoted, a wrong one refused."""
    assert email_for_server("jøran@bücher.example") == "jøran@xn--bcher-kva.example"
    assert email_for_server("a..b@docomo.example") == '"a..b"@docomo.example'
    with pytest.raises(UsageError, match="is no address"):
        email_for_server("a@b\r\nRCPT TO:<evil@x>")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "a@example.org"),
        ("Anna Berg", "Anna Berg <a@example.org>"),
        ("Berg, Anna", '"Berg, Anna" <a@example.org>'),
        ("J. Berg", '"J. Berg" <a@example.org>'),
        ("Núñez", "Núñez <a@example.org>"),
        ("Núñez; José", '"Núñez; José" <a@example.org>'),
        ("Anna\r\nBcc: x@y", '"Anna Bcc: x@y" <a@example.org>'),
    ],
)
def test_written_as_people_type(name: str, written: str) -> None:
    """Quotes only where they are needed."""
    assert write_address(name, "a@example.org") == written


@given(st.lists(st.tuples(st.text(max_size=30), st.sampled_from(["a@b.org", '"x y"@b.org', "ø@b.org", "a@[1.2.3.4]"]))))
def test_round_trip(people: list[tuple[str, str]]) -> None:
    """Whatever a name holds, it comes back, and nobody is added."""
    text = ", ".join(write_address(name, email) for name, email in people)
    expected = tuple(Typed(clean_name(name), email) for name, email in people)
    assert parse_recipients(text) == Parsed(expected)


@given(st.text(alphabet='ab@.<>()",;:\\[] \r\n\x00é', max_size=60))
def test_no_control_character_passes(text: str) -> None:
    """What was read could stand in a header and in an SMTP command."""
    for one in parse_recipients(text).addresses:
        assert (one.name + one.email).isprintable()
        assert "\n" not in email_for_server(one.email)


@pytest.mark.parametrize(
    "text", ["(" * 200_000, "<" * 200_000, '"' * 200_001, "a@b," * 20_000, '<"' * 100_000, "[" * 200_000]
)
def test_floods_take_no_time(text: str) -> None:
    """Linear, whatever is pasted."""
    started = time.perf_counter()
    parse_recipients(text)
    assert time.perf_counter() - started < 15
