"""Draft → octets: what every reader and every server understands, whatever was typed into the draft."""

from __future__ import annotations

import email
import email.policy
import logging
import re
import time
from dataclasses import replace
from email.message import EmailMessage

import mailparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.errors import MailError, UsageError
from tui_mail.mime.compose import compose, draft_octets, for_others, new_message_id, redirected
from tui_mail.mime.flowed import flowed
from tui_mail.mime.parse import attachment_bytes, parse_message
from tui_mail.mime.plain import unflowed
from tui_mail.mime.writing import date_text
from tui_mail.outgoing import Attachment, Draft, Protection, Purpose

WHEN = 1_790_000_000
DRAFT = Draft(
    account="work",
    from_name="Anna Berg",
    from_email="anna@example.org",
    to="Ola Nordmann <ola@example.net>",
    subject="Summer house",
    body="Hello!\n\nSee you.",
)


def read(raw: bytes) -> EmailMessage:
    """As the standard library reads it, and without a defect."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert not part.defects
    return message


def check_wire(raw: bytes) -> None:
    """ASCII, CRLF, no line that a server would break."""
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    head = raw.split(b"\r\n\r\n")[0]
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    assert all(line.strip() for line in head.split(b"\r\n"))


def test_a_simple_message() -> None:
    """Every octet of it: nothing that tells more than it must."""
    composed = compose(replace(DRAFT, message_id="id@example.org"), [], when=WHEN, offset_minutes=120)
    assert composed.raw == (
        b"Date: Mon, 21 Sep 2026 16:13:20 +0200\r\n"
        b"From: Anna Berg <anna@example.org>\r\n"
        b"To: Ola Nordmann <ola@example.net>\r\n"
        b"Subject: Summer house\r\n"
        b"Message-ID: <id@example.org>\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="utf-8"; format="flowed"; delsp="no"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hello!\r\n\r\nSee you.\r\n"
    )
    assert composed.kept is composed.raw
    assert composed.envelope.sender == "anna@example.org"
    assert composed.envelope.recipients == ("ola@example.net",)
    assert not composed.envelope.utf8
    assert not composed.envelope.eight_bit


def test_read_back_by_two_other_readers() -> None:
    """The standard library and mail-parser agree with what was typed."""
    logging.getLogger("mailparser").addHandler(logging.NullHandler())
    draft = replace(
        DRAFT,
        from_name="Änna, die „Große“",
        to='Ola <ola@example.net>, "Berg; Kjærsti, dr." <k@bücher.example>',
        cc="=?utf-8?q?trap?= <c@example.org>",
        reply_to="list@example.org",
        subject="Grüße aus Øster " + "sehr " * 40 + "lang =?utf-8?q?x?= 日本語",
        body="Grüße\n" + "ü" * 200 + "\n.\nFrom here\n> quoted\n-- \nAnna",
        attachments=(
            Attachment("Übersicht " + "x" * 90 + ".pdf", "application/pdf", 5),
            Attachment('a"b.txt', "text/plain", 3),
        ),
        in_reply_to="parent@example.net",
        references=("root@example.net", "parent@example.net"),
        priority="high",
        want_receipt=True,
    )
    composed = compose(draft, [b"\x00\xff\r\nx", b"a\nb"], when=WHEN)
    check_wire(composed.raw)
    message = read(composed.raw)
    assert message["From"].addresses[0].display_name == draft.from_name
    assert [(one.display_name, one.addr_spec) for one in message["To"].addresses] == [
        ("Ola", "ola@example.net"),
        ("Berg; Kjærsti, dr.", "k@xn--bcher-kva.example"),
    ]
    assert message["Cc"].addresses[0].display_name == "=?utf-8?q?trap?="
    assert str(message["Subject"]) == draft.subject
    assert message["In-Reply-To"] == "<parent@example.net>"
    assert message["References"] == "<root@example.net> <parent@example.net>"
    assert "<anna@example.org>" in message["Disposition-Notification-To"]
    assert message["Importance"] == "high"
    text, pdf, plain = message.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == "Grüße\n" + "ü" * 200 + "\n.\n From here\n> quoted\n-- \nAnna\n"
    assert pdf.get_filename() == draft.attachments[0].filename
    assert pdf.get_payload(decode=True) == b"\x00\xff\r\nx"
    assert plain.get_filename() == 'a"b.txt'
    assert plain.get_payload(decode=True) == b"a\nb"
    parsed = mailparser.parse_from_bytes(composed.raw)
    assert parsed.subject == draft.subject
    assert parsed.to[1][1] == "k@xn--bcher-kva.example"
    assert parsed.from_[0][0] == draft.from_name
    assert [one["filename"] for one in parsed.attachments] == [one.filename for one in draft.attachments]
    ours = parse_message(composed.raw)
    assert ours.warnings == ()
    assert ours.subject == draft.subject
    assert ours.text == "Grüße\n" + "ü" * 200 + "\n.\nFrom here\n\n> quoted\n\n-- \nAnna"
    assert attachment_bytes(composed.raw, 1)[1] == b"\x00\xff\r\nx"


def test_bcc_is_in_the_envelope_and_in_the_kept_copy_alone() -> None:
    """One line is the only difference; each recipient once."""
    composed = compose(replace(DRAFT, bcc="secret@example.com, OLA@example.net", want_dsn=True), [], when=WHEN)
    assert b"secret" not in composed.raw
    line = b"Bcc: secret@example.com, OLA@example.net\r\n"
    assert composed.kept.replace(line, b"") == composed.raw
    assert parse_message(composed.kept).bcc[0].email == "secret@example.com"
    assert composed.envelope.recipients == ("ola@example.net", "secret@example.com")
    assert composed.envelope.dsn
    assert composed.envelope.envelope_id == composed.message_id


def test_only_bcc() -> None:
    """A To field says so, instead of none."""
    composed = compose(replace(DRAFT, to="", bcc="secret@example.com"), [], when=WHEN)
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in composed.raw
    assert b"secret" not in composed.raw
    assert parse_message(composed.raw).to == ()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"to": ""}, "This message has no recipient."),
        ({"to": "ola@"}, '"ola@" is no address.'),
        ({"bcc": "Ola"}, '"Ola" is no address.'),
        ({"reply_to": "x y@z w"}, '"x y@z w" is no address.'),
        ({"from_email": ""}, "Choose whom this message comes from: there is no usable From address."),
        ({"from_email": "*@example.org"}, "Choose whom this message comes from: there is no usable From address."),
        ({"from_email": "a@x.org, b@x.org"}, "Choose whom this message comes from: there is no usable From address."),
        ({"purpose": Purpose.REDIRECT}, "A redirected message goes on as it is; it cannot be written anew."),
    ],
)
def test_what_cannot_be_sent_is_said(change: dict[str, str], sentence: str) -> None:
    """A sentence that the composer shows."""
    with pytest.raises(UsageError) as error:
        compose(replace(DRAFT, **change), [], when=WHEN)
    assert error.value.sentence == sentence


def test_nothing_goes_out_unprotected_that_was_to_be_encrypted() -> None:
    """Not even by mistake of a caller; with someone who protects, the part is handed over as it would go out."""
    draft = replace(DRAFT, encrypt=True, protection=Protection.PGP, body="secret  \nFrom me")
    with pytest.raises(UsageError, match="signed or encrypted"):
        compose(draft, [], when=WHEN)
    seen: list[bytes] = []

    def protect(part: bytes) -> bytes:
        seen.append(part)
        return b"Content-Type: application/x-sealed\r\n\r\nsealed\r\n"

    raw = compose(draft, [], when=WHEN, protect=protect).raw
    assert b"secret" not in raw
    assert raw.endswith(b"\r\nContent-Type: application/x-sealed\r\n\r\nsealed\r\n")
    assert seen[0].startswith(b"Content-Type: text/plain")
    assert not any(line.endswith(b" ") or line.startswith(b"From ") for line in seen[0].split(b"\r\n"))


def test_addresses_beyond_ascii() -> None:
    """SMTPUTF8 only for a local part; a domain alone is an A-label everywhere."""
    plain = compose(replace(DRAFT, to="ola@bücher.example", from_email="anna@straße.example"), [], when=WHEN)
    assert plain.envelope.recipients == ("ola@xn--bcher-kva.example",)
    assert plain.envelope.sender == "anna@xn--strae-oqa.example"
    assert not plain.envelope.utf8
    assert plain.raw.isascii()
    wide = compose(replace(DRAFT, to="jøran@bücher.example"), [], when=WHEN)
    assert wide.envelope.recipients == ("jøran@xn--bcher-kva.example",)
    assert wide.envelope.utf8
    assert wide.envelope.eight_bit
    assert parse_message(wide.raw).to[0].email == "jøran@xn--bcher-kva.example"


def test_markdown_is_text_and_html() -> None:
    """multipart/alternative, inside mixed when there is a file; nothing of a quote comes to life."""
    body = "# Plan\n\n- one\n- **two**\n\n> ![x](http://t.test/p.gif) <b>q</b>\n"
    body += ">> [bank](http://evil.test)\nmine\n\n-- \n*Anna*"
    draft = replace(DRAFT, body=body, markdown=True, attachments=(Attachment("a.bin", "", 1),))
    raw = compose(draft, [b"x"], when=WHEN).raw
    check_wire(raw)
    message = read(raw)
    alternative, file = message.iter_parts()
    text, html = alternative.iter_parts()
    assert (message.get_content_type(), alternative.get_content_type()) == ("multipart/mixed", "multipart/alternative")
    assert file.get_content_type() == "application/octet-stream"
    assert text.get_content().replace("\r\n", "\n") == body + "\n"
    written = html.get_content().replace("\r\n", "\n")
    assert "<h1>Plan</h1>" in written
    assert "<strong>two</strong>" in written
    assert "<p>mine</p>" in written
    assert "<img" not in written
    assert "href" not in written
    assert "&lt;b&gt;q&lt;/b&gt;" in written
    assert "-- <br>\n*Anna*" in written


@pytest.mark.parametrize("body", ["![a](http://x.test/a.png)", "<script>alert(1)</script>", "[a](javascript:alert(1))"])
def test_markdown_makes_nothing_dangerous(body: str) -> None:
    """No picture, no raw HTML, no script link, even in one's own text."""
    html = compose(replace(DRAFT, body=body, markdown=True), [], when=WHEN).raw.partition(b"text/html")[2]
    assert b"<img" not in html
    assert b"<script" not in html
    assert b'href="java' not in html


