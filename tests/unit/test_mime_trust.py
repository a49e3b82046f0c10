"""What speaks for and against a message: only facts, and only the person's own server about who sent it."""

from __future__ import annotations

import pytest

from tui_mail.mime.authentication import Verdict, finding_of, learnt, results_of, server_of
from tui_mail.mime.domains import are_related, host_of, is_deceptive, owner_of, shown_email
from tui_mail.mime.lies import named_host
from tui_mail.mime.parse import parse_message
from tui_mail.mime.risks import in_words, risk_of
from tui_mail.mime.trust import Known, trust_of
from tui_mail.model import Message, Severity

OWN = ("mx.me.example",)


def letter(*fields: str, body: str = "Hello", sender: str = "Anna <anna@bank.example>") -> Message:
    return parse_message("\n".join([f"From: {sender}", "To: me@me.example", *fields, "", body]).encode())


def kinds(message: Message, known: Known | None = None) -> dict[str, Severity]:
    return {one.kind: one.severity for one in trust_of(message, known or Known(servers=OWN))}


def verdict(*values: str, sender: str = "anna@bank.example", servers: tuple[str, ...] = OWN) -> Verdict:
    return finding_of([("Authentication-Results", value) for value in values], servers, [sender]).verdict


# --- authentication


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.me.example; dmarc=pass header.from=bank.example", Verdict.PASSED),
        ("mx.me.example 1; dkim=pass (2048-bit key; b=x) header.d=bank.example", Verdict.PASSED),
        ("mx.me.example; dkim=pass header.i=@mail.bank.example", Verdict.PASSED),
        ("mx.me.example; spf=pass smtp.mailfrom=bounce@bank.example", Verdict.PASSED),
        ('"mx.me.example" (comment); dmarc=fail (p=reject) header.from=bank.example; dkim=pass header.d=bank.example',
         Verdict.FAILED),
        ("mx.me.example; dkim=pass header.d=evil.example", Verdict.UNCONFIRMED),
        ("mx.me.example; dmarc=pass header.from=evil.example", Verdict.UNCONFIRMED),
        ("mx.me.example; spf=pass smtp.mailfrom=bank.example.evil.example", Verdict.UNCONFIRMED),
        ("mx.me.example (dmarc=pass header.from=bank.example); none", Verdict.UNCONFIRMED),
        ("mx.me.example; dkim=fail reason=\"dkim=pass header.d=bank.example\" header.d=bank.example",
         Verdict.UNCONFIRMED),
        ("mx.me.example; none", Verdict.UNCONFIRMED),
        ("mx.evil.example; dmarc=pass header.from=bank.example", Verdict.UNKNOWN),
        ("dmarc=pass header.from=bank.example", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)  # fmt: skip
def test_only_the_own_server_is_believed(value: str, expected: Verdict) -> None:
    assert verdict(value) is expected


def test_of_several_fields_the_topmost_of_the_own_server_counts() -> None:
    """What a sender wrote himself comes below what the server put on top."""
    forged = "mx.me.example; dmarc=pass header.from=bank.example"
    assert verdict("mx.me.example; dmarc=fail header.from=bank.example", forged) is Verdict.FAILED
    assert verdict("elsewhere.example; dmarc=fail", forged) is Verdict.PASSED


def test_servers_that_number_themselves_are_one() -> None:
    assert verdict("mx7.me.example; dmarc=pass header.from=bank.example", servers=(".me.example",)) is Verdict.PASSED
    assert verdict("mx7.meexample; dmarc=pass", servers=(".me.example",)) is Verdict.UNKNOWN


def test_several_senders_are_never_authenticated() -> None:
    fields = [("Authentication-Results", "mx.me.example; dmarc=pass header.from=bank.example")]
    assert finding_of(fields, OWN, ["anna@bank.example", "b@x.example"]).verdict is Verdict.UNCONFIRMED


def test_the_name_of_the_server_is_learnt_from_many_senders() -> None:
    """Not from one who writes often, and not when the mail does not agree."""
    many = [("mx.me.example", f"s{number}.example") for number in range(8)]
    assert learnt(many) == "mx.me.example"
    assert learnt([(f"mx{number}.me.example", f"s{number}.example") for number in range(8)]) == ".me.example"
    assert learnt([("mx.evil.example", "evil.example")] * 40) == ""
    assert learnt([*many, *[("", "x.example")] * 8]) == ""
    assert learnt([]) == ""


def test_nested_comments_and_floods_are_read_in_no_time() -> None:
    assert results_of("x; " + "(" * 100_000 + "dmarc=pass") == []
    assert server_of("(a(b)c) mx.me.example ; none") == "mx.me.example"


# --- who


