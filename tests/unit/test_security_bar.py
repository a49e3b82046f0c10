"""The security bar, as far as it concerns what is shown, parsed and fetched: one test or more for each item.

Each test bears the number of its item. What is said of servers, passwords and files on disk is tested beside that code.
"""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections.abc import Iterator

import pytest

from tests.hostile.mail import attacks, with_payload
from tests.hostile.payloads import EYE, MARKUP, TERMINAL
from tui_mail.mime.parse import attachment_bytes, parse_message
from tui_mail.mime.risks import risk_of
from tui_mail.mime.trust import Known, trust_of
from tui_mail.mime.worker import ParserProcess
from tui_mail.model import BlockKind, Message, Severity
from tui_mail.text import safe_line, safe_link
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.message_document import message_document, source_document
from tui_mail.ui.widgets.row_text import Calendar, shown_name

ATTACKS = dict(attacks())
CALENDAR = Calendar(1_700_000_000, 2023)
CPU_SECONDS = 3
"""Of computing, after which the process ends itself, and the message is shown as raw text."""
MEMORY = 300_000_000


def painted(message: Message, raw: bytes = b"") -> list[str]:
    """Every line that the reader would show of it, head and reasons and headers and source too."""
    documents = [
        message_document(message, None, CALENDAR, frozenset(), all_headers=True),
        message_document(message, None, CALENDAR, frozenset(), reasons=True),
    ]
    if raw:
        documents.append(source_document(raw[:50_000]))
    lines: list[str] = []
    for document in documents:
        document.lay_out(80)
        document.ensure(3_000)
        lines += ["".join(text for text, _ in line) for line in document.lines]
    return lines


def obeyed(text: str) -> set[str]:
    """Characters that may not be painted."""
    if text.isascii() and text.isprintable():
        return set()
    return {
        f"U+{ord(one):04X}"
        for one in text
        if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}
        or (unicodedata.category(one) == "Cf" and one not in "\u200c\u200d")
    }


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(seconds=60, cpu_seconds=CPU_SECONDS) as process:
        yield process


# --- terminal and display


@pytest.mark.parametrize("name", TERMINAL)
def test_01_02_03_nothing_that_a_terminal_obeys_is_painted(name: str) -> None:
    """In no field, in no text, in no name of a file; what was there leaves a mark."""
    raw = with_payload(TERMINAL[name])
    message = parse_message(raw)
    lines = painted(message, raw)
    assert not {one for line in lines for one in obeyed(line)}
    assert any("\ufffd" in line for line in lines) or name in {"return", "nel", "vertical"}


def test_02_c1_in_latin_1() -> None:
    message = parse_message(ATTACKS["payload-latin-1"])
    assert not {one for line in painted(message, ATTACKS["payload-latin-1"]) for one in obeyed(line)}