@pytest.mark.parametrize(
    ("content", "seven_bit", "kind", "encoding"),
    [
        (b"Subject: x\r\n\r\nhello\r\n", False, "message/rfc822", "7bit"),
        (b"Subject: x\r\n\r\nhell\xc3\xb8\r\n", False, "message/rfc822", "8bit"),
        (b"Subject: x\r\n\r\nhell\xc3\xb8\r\n", True, "application/octet-stream", "base64"),
        (b"Subject: x\r\n\r\n" + b"y" * 999, False, "application/octet-stream", "base64"),
        (b"Subject: x\n\nhello\n", False, "application/octet-stream", "base64"),
        (b"Subject: x\r\n\r\n\x00", False, "application/octet-stream", "base64"),
    ],
)
def test_an_attached_message(content: bytes, seven_bit: bool, kind: str, encoding: str) -> None:
    """As a message while its lines can travel, never in base64 as one (RFC 2046 section 5.2.1); its octets survive."""
    draft = replace(DRAFT, attachments=(Attachment("mail.eml", "message/rfc822", len(content)),))
    composed = compose(draft, [content], when=WHEN, seven_bit=seven_bit)
    part = list(email.message_from_bytes(composed.raw).walk())[2]
    assert (part.get_content_type(), part["Content-Transfer-Encoding"]) == (kind, encoding)
    assert composed.envelope.eight_bit == (encoding == "8bit")
    assert attachment_bytes(composed.raw, 1)[1] == content


