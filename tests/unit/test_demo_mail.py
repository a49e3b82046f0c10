"""The demo's mail: the same every time, valid, varied, and quickly made."""

from __future__ import annotations

import email
import email.policy
import io
import re
import time
import zipfile
from collections import Counter
from email.message import EmailMessage

import pytest

from tui_mail.demo.mail import FOLDERS, OPENINGS, SampleMessage, arrival, messages, plan, render
from tui_mail.model import Flag

NOW = 1_780_000_000


@pytest.fixture(scope="module")
def mail() -> list[SampleMessage]:
    """A whole account of 600 messages in the inbox."""
    return list(messages(600, seed=3, now=NOW))


def parsed(message: SampleMessage) -> EmailMessage:
    """The message as Python's own parser sees it."""
    return email.message_from_bytes(message.raw, policy=email.policy.default)


def test_the_same_seed_gives_the_same_bytes(mail: list[SampleMessage]) -> None:
    """Screenshots and tests may rely on every octet; another seed gives other mail."""
    assert list(messages(600, seed=3, now=NOW)) == mail
    assert [m.raw for m in messages(600, seed=4, now=NOW)] != [m.raw for m in mail]


def test_the_inbox_has_exactly_as_many_as_asked_for(mail: list[SampleMessage]) -> None:
    """600 were asked for; every other folder has something too."""
    sizes = Counter(message.folder for message in mail)
    assert sizes["INBOX"] == 600
    assert set(sizes) == set(FOLDERS)


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_small_accounts_are_possible(count: int) -> None:
    """Even an empty inbox, and one that ends in the middle of a conversation."""
    assert sum(message.folder == "INBOX" for message in messages(count, now=NOW)) == count


def test_folders_are_in_order_of_time_and_nothing_is_from_the_future(mail: list[SampleMessage]) -> None:
    """UIDs that are given in order then agree with the dates."""
    for folder in FOLDERS:
        dates = [message.date for message in mail if message.folder == folder]
        assert dates == sorted(dates)
        assert dates[-1] < NOW


def test_lines_end_with_crlf_and_are_not_too_long(mail: list[SampleMessage]) -> None:
    """RFC 5322 section 2.1.1: at most 998 octets; newsletters may have longer ones, as in life."""
    for message in mail:
        assert b"\n" not in message.raw.replace(b"\r\n", b"")
        header = message.raw.partition(b"\r\n\r\n")[0]
        assert max(map(len, header.split(b"\r\n"))) <= 998


def test_every_message_is_parsed_without_defects(mail: list[SampleMessage]) -> None:
    """Python's parser finds sender, subject, date and identity, and nothing to complain about."""
    for message in mail:
        found = parsed(message)
        defects = [defect for part in found.walk() for defect in part.defects]
        assert not defects, (defects, message.raw[:1500])
        assert found["from"].addresses
        assert found["subject"]
        assert found["date"].datetime.timestamp() == message.date


def test_message_ids_are_unique_and_replies_name_their_parents(mail: list[SampleMessage]) -> None:
    """Most replies find the message that they answer in the same account."""
    ids = [parsed(message)["message-id"] for message in mail]
    assert len(set(ids)) == len(ids)
    answered = [str(parsed(message)["in-reply-to"]) for message in mail if b"\r\nIn-Reply-To:" in message.raw]
    assert len(answered) > 150
    assert sum(parent in ids for parent in answered) > 0.8 * len(answered)


def test_many_languages_and_charsets_are_there(mail: list[SampleMessage]) -> None:
    """What a person abroad may get: right-to-left, CJK, Cyrillic, and their old charsets."""
    subjects = "".join(str(parsed(message)["subject"]) for message in mail)
    for script in ("é", "ü", "¿", "ç", "港", "潮", "부", "П", "ص", "ש", "ना", "🎂"):
        assert script in subjects, script
    charsets = {str(part.get_content_charset()) for message in mail for part in parsed(message).walk()}
    assert {"utf-8", "iso-2022-jp", "koi8-r", "gb18030", "euc-kr", "windows-1255", "iso-8859-1"} <= charsets


def test_attachments_are_real_files(mail: list[SampleMessage]) -> None:
    """A PDF begins like one, an archive opens, a picture has its signature, an invitation is a calendar."""
    found: dict[str, bytes] = {}
    for message in mail:
        for part in parsed(message).iter_attachments() if b"multipart/mixed" in message.raw else ():
            found[part.get_content_type()] = part.get_payload(decode=True)  # type: ignore[assignment]
    assert found["application/pdf"].startswith(b"%PDF-1.4")
    assert found["image/png"].startswith(b"\x89PNG\r\n\x1a\n")
    assert zipfile.ZipFile(io.BytesIO(found["application/zip"])).testzip() is None
    assert b"BEGIN:VEVENT" in found["application/ics"]


def test_newsletters_say_the_same_in_text_and_html(mail: list[SampleMessage]) -> None:
    """Each has both parts and can be left with one click."""
    letters = [parsed(message) for message in mail if b"One-Click" in message.raw]
    assert len(letters) > 20
    for letter in letters[:20]:
        text, html = letter.get_body(("plain",)), letter.get_body(("html",))
        assert text is not None
        assert html is not None
        heading = re.search(r"<h2[^>]*>([^<]+)", html.get_content())
        assert heading
        assert heading[1] in text.get_content()


def test_phishing_is_in_the_junk_and_one_is_not() -> None:
    """The reader's warnings have something to show; the sender's domain did not pass."""
    failed = [m.folder for m in messages(200, now=NOW) if b"dmarc=fail" in m.raw]
    assert failed.count("INBOX") == 1
    assert failed.count("Junk") >= 12


def test_flags_make_sense(mail: list[SampleMessage]) -> None:
    """Some unread on top, drafts are drafts, what was sent is read, what was answered says so."""
    inbox = [message for message in mail if message.folder == "INBOX"]
    assert 5 <= sum(not message.flags & Flag.SEEN for message in inbox[-30:]) <= 20
    assert any(message.flags & Flag.FLAGGED for message in inbox)
    assert any(message.flags & Flag.ANSWERED for message in inbox)
    assert all(message.flags & Flag.DRAFT for message in mail if message.folder == "Drafts")
    assert all(message.flags == Flag.SEEN for message in mail if message.folder == "Sent")


def test_the_newest_are_the_chosen_ones() -> None:
    """A newcomer's first screen is as it was composed."""
    newest = [entry for entry in plan(300, 1, NOW)["INBOX"][-60:] if NOW - entry.date < 50 * 60]
    assert [entry.kind for entry in reversed(newest)] == [opening.kind for opening in OPENINGS if opening.minutes < 50]


def test_new_mail_goes_on_for_ever_and_is_always_another() -> None:
    """The first hundred arrivals differ; each is unread in the inbox."""
    arrivals = [arrival(number, 1, NOW + number * 20) for number in range(100)]
    assert len({message.raw for message in arrivals}) == 100
    assert {(message.folder, message.flags) for message in arrivals} == {("INBOX", Flag.NONE)}


def test_a_hundred_thousand_are_planned_at_once_and_written_singly() -> None:
    """A server can start with a plan and write what is asked for; well below a minute even on a slow computer."""
    began = time.perf_counter()
    entries = plan(20_000, 1, NOW)["INBOX"]
    assert time.perf_counter() - began < 15
    assert render(entries[-1], 1).startswith(b"Return-Path:")
