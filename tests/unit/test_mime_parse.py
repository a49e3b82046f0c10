"""Bytes → Message: it always opens, nothing is merged that was not written together."""

from __future__ import annotations

import base64
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_mail.errors import NotFound
from tui_mail.mime import parse
from tui_mail.mime.frames import pack_message, unpack_message
from tui_mail.mime.parse import attachment_bytes, parse_message
from tui_mail.mime.structure import DEPTH_LIMIT, PARTS_LIMIT, Outline, outline
from tui_mail.model import BlockKind, Message
from tui_mail.text import is_safe

HEAD = b"From: Anna <anna@example.org>\r\nTo: bob@example.com\r\nSubject: Hello\r\n" + (
    b"Date: Mon, 24 Nov 2025 02:30:55 +0000\r\n"
)


def mail(body: str | bytes, content_type: str = "text/plain; charset=utf-8", more: str = "") -> bytes:
    """A message of one part."""
    data = body.encode() if isinstance(body, str) else body
    return HEAD + f"Content-Type: {content_type}\r\n{more}\r\n".encode() + data


def multipart(kind: str, *parts: str | bytes, boundary: str = "=_b") -> bytes:
    """A message of several parts, each with its own header."""
    out = HEAD + f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    for part in parts:
        out += f"--{boundary}\r\n".encode() + (part.encode() if isinstance(part, str) else part) + b"\r\n"
    return out + f"--{boundary}--\r\n".encode()


def shown(message: Message) -> list[tuple[str, int, str]]:
    """Blocks as (kind, depth, text)."""
    return [(block.kind.value, block.depth, "".join(span.text for span in block.spans)) for block in message.blocks]


PLAIN = "Content-Type: text/plain\r\n\r\nplain words"
HTML = "Content-Type: text/html\r\n\r\n<p>rich <b>words</b></p>"
PDF = (
    'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
    "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8="
)
INNER = "Content-Type: message/rfc822\r\n\r\nFrom: Eve <eve@x.test>\r\nSubject: inner\r\n\r\nwords of another"


def test_a_plain_message() -> None:
    """Header and text arrive decoded."""
    message = parse_message(
        HEAD
        + b"Cc: c@x\r\nBcc: d@x\r\nReply-To: e@x\r\nSender: f@x\r\nMessage-ID: <1@x>\r\n\r\nHi Bob.\r\n\r\nBye.\r\n"
    )
    assert message.date == 1763951455
    assert [(one.name, one.email) for one in message.from_] == [("Anna", "anna@example.org")]
    people = (message.to, message.cc, message.bcc, message.reply_to, message.sender)
    assert [one[0].email for one in people] == ["bob@example.com", "c@x", "d@x", "e@x", "f@x"]
    assert (message.subject, message.message_id) == ("Hello", "1@x")
    assert message.headers[0] == ("From", "Anna <anna@example.org>")
    assert message.text == "Hi Bob.\n\nBye."
    assert shown(message) == [("text", 0, "Hi Bob."), ("text", 0, "Bye.")]
    assert message.snippet == "Hi Bob. Bye."
    assert message.warnings == ()


def test_of_alternatives_the_last_is_shown_and_the_plain_one_is_the_text() -> None:
    """HTML on the screen, the sender's own plain words for text."""
    message = parse_message(multipart("alternative", PLAIN, HTML))
    assert shown(message) == [("text", 0, "rich words")]
    assert message.text == "plain words"
    assert message.attachments == ()


def test_an_empty_alternative_is_no_alternative() -> None:
    """A blank HTML part does not hide the plain one; a useless plain part does not stand for the HTML."""
    assert shown(parse_message(multipart("alternative", PLAIN, "Content-Type: text/html\r\n\r\n <p> </p>"))) == [
        ("text", 0, "plain words")
    ]
    long_html = "Content-Type: text/html\r\n\r\n<p>" + "many more words " * 9
    assert parse_message(multipart("alternative", PLAIN, long_html)).text.startswith("many more words")


def test_related_parts_are_shown_by_their_root() -> None:
    """The picture is an inline attachment."""
    image = "Content-Type: image/png\r\nContent-ID: <i@x>\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8="
    message = parse_message(multipart("related", HTML, image))
    assert shown(message) == [("text", 0, "rich words")]
    assert [(part.filename, part.content_type, part.size, part.inline) for part in message.attachments] == [
        ("image-1.png", "image/png", 5, True)
    ]