def test_a_name_that_holds_another_address_is_a_danger() -> None:
    assert kinds(letter(sender='"anna@bank.example" <x@evil.example>'))["name"] is Severity.DANGER
    assert "name" not in kinds(letter(sender='"anna@bank.example" <anna@bank.example>'))


def test_first_time_look_alike_and_namesake() -> None:
    message = letter(sender="Anna Berg <anna@bamk.example>")
    known = Known(is_first=True, domains={"bank.example"}, namesake="anna@bank.example")
    found = {one.kind: str(one.sentence) for one in trust_of(message, known)}
    assert "first_time" in found
    assert kinds(message, Known(domains={"bank.example"})) == {}
    assert kinds(message, Known(is_first=True, domains={"bank.example"}))["look_alike"] is Severity.WARNING
    assert "anna@bank.example" in found["look_alike"]
    assert kinds(message, Known(is_friend=True, is_first=True, domains={"bank.example"})) == {}


@pytest.mark.parametrize("domain", ["аррӏе.com", "pаypal.example", "xn--80ak6aa92e.com", "ɡoogle.com"])
def test_letters_that_only_look_like_others_are_shown_for_what_they_are(domain: str) -> None:
    """In the address, too: in A-labels."""
    message = letter(sender=f"A <a@{domain}>")
    assert kinds(message)["look_alike"] is Severity.DANGER
    assert str(message.from_[0].email).startswith("a@xn--")


@pytest.mark.parametrize("email", ["a@bücher.example", "a@例え.jp", "a@пример.рф", "a@παράδειγμα.gr", "ä@b.example"])
def test_honest_letters_stay(email: str) -> None:
    assert shown_email(email) == email
    assert not is_deceptive(email.rpartition("@")[2])


@pytest.mark.parametrize(
    ("fields", "kind", "severity"),
    [
        (["Reply-To: x@elsewhere.example"], "reply_to", Severity.WARNING),
        (["Reply-To: x@mail.bank.example"], "reply_to", None),
        (["Reply-To: list@l.example", "List-Id: <l.example>"], "reply_to", None),
        (["Return-Path: <bounce@sender.example>"], "return_path", Severity.NOTE),
        (["Return-Path: <bounce@bank.example>"], "return_path", None),
        (["Return-Path: <>"], "return_path", None),
    ],
)
def test_where_answers_go(fields: list[str], kind: str, severity: Severity | None) -> None:
    assert kinds(letter(*fields)).get(kind) is severity


def test_several_senders() -> None:
    assert kinds(letter(sender="a@b.example, c@d.example"))["sender"] is Severity.WARNING


# --- links, files, trackers


def html(body: str, *fields: str) -> Message:
    return letter("Content-Type: text/html", *fields, body=body)


@pytest.mark.parametrize(
    ("text", "url", "claims"),
    [
        ("https://bank.example/login", "https://evil.example/", "bank.example"),
        ("www.bank.example", "https://bank.example.evil.test/", "www.bank.example"),
        ("bank.example", "https://evil.example/bank.example", "bank.example"),
        ("anna@bank.example", "mailto:x@evil.example", "bank.example"),
        ("Log in at https://bank.example now", "https://evil.example/", "bank.example"),
        ("<b>https://</b>bank.example", "https://evil.example/", "bank.example"),
        ("https://bank.example@evil.example/", "https://evil.example/", ""),
        ("bank.example", "https://www.bank.example/x", ""),
        ("Click here", "https://evil.example/", ""),
        ("report.zip", "https://files.example/", ""),
        ("3.14", "https://files.example/", ""),
        ("alice.github.io", "https://bob.github.io/", "alice.github.io"),
    ],
)
def test_links_that_lie(text: str, url: str, claims: str) -> None:
    message = html(f'<p>See <a href="{url}">{text}</a>.</p>')
    assert [str(link.claims) for link in message.links] == [claims]
    assert ("links" in kinds(message)) == bool(claims)


def test_a_second_text_of_a_link_may_lie_too() -> None:
    """The first one decides nothing."""
    message = html('<a href="https://e.example/">here</a> or <a href="https://e.example/">https://bank.example</a>')
    assert message.links[0].claims == "bank.example"


def test_a_sender_who_is_authenticated_may_count_clicks_on_its_own_address() -> None:
    body = '<a href="https://click.mailer.example/1">https://bank.example/news</a>'
    passed = "Authentication-Results: mx.me.example; dmarc=pass header.from=bank.example"
    assert kinds(html(body, passed))["links"] is Severity.NOTE
    assert kinds(html(body))["links"] is Severity.WARNING