def test_any_file_survives() -> None:
    """Text with line ends of every kind, names with paths, types that are none."""
    contents = [b"a\nb\r\nc\rd\x00", "\xfcml\n".encode("latin-1"), "ü".encode(), b"", bytes(range(256)) * 1000]
    files = tuple(
        Attachment(name, kind, 0)
        for name, kind in [
            ("../../etc/passwd", "text/plain"),
            ("C:\\x\\‮fdp.exe", "text/csv"),
            ("", "text/html; charset=x\r\nBcc: y"),
            ("x" * 300 + ".tar", "multipart/mixed"),
            ("a\r\nBcc: evil@x.org.png", "image/png"),
        ]
    )
    raw = compose(replace(DRAFT, attachments=files), contents, when=WHEN).raw
    check_wire(raw)
    assert [attachment_bytes(raw, number + 1)[1] for number in range(5)] == contents
    names = [part.get_filename() for part in read(raw).iter_attachments()]
    assert names[:3] == ["passwd", "fdp.exe", "attachment"]
    assert len(str(names[3])) <= 204
    assert names[4] == "a Bcc: evil@x.org.png"


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {
            name: st.text(max_size=60) | st.text('a\r\n\t :é<>@,;"=?\x00\x85\u2028', max_size=200)
            for name in ("from_name", "subject", "body", "in_reply_to", "priority")
        }
    ),
    st.text('ab\r\n:é<>@,;"', max_size=40),
    st.text(max_size=40),
)
def test_no_field_injects_another(typed: dict[str, str], to: str, file_name: str) -> None:
    """The fields of a message are ours, in our order, each once, whatever was typed."""
    draft = replace(
        DRAFT, **typed, references=(typed["subject"], typed["body"]), attachments=(Attachment(file_name, to, 1),)
    )
    allowed = {
        "date", "from", "to", "subject", "message-id", "in-reply-to", "references", "mime-version", "content-type",
        "x-priority", "importance",
    }  # fmt: skip
    raws = [compose(draft, [b"x"], when=WHEN).raw, draft_octets(draft, [b"x"], when=WHEN)]
    try:
        raws.append(compose(replace(draft, to=to, cc=to), [b"x"], when=WHEN).raw)
    except MailError:
        raws.append(draft_octets(replace(draft, to=to, bcc=to), [b"x"], when=WHEN))
    for raw in raws:
        head = raw.split(b"\r\n\r\n")[0].decode()
        names = [line.partition(":")[0].lower() for line in re.split(r"\r\n(?![ \t])", head)]
        assert len(set(names)) == len(names)
        assert set(names) <= allowed | {"cc", "bcc", "x-tui-mail-draft"}
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", head)
        assert len(list(email.message_from_bytes(raw).walk())) == 3


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("a é =?_\t", max_size=200))
def test_a_subject_comes_back(subject: str) -> None:
    """As the standard library and we read it, folded or not."""
    raw = compose(replace(DRAFT, subject=subject), [], when=WHEN).raw
    check_wire(raw)
    expected = " ".join(subject.split())
    assert " ".join(str(email.message_from_bytes(raw, policy=email.policy.default).get("Subject", "")).split()) == (
        " ".join(
            re.sub(
                "[\x00-\x1f\x7f-\x9f\u2028\u2029]+",
                " ",
                re.sub("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", expected),
            ).split()
        )
    )