@pytest.mark.parametrize("breaking", ["\r", "\n", "\x08", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\t"])
def test_04_one_line_fields_stay_on_their_line(breaking: str) -> None:
    assert safe_line(f"safe{breaking}evil") in {"safe evil", "safe\ufffdevil"}


@pytest.mark.parametrize("name", EYE)
def test_05_06_no_text_looks_like_another(name: str) -> None:
    """Direction marks are shown, invisible characters dropped, floods of marks cut; lines stay as wide as they are."""
    message = parse_message(with_payload(EYE[name]))
    lines = painted(message)
    assert not {one for line in lines for one in obeyed(line)}
    assert all(width(line) <= 80 for line in lines)


def test_05_a_file_shows_its_true_ending() -> None:
    raw = (
        b"Content-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''invoice%E2%80%AEfdp.exe\r\n\r\nx"
    )
    (part,) = parse_message(raw).attachments
    assert part.filename == "invoice\ufffdfdp.exe"
    assert part.risk == "hides its real ending"


@pytest.mark.parametrize("domain", ["аррӏе.com", "pаypal.com", "gοοgle.com"])
def test_07_homographs_are_shown_in_a_labels(parser: ParserProcess, domain: str) -> None:
    """In the process that really parses, which refuses the codecs of that name."""
    raw = f"From: Shop <a@{domain}>\r\n\r\n<http://{domain}/x>".encode()
    message = parser.parse(raw)
    assert message == parse_message(raw)
    assert "xn--" in message.from_[0].email
    assert "xn--" in message.links[0].url
    assert "xn--" in shown_name(message.from_[0]) or message.from_[0].name


@pytest.mark.parametrize("markup", MARKUP)
def test_08_markup_is_text(markup: str) -> None:
    """Whole and unchanged, wherever it stands."""
    message = parse_message(f"From: a@b.example\r\nSubject: {markup}\r\n\r\n{markup}".encode())
    assert message.subject == markup
    assert markup in painted(message)


MAILSPLOIT = (
    "=?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?==?utf-8?Q?=00?=@evil.example",
    "=?utf-8?b?cG90dXNAd2hpdGVob3VzZS5nb3Y=?= <=?utf-8?Q?=0A?=x@evil.example>",
    '"potus@whitehouse.gov\x00" <x@evil.example>',
    "potus@whitehouse.gov <x@evil.example>",
    "=?utf-8?q?potus=40whitehouse.gov=20=3C?= <x@evil.example>",
    "potus@whitehouse.gov(\r\n ) <x@evil.example>",
    '"potus@whitehouse.gov" <x@evil.example>',
)


@pytest.mark.parametrize("written", MAILSPLOIT)
def test_09_a_name_cannot_pass_for_an_address(written: str) -> None:
    """The real one, or the whole text, is what one sees; never the borrowed address alone."""
    message = parse_message(b"From: " + written.encode() + b"\r\n\r\nx")
    head = " ".join(painted(message)[:3])
    assert "evil.example" in head
    assert all(one.email != "potus@whitehouse.gov" for one in message.from_)
    assert shown_name(message.from_[0]) != "potus@whitehouse.gov"


def test_10_several_senders_and_subjects_are_said() -> None:
    message = parse_message(ATTACKS["senders"])
    assert [str(one.email) for one in message.from_] == ["a@b.example"]
    assert message.subject == "one"
    said = " ".join(message.warnings)
    assert "security@bank.example" in said
    assert "2 subjects" in said
    assert parse_message(ATTACKS["no-sender"]).from_ == ()


def test_11_marks_of_trust_stand_above_the_text_only() -> None:
    """A body that draws a tick draws it below the head; the strip is of our own words."""
    raw = "From: a@b.example\r\nSubject: x\r\n\r\n✓ authenticated\r\n✓ signature verified\r\n".encode()
    message = parse_message(raw)
    assert trust_of(message, Known()) == ()
    lines = painted(message)
    assert lines.index("") < next(number for number, line in enumerate(lines) if "✓" in line)
    assert not any(block.kind is BlockKind.NOTE for block in message.blocks)


def test_12_hidden_text_is_in_nothing_that_goes_further() -> None:
    """Not on the screen, not in the words of the list, not in what an answer quotes, not in what is searched."""
    message = parse_message(ATTACKS["hidden"])
    everything = [*painted(message), message.text, message.snippet]
    assert not any("ignore all" in text or "secretly" in text for text in everything)
    assert any("2 hidden passages" in line for line in painted(message))


# --- parsing


@pytest.mark.parametrize("name", [name for name in ATTACKS if not name.startswith("payload")])
def test_29_to_36_every_attack_opens(parser: ParserProcess, name: str) -> None:
    """Through the real process: it opens, costs little, keeps its memory, and leaks nothing."""
    import psutil

    parser.parse(b"\r\n")
    child = psutil.Process(parser.pid)
    message = parser.parse(ATTACKS[name])
    assert parser.pid == child.pid, message.warnings
    lines = painted(message)
    assert child.memory_info().rss < MEMORY
    assert not {one for line in lines for one in obeyed(line)}
    assert not any("raw text" in warning for warning in message.warnings)
    if len(ATTACKS[name]) < 20_000:
        assert message == parse_message(ATTACKS[name])


@pytest.mark.parametrize("name", ["multiparts-60", "multiparts-1000", "messages-1000", "parts-50000"])
def test_29_30_what_is_beyond_a_limit_is_said(name: str) -> None:
    message = parse_message(ATTACKS[name])
    if name.startswith("multiparts"):
        assert any("deeper than" in warning for warning in message.warnings)
    elif name.startswith("parts"):
        assert any("more than 1,000 parts" in warning for warning in message.warnings)
    assert len(message.attachments) <= 1_000


def test_32_charsets_that_are_machines_are_not_asked() -> None:
    """A text in one of them is read as what it is likeliest to be."""
    for codec in ("punycode", "idna", "undefined", "unicode_escape", "rot13", "zlib"):
        raw = f"Content-Type: text/plain; charset={codec}\r\n\r\nGr\u00fc\u00dfe \\x1b".encode()
        assert parse_message(raw).text == "Grüße \\x1b"


def test_35_nothing_is_inflated() -> None:
    """An archive is octets, however large it says that it becomes."""
    raw = ATTACKS["zip"]
    part, content = attachment_bytes(raw, 1)
    assert part.size == len(content) < 200_000


def test_36_old_encodings_are_only_undone_in_the_process(parser: ParserProcess) -> None:
    """Attachments out of winmail.dat and uuencoded ones come from there, too."""
    raw = ATTACKS["uuencoded"]
    part, content = parser.attachment(raw, 1)
    assert content == b"Cat"
    assert not obeyed(part.filename)


# --- files, links, remote content


@pytest.mark.parametrize(
    ("name", "is_risky"),
    [
        ("invoice.pdf.exe", True),
        ("x.desktop", True),
        ("x.html", True),
        ("x.svg", True),
        ("x.sh", True),
        ("x.pdf", False),
    ],
)
def test_39_risky_files_are_said_to_be(name: str, is_risky: bool) -> None:
    assert bool(risk_of(name, "application/octet-stream", b"")) is is_risky


def test_39_a_type_that_is_not_what_the_file_is() -> None:
    raw = b'Content-Type: image/png; name="cat.png"\r\nContent-Disposition: attachment\r\n\r\n#!/bin/sh\nrm -rf ~\n'
    message = parse_message(raw)
    assert message.attachments[0].risk
    assert trust_of(message, Known())[0].severity is Severity.DANGER


def test_40_only_web_and_mail_links_open() -> None:
    assert not any(link.safe for link in parse_message(ATTACKS["schemes"]).links)
    for url in ("https://x/\x1b", "-v", "--help", "http://x/%00", "file:///x", "https://x/a b", "", "HTTP:"):
        assert safe_link(url) is None


def test_45_nothing_hidden_is_quoted_in_an_answer() -> None:
    from tui_mail.mime.quoting import quoted_text

    message = parse_message(ATTACKS["hidden"])
    assert "ignore all" not in quoted_text(message.text)


def test_46_a_signature_claims_nothing() -> None:
    """It is an attachment, and there is no mark that says otherwise."""
    raw = (
        b"From: a@b.example\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n"
        b"--b\r\nContent-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n--b--\r\n"
    )
    message = parse_message(raw)
    assert message.text == "Hello"
    assert [str(part.content_type) for part in message.attachments] == ["application/pgp-signature"]
    assert trust_of(message, Known()) == ()


NO_CONNECTIONS = """
import sys
import tests.hostile.mail
from tui_mail.mime.parse import parse_message
from tui_mail.mime.trust import Known, trust_of
from tui_mail.ui.widgets.message_document import message_document
from tui_mail.ui.widgets.row_text import Calendar
parse_message(b"From: a@b.example\\r\\nContent-Type: text/html\\r\\n\\r\\n<p>warm</p>")
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "urllib.", "webbrowser.",
             "ftplib.", "http.", "smtplib.", "open")
def hook(event, arguments):
    if event.startswith(FORBIDDEN) and not (event == "open" and isinstance(arguments[1], str) and arguments[1] in "rb"):
        print("FORBIDDEN", event, arguments)
        sys.stdout.flush()
        import os
        os._exit(1)
sys.addaudithook(hook)
count = 0
for name, raw in tests.hostile.mail.attacks():
    if len(raw) < 200_000:
        message = parse_message(raw)
        trust_of(message, Known(servers=("x",), is_first=True))
        document = message_document(message, None, Calendar(0, 2026), frozenset())
        document.lay_out(100)
        document.ensure(60)
        count += 1
print(count)
"""


def test_47_opening_connects_to_nobody_and_starts_nothing() -> None:
    """No socket, no look-up, no program, no file written, whatever the message asks for."""
    said = subprocess.run([sys.executable, "-c", NO_CONNECTIONS], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert int(said.stdout) > 80


def test_47_nothing_remote_is_kept() -> None:
    """Of a page that fetches in twenty ways, only the words and the count of its pictures are left."""
    message = parse_message(ATTACKS["remote"])
    assert message.text == "[y]\n\nHello"
    assert message.links == ()
    assert (message.remote_images, message.trackers) == (2, 1)