def test_attachments_come_by_their_number() -> None:
    """What is listed is what is saved."""
    raw = multipart("mixed", PLAIN, PDF, "Content-Type: image/gif\r\n\r\nGIF89a")
    message = parse_message(raw)
    assert [(one.index, one.filename, one.size) for one in message.attachments] == [
        (1, "a.pdf", 5),
        (2, "image-2.gif", 6),
    ]
    assert attachment_bytes(raw, 1) == (message.attachments[0], b"hello")
    with pytest.raises(NotFound):
        attachment_bytes(raw, 3)


def test_many_attachments_of_one_message_are_found_in_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwarding a message with hundreds of files does not read it hundreds of times."""
    raw = multipart("mixed", PLAIN, *(f"Content-Type: image/gif\r\n\r\nGIF{number}" for number in range(20)))
    walks = list[bytes]()

    def counted(octets: bytes) -> Outline:
        walks.append(octets)
        return outline(octets)

    monkeypatch.setattr(parse, "outline", counted)
    assert [attachment_bytes(raw, number + 1)[1] for number in range(20)] == [b"GIF%d" % number for number in range(20)]
    assert len(walks) == 1


def test_an_attached_message_never_speaks_in_the_outer_senders_name() -> None:
    """It is an attachment and a note; its words are not in the text."""
    raw = multipart("mixed", PLAIN, INNER)
    message = parse_message(raw)
    assert "words of another" not in message.text + message.snippet
    assert shown(message) == [
        ("text", 0, "plain words"),
        ("note", 0, "Attached message: “inner” from Eve <eve@x.test>"),
    ]
    assert attachment_bytes(raw, 1)[1].endswith(b"words of another")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("filename=report.pdf", "report.pdf"),
        ('filename="my report.pdf"', "my report.pdf"),
        ("filename=my report.pdf", "my report.pdf"),
        ("filename*=utf-8''Fr%C3%B6sche.pdf", "Frösche.pdf"),
        ("filename*0*=utf-8''Fr%C3; filename*1*=%B6; filename*2=sche.pdf", "Frösche.pdf"),
        ('filename="=?utf-8?q?Fr=C3=B6sche=2Epdf?="', "Frösche.pdf"),
        ('filename="Frösche.pdf"', "Frösche.pdf"),
        ("filename*=punycode''x.pdf", "x.pdf"),
        ("filename*=utf-8''%1b]0%3bx%07.pdf", "�]0;x�.pdf"),
        ("filename*=utf-8''%E2%80%AEfdp.exe", "�fdp.exe"),
        ('filename="a\\"b;c.pdf"', 'a"b;c.pdf'),
    ],
)
def test_file_names(disposition: str, name: str) -> None:
    """RFC 2231, RFC 2047, raw, and never a control character."""
    raw = multipart(
        "mixed", f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {disposition}\r\n\r\nx"
    )
    assert parse_message(raw).attachments[0].filename == name


def test_quotes_and_the_signature_are_told_apart() -> None:
    """By depth, and by the line of two dashes."""
    body = "I agree.\n\nOn Monday Bob wrote:\n> me too\n>> said first\n> > said second\n\n-- \nAnna\nExample Ltd\n"
    message = parse_message(mail(body))
    assert shown(message) == [
        ("text", 0, "I agree."),
        ("text", 0, "On Monday Bob wrote:"),
        ("quote", 1, "me too"),
        ("quote", 2, "said first\nsaid second"),
        ("signature", 0, "Anna\nExample Ltd"),
    ]


def test_flowed_text_is_joined() -> None:
    """Soft line ends go, quotes and the signature line stay (RFC 3676)."""
    body = "one \r\ntwo\r\n> quoted \r\n> more\r\n stuffed\r\n-- \r\nme\r\n"
    message = parse_message(mail(body, "text/plain; format=flowed"))
    assert [text for _, _, text in shown(message)] == ["one two", "quoted more", "stuffed", "me"]
    assert parse_message(mail("ab \r\ncd\r\n", "text/plain; format=flowed; delsp=yes")).text == "abcd"


def test_links_in_plain_text() -> None:
    """Numbered once each, without the punctuation behind them."""
    message = parse_message(
        mail("See https://x.org/a_(b), <http://y.org/?q=1>. Again https://x.org/a_(b)! javascript:no")
    )
    assert [link.url for link in message.links] == ["https://x.org/a_(b)", "http://y.org/?q=1"]
    assert [span.link for span in message.blocks[0].spans] == [0, 1, 0, 2, 0, 1, 0]


def test_an_international_link_is_shown_in_punycode() -> None:
    """What looks like another host cannot hide."""
    message = parse_message(mail("https://аррӏе.com/ä"))
    assert message.links[0].url == "https://xn--80ak6aa92e.com/%C3%A4"
    assert message.links[0].safe


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "x-uuencode"])
def test_transfer_encodings(encoding: str) -> None:
    """Each yields the same text."""
    text = "Grüße, and a line of some length.\r\n"
    body = {
        "base64": base64.encodebytes(text.encode()),
        "quoted-printable": b"Gr=C3=BC=C3=9Fe, and a line=\r\n of some length.\r\n",
        "8bit": text.encode(),
        "x-uuencode": b"begin 644 x\n"
        + b"".join([b'F1W+#O,.?92P@86YD(&$@;&EN92!O9B!S;VUE(&QE;F=T:"X-"@``\n'])
        + b"`\nend\n",
    }[encoding]
    message = parse_message(mail(body, more=f"Content-Transfer-Encoding: {encoding}\r\n"))
    assert message.text.startswith("Grüße, and a line of some length.")


@pytest.mark.parametrize(
    "charset", ["iso-8859-15", "windows-1251", "gb2312", "shift_jis", "euc-kr", "utf-16", "koi8-r", "big5"]
)
def test_charsets(charset: str) -> None:
    """Text in the charsets that mail uses."""
    text = {
        "iso-8859-15": "Füße €",
        "utf-16": "né",
        "gb2312": "你好",
        "shift_jis": "日本",
        "euc-kr": "안녕",
        "big5": "中文",
    }.get(charset, "Привет")
    assert parse_message(mail(text.encode(charset), f"text/plain; charset={charset}")).text == text


def test_terminals_are_not_obeyed() -> None:
    """Escape sequences come out as visible marks everywhere."""
    evil = "\x1b]52;c;aGk=\x07\u202e"
    raw = multipart(
        "mixed",
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{evil}",
        f"Content-Type: text/html; charset=utf-8\r\n\r\n{evil}&#27;&#8238;",
    )
    message = parse_message(raw.replace(b"Subject: Hello", f"Subject: {evil}".encode()))
    assert_safe(message)
    assert "�]52" in message.text


def assert_safe(message: Message) -> None:
    """Every text of a message may reach a terminal, and names stay on one line."""
    lines = [message.subject, message.message_id, message.snippet, *message.warnings]
    for people in (message.from_, message.sender, message.to, message.cc, message.bcc, message.reply_to):
        lines += [text for one in people for text in (one.name, one.email)]
    lines += [text for header in message.headers for text in header]
    lines += [text for part in message.attachments for text in (part.filename, part.content_type)]
    lines += [text for link in message.links for text in (link.url, link.text)]
    assert all(is_safe(line) and "\n" not in line for line in lines)
    assert all(is_safe(span.text) for block in message.blocks for span in block.spans)
    assert is_safe(message.text)


def test_several_senders_are_warned_of() -> None:
    """All are named, the first is used."""
    message = parse_message(b"From: a@x.org\r\nFrom: Evil <b@y.org>\r\n\r\nx")
    assert message.from_[0].email == "a@x.org"
    assert "b@y.org" in message.warnings[0]


@pytest.mark.parametrize(("parts", "octets"), [(500, 10), (150, 1_500)])
def test_many_parts_are_a_whole_message(parts: int, octets: int) -> None:
    """That mail-parser is given only a piece of it does not make its end missing; that it is missing is seen still."""
    raw = multipart("mixed", PLAIN, *([f"Content-Type: image/png\r\n\r\n{'x' * octets}"] * parts))
    assert len(parse_message(raw).attachments) == parts
    assert parse_message(raw).warnings == ()
    assert any("incomplete" in warning for warning in parse_message(raw[:-30]).warnings)


def test_damaged_structures_open() -> None:
    """A missing end, a missing boundary, a wrong boundary: the text is there, and a warning."""
    cut = parse_message(multipart("mixed", PLAIN, PDF)[:-30])
    assert cut.text == "plain words"
    assert any("incomplete" in warning for warning in cut.warnings)
    for boundary in (b"", b"; boundary=other"):
        raw = multipart("mixed", PLAIN, HTML, boundary="zz").replace(b'; boundary="zz"', boundary)
        assert [text for _, _, text in shown(parse_message(raw))] == ["plain words", "rich words"]
    assert parse_message(mail("only this", "multipart/mixed")).text == "only this"
    assert parse_message(mail("only this", "nonsense")).text == "only this"
    assert parse_message(b"no header at all").text == "no header at all"
    assert shown(parse_message(b"")) == [("note", 0, "This message has no text.")]


def test_encrypted_messages_say_so() -> None:
    """No text is pretended."""
    message = parse_message(multipart("encrypted", "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", PDF))
    assert "encrypted" in shown(message)[0][2]
    assert len(message.attachments) == 2


def test_too_deep_and_too_many() -> None:
    """The limits hold before anything is built, and the message opens."""
    deep = HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
    )
    message = parse_message(deep + b"\r\nend")
    assert any(str(DEPTH_LIMIT) in warning for warning in message.warnings)
    many = outline(multipart("mixed", *[PLAIN] * 5000))
    assert many.too_many
    assert many.parts == PARTS_LIMIT


def test_large_attachments_cost_little() -> None:
    """Thirty megabytes cost no time to speak of."""
    content = base64.encodebytes(bytes(range(256)) * 90_000)
    raw = multipart("mixed", PLAIN, PDF.encode().replace(b"aGVsbG8=", content))
    started = time.process_time()
    message = parse_message(raw)
    assert time.process_time() - started < 2.0
    assert message.attachments[0].size == 256 * 90_000


def test_what_python_writes_is_read() -> None:
    """A message made by the standard library comes back whole."""
    made = EmailMessage()
    made["From"] = "Jörg <j@example.org>"
    made["To"] = "a@example.org, Bé <b@example.org>"
    made["Subject"] = "Ein langer Betreff mit Umlauten äöü, der über die Zeile hinausgeht, weil er so lang ist"
    made.set_content("Zeile eins\n\nZeile zwei äöü\n")
    made.add_alternative("<p>Zeile <i>eins</i></p>", subtype="html")
    made.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream", filename="dätei.bin")
    message = parse_message(made.as_bytes())
    assert message.from_[0].name == "Jörg"
    assert [one.name for one in message.to] == ["", "Bé"]
    assert message.subject == made["Subject"]
    assert message.text == "Zeile eins\n\nZeile zwei äöü"
    assert message.attachments[0].filename == "dätei.bin"
    assert attachment_bytes(made.as_bytes(), 1)[1] == b"\x00\x01"


_pieces = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [
                b"\r\n", b"\n\n", b"--=_b\r\n", b"--=_b--\r\n", b'Content-Type: multipart/mixed; boundary="=_b"\r\n',
                b"Content-Type: text/html\r\n", b"Content-Transfer-Encoding: base64\r\n", b"<table><tr><td>", b"</p>",
                b"Content-Type: message/rfc822\r\n\r\n", b"--c\r\n",
                b"Content-Type: multipart/alternative; boundary=c\r\n",
                b"Content-Disposition: attachment; filename*=", b"From: ", b"<a href='http://x'>",
                b"=?utf-8?q?", b"&#27;",
            ]
        ),
    ),
    max_size=25,
)  # fmt: skip


@given(_pieces)
@settings(database=None, max_examples=150, deadline=None)
def test_always_opens_and_is_always_safe(pieces: list[bytes]) -> None:
    """Whatever is sent; and it survives the pipe."""
    raw = b"".join(pieces)
    message = parse_message(raw)
    assert_safe(message)
    assert not any("damaged" in warning for warning in message.warnings)
    assert unpack_message(pack_message(message)) == message
    for part in message.attachments:
        assert attachment_bytes(raw, part.index)[0].index == part.index


def test_blocks_are_bounded() -> None:
    """A text of single letters does not become a million blocks."""
    message = parse_message(mail("a\n\n" * 100_000))
    assert len(message.blocks) < 25_000
    assert message.blocks[-1].kind is BlockKind.PRE