LINES = st.text("a >-é\u3000x", max_size=120) | st.sampled_from(["-- ", "From me", ">> q", "", "word " * 40])


@settings(deadline=None)
@given(st.lists(LINES, max_size=8))
def test_flowed_comes_back(lines: list[str]) -> None:
    """Reading joins what writing broke: nothing is lost but spaces at the end of a line."""
    out = flowed("\n".join(lines))
    assert unflowed(out, delete_space=False) == "\n".join(as_read(line) for line in lines)
    assert all(
        len(line) <= 78 or " " not in line.strip(" >") for line in out.split("\n") if not line.startswith(" " * 30)
    )


def as_read(line: str) -> str:
    """A typed line as it is after its journey."""
    if line == "-- ":
        return line
    content = line.lstrip(">")
    marks = line[: len(line) - len(content)]
    content = content.rstrip(" ")
    return f"{marks} {content.removeprefix(' ')}" if marks else content


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("word " * 20 + "end", ["word " * 14, "word " * 6 + "end"]),
        (" indented", ["  indented"]),
        ("From me", [" From me"]),
        ("> " + "word " * 20 + "end", ["> " + "word " * 14, "> " + "word " * 6 + "end"]),
        (">quote", ["> quote"]),
        ("-- ", ["-- "]),
        ("-- " + "x" * 90, ["-- " + "x" * 90]),
        (
            "see https://example.org/" + "x" * 100 + " there",
            ["see ", "https://example.org/" + "x" * 100 + " ", "there"],
        ),
        ("end   ", ["end"]),
    ],
)
def test_flowed_lines(text: str, lines: list[str]) -> None:
    """Soft ends behind spaces only; stuffing where a line would be taken for something else."""
    assert flowed(text).split("\n") == lines