def test_trackers_are_counted_beside_images() -> None:
    message = html(
        '<img src="https://t.example/1" width=1 height=1><img src="http://t.example/2" style="width:1px;height:1px">'
        '<img src="https://t.example/logo.png" width=100><img src="cid:x" width=1>'
    )
    assert (message.trackers, message.remote_images) == (2, 3)
    assert kinds(message)["trackers"] is Severity.NOTE


@pytest.mark.parametrize(
    ("name", "kind", "head", "said"),
    [
        ("invoice.pdf.exe", "application/pdf", b"", "calls itself PDF"),
        ("invoice.pdf      .scr", "application/pdf", b"", "is a program"),
        ("photo.jpg", "image/jpeg", b"MZ\x90\x00\x03" + b"\0" * 40, "whatever its name says"),
        ("notes.txt", "text/plain", b"#!/bin/sh\nrm", "whatever its name says"),
        ("tool", "application/octet-stream", b"\x7fELF\x02", "is a program"),
        ("\u202efdp.exe", "application/pdf", b"", "hides its real ending"),
        ("plan.xlsm", "application/zip", b"PK\x03\x04", "macros"),
        ("login.html", "text/plain", b"<html>", "imitate"),
        ("secret.zip", "application/zip", b"PK\x03\x04\x14\x00\x01\x00", "locked"),
        ("app.desktop", "text/plain", b"", "is a program"),
        ("setup.sh", "text/plain", b"#!/bin/sh", "is a script"),
        ("dump.bin", "application/octet-stream", b"\x00\x01", ""),
        ("a.exe.", "", b"", "is a program"),
        ("boiler.pdf", "application/pdf", b"%PDF-1.7", ""),
        ("pic.png", "image/png", b"\x89PNG", ""),
        ("notes.txt", "text/plain", b"MZ is how I begin this letter to you, dear", ""),
    ],
)
def test_risks_of_attachments(name: str, kind: str, head: bytes, said: str) -> None:
    risk = risk_of(name, kind, head)
    assert said in risk if said else not risk


def test_a_type_that_does_not_fit_a_name_is_said_but_is_no_danger() -> None:
    """Spreadsheet programs send .csv as anything; a .pdf that calls itself a picture is worth a word in the list."""
    assert risk_of("a.csv", "application/vnd.ms-excel", b"") == ""
    assert risk_of("a.pdf", "application/octet-stream", b"%PDF") == ""
    risk = risk_of("a.pdf", "image/png", b"\x89PNG")
    assert risk == "calls itself image/png, though its name ends in .pdf"
    assert in_words(risk).startswith("It calls itself")
    assert in_words(risk_of("x.ws", "text/plain", b"")) == "It is a program: opened, it can do anything that you can."
    message = letter('Content-Type: multipart/mixed; boundary="b"', body='--b\n\nHi\n--b\n'
                     'Content-Type: image/png; name="a.pdf"\n\nx\n--b--\n')  # fmt: skip
    assert message.attachments[0].risk
    assert "attachments" not in kinds(message)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.Example:8080/x", "a.example"),
        ("http://bank.example@evil.test/", "evil.test"),
        ("http://x@bank.example@evil.test/", "evil.test"),
        ("http://evil.test\\@bank.example/", "evil.test"),
        ("http:\\\\evil.test", "evil.test"),
        ("http://evil%2Etest/", "evil.test"),
        ("http://[::1]:80/", "[::1]"),
        ("http://[::1", ""),
        ("mailto:a@b.example?subject=@c.example", "b.example"),
        ("ftp://a.example", ""),
    ],
)
def test_the_host_of_a_link_is_the_one_that_a_browser_goes_to(url: str, host: str) -> None:
    """Whatever stands before it and looks like a host."""
    assert host_of(url) == host


def test_a_program_among_the_attachments_is_a_danger() -> None:
    message = letter(
        'Content-Type: multipart/mixed; boundary="b"',
        body='--b\n\nHi\n--b\nContent-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64\n\n'
        "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA\n--b--\n",
    )
    assert kinds(message)["attachments"] is Severity.DANGER


@pytest.mark.parametrize(
    ("text", "host"),
    [("see http://a.example:80/x", "a.example"), ("Node.js", ""), ("v1.2", ""), ("", ""), ("a b.example", "")],
)
def test_what_a_text_names(text: str, host: str) -> None:
    assert named_host(text) == host


@pytest.mark.parametrize(
    ("host", "owner"),
    [("mx1.mail.example.co.uk", "example.co.uk"), ("a.b.example", "b.example"), ("x.y.github.io", "y.github.io"),
     ("example", "example"), ("10.0.0.1", "10.0.0.1")],
)  # fmt: skip
def test_owners(host: str, owner: str) -> None:
    assert owner_of(host) == owner
    assert are_related(host, owner)