def test_message_ids_tell_nothing() -> None:
    """Random, in the sender's domain, each another."""
    first, second = new_message_id("anna@bücher.example"), new_message_id("anna@bücher.example")
    assert first != second
    assert re.fullmatch(r"[0-9a-f]{32}@xn--bcher-kva\.example", first)
    assert new_message_id("").endswith("@mail.invalid")


@pytest.mark.parametrize(
    ("when", "offset", "text"),
    [
        (0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"),
        (WHEN, -210, "Mon, 21 Sep 2026 10:43:20 -0330"),
        (WHEN, 345, "Mon, 21 Sep 2026 19:58:20 +0545"),
    ],
)
def test_dates(when: int, offset: int, text: str) -> None:
    """In English whatever the locale, with the offset of that moment."""
    assert date_text(when, offset) == text


ORIGINAL = (
    b"Return-Path: <list@example.org>\r\nDelivered-To: anna@example.org\r\nReceived: from x\r\n by y\r\n"
    b"From: Ola <ola@example.net>\r\nTo: anna@example.org\r\nBCC: secret@example.com,\r\n more@example.com\r\n"
    b"Subject: hi\r\n\r\nBcc: this is text\r\n\r\nend\r\n"
)


def test_redirected() -> None:
    """Resent fields on top; the original as it was, but for who got it before."""
    draft = replace(DRAFT, to="new@example.com", bcc="hidden@example.com", purpose=Purpose.REDIRECT)
    composed = redirected(ORIGINAL, draft, when=WHEN, message_id="re@example.org")
    assert composed.raw.startswith(b"Resent-Date: ")
    head, _, rest = composed.raw.partition(b"Resent-Message-ID: <re@example.org>\r\n")
    assert b"Resent-From: Anna Berg <anna@example.org>\r\nResent-To: new@example.com\r\n" in head
    assert rest == (
        b"Received: from x\r\n by y\r\nFrom: Ola <ola@example.net>\r\nTo: anna@example.org\r\n"
        b"Subject: hi\r\n\r\nBcc: this is text\r\n\r\nend\r\n"
    )
    assert composed.kept.replace(b"Resent-Bcc: hidden@example.com\r\n", b"") == composed.raw
    assert composed.envelope.recipients == ("new@example.com", "hidden@example.com")
    assert composed.envelope.sender == "anna@example.org"


@pytest.mark.parametrize(
    ("raw", "handed_on"),
    [
        (b"", b"\r\n"),
        (b"Subject: x\n\nbody\n", b"Subject: x\r\n\r\nbody\r\n"),
        (b"From ola Mon\nSubject: x\n\nb", b"Subject: x\r\n\r\nb"),
        (b" Bcc: folded\nSubject: x\n\nb", b"Subject: x\r\n\r\nb"),
        (b"\tx\r\rb", b"\r\nb"),
        (b"\r\nb", b"\r\nb"),
        (b"Subject: x\nno header at all\nBcc: b", b"Subject: x\r\n\r\nno header at all\r\nBcc: b"),
        (b"Bcc : x@y\nSubject: z", b"Subject: z\r\n\r\n"),
    ],
)
def test_handed_on(raw: bytes, handed_on: bytes) -> None:
    """Nothing at the top of a message can go on with a field of ours, and no Bcc passes, however it is written."""
    assert for_others(raw) == handed_on


def test_a_large_file_takes_little() -> None:
    """Thirty megabytes in a second or so."""
    started = time.perf_counter()
    content = bytes(30_000_000)
    raw = compose(replace(DRAFT, attachments=(Attachment("a", "", len(content)),)), [content], when=WHEN).raw
    assert len(raw) > 40_000_000
    assert time.perf_counter() - started < 30
