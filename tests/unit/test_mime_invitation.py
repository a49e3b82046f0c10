"""Invitations: read from what Outlook, Google and worse send, shown in words, answered as RFC 5546 says."""

from __future__ import annotations

import email
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from icalendar import Calendar

from tui_mail.errors import UsageError
from tui_mail.mime.answering import reply
from tui_mail.mime.attached import Attached
from tui_mail.mime.invitation import Invitation, answer, in_words, read_invitation
from tui_mail.mime.invitation_words import when_words
from tui_mail.mime.parse import parse_message
from tui_mail.mime.recipients import Typed
from tui_mail.model import Address, Part
from tui_mail.outgoing import Identity
from tui_mail.text import SafeText
from tui_mail.ui.cards import cards, has_card
from tui_mail.ui.keys import default_keymap
from tui_mail.ui.widgets.invitation_card import card
from tui_mail.ui.widgets.preview import preview
from tui_mail.ui.widgets.row_text import Calendar as Today

ZONE = (
    "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\n"
    "TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\n"
    "DTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
)
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ANNA = Typed("Anna Berg", "anna@example.org")


def event(*lines: str, method: str = "REQUEST", zone: str = ZONE) -> bytes:
    """A calendar with one event."""
    usual = {
        "UID": "UID:abc-1", "SEQUENCE": "SEQUENCE:2", "SUMMARY": "SUMMARY:Garden\\, plan",
        "DTSTART": "DTSTART;TZID=W. Europe Standard Time:20260601T100000", "DURATION": "DURATION:PT1H",
        "ORGANIZER": 'ORGANIZER;CN="Ola N.":mailto:ola@example.org',
        "ATTENDEE": "ATTENDEE;CN=Anna;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:anna@example.org",
    }  # fmt: skip
    for line in lines:
        usual[line.partition(":")[0].partition(";")[0]] = line
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:{method}\n{zone}BEGIN:VEVENT\n"
        + "\n".join(usual.values())
        + "\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    return text.replace("\n", "\r\n").encode()


def read(*lines: str, method: str = "REQUEST") -> Invitation:
    found = read_invitation(event(*lines, method=method))
    assert found is not None
    return found


def shown(invitation: Invitation, sender: str = "ola@example.org", me: str = "anna@example.org") -> str:
    senders = (Address(SafeText(""), SafeText(sender)),)
    return "\n".join("".join(text for text, _ in line.runs) for line in card(invitation, senders, frozenset({me}), "I"))


def test_the_zone_of_the_event_and_ours() -> None:
    """Outlook's names of zones, with their rules in the calendar itself."""
    there, here = when_words(read(), timezone(timedelta(hours=9)))
    assert there == "Mon 1 Jun 2026 10:00–11:00 (W. Europe Standard Time)"
    assert here == "Mon 1 Jun 2026 17:00–18:00"
    assert when_words(read(), timezone(timedelta(hours=2)))[1] == ""


def test_whole_days_and_times_without_a_zone() -> None:
    """The end of whole days is the first day after them."""
    days = read("DTSTART;VALUE=DATE:20260601", "DTEND;VALUE=DATE:20260603", "DURATION:PT0S")
    assert when_words(days)[0] == "Mon 1 Jun 2026 – Tue 2 Jun 2026, whole day"
    assert when_words(read("DTSTART:20260601T100000"))[0] == "Mon 1 Jun 2026 10:00–11:00, wherever you are"


def test_the_card_says_what_it_is() -> None:
    """Updated, cancelled, answered, from somebody else than its organizer."""
    text = shown(read())
    assert "Invitation · updated (2)" in text
    assert "Garden, plan" in text
    assert "· you" in text
    assert "Ola N. <ola@example.org>" in text
    assert "not the organizer" not in text
    assert "⚠ whoever sent this message is not the organizer" in shown(read(), "eve@evil.example")
    assert "✗ Cancelled" in shown(read(method="CANCEL"))
    assert not read(method="CANCEL").can_be_answered
    reply = read("ATTENDEE;CN=Bo;PARTSTAT=DECLINED:mailto:bo@example.org", method="REPLY")
    assert "Bo declines" in shown(reply)
    assert "you are not named among them" in shown(read(), me="other@example.org")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"FREQ": ["WEEKLY"], "BYDAY": ["MO", "WE"], "COUNT": [5]}, "every week on Monday and Wednesday, 5 times"),
        ({"FREQ": ["DAILY"], "INTERVAL": [2]}, "every 2 days"),
        ({"FREQ": ["MONTHLY"], "BYDAY": ["-1FR"]}, "every month on the last Friday"),
        ({"FREQ": ["WEEKLY"], "BYDAY": ["MO", "TU", "WE", "TH", "FR"]}, "every week on weekdays"),
        ({"FREQ": ["YEARLY"], "UNTIL": [date(2030, 1, 2)]}, "every year, until 2 January 2030"),
        ({"FREQ": ["MONTHLY"], "BYSETPOS": [2]}, "by a rule of its own"),
        ({"FREQ": ["SECONDLY"]}, "by a rule of its own"),
    ],
)
def test_recurrence_in_words(rule: dict[str, object], words: str) -> None:
    """What is rare is not guessed."""
    assert in_words(rule) == words


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["EXDATE;TZID=W. Europe Standard Time:20260608T100000"], "except 8 June 2026"),
        (["EXDATE:20260607T223000Z"], "except 8 June 2026"),
        (["EXDATE:20260608T080000Z,20260615T080000Z"], "except 2 dates"),
        (["EXDATE;VALUE=DATE:20260608\nEXDATE;VALUE=DATE:20260608"], "except 8 June 2026"),
        (["EXDATE:99991231T235959Z\nEXDATE:20260608T080000Z"], "except "),
    ],
)
def test_what_is_left_out_of_a_series_is_said(lines: list[str], words: str) -> None:
    """By the event's own zone; each day once."""
    found = read("RRULE:FREQ=WEEKLY;COUNT=10", *lines).repeats
    assert found.startswith(f"every week, 10 times, {words}")
    assert read(*lines).repeats == ""


def test_what_the_organizer_says_about_it_is_on_the_card() -> None:
    """As text, below the facts; not when it stands below the card anyway, and never more than some screens of it."""
    invitation = read("DESCRIPTION:Join https://meet.example/1\\n\\nAgenda:\\x1b[2J tea\x1b]0;x")
    assert invitation.description.split("\n")[0] == "Join https://meet.example/1"
    text = shown(invitation)
    assert text.index("Garden, plan") < text.index("Join https://meet.example/1") < text.index("answers it by mail")
    assert "\x1b" not in text
    said = "Dear Anna,\n\njoin " + " ".join(invitation.description.split())
    senders = (Address(SafeText(""), SafeText("ola@example.org")),)
    lines = card(invitation, senders, frozenset({"anna@example.org"}), "I", text=said.replace("join", "Join"))
    assert not any("meet.example" in run[0] for line in lines for run in line.runs)
    assert len(read("DESCRIPTION:" + "x" * 100_000).description) < 10_000


def test_a_message_that_is_only_an_invitation_says_what_its_organizer_says() -> None:
    """No word of the calendar's own language is shown or quoted; a calendar that cannot be read stays as it is."""
    head = b"From: Ola <ola@example.org>\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n"
    raw = head + event("DESCRIPTION:Bring a spade\\nhttps://meet.example/1")
    message = parse_message(raw)
    assert message.text == "Bring a spade\nhttps://meet.example/1"
    assert [link.url for link in message.links] == ["https://meet.example/1"]
    body = reply(raw, message, [Identity("work", "Anna", "anna@example.org")]).draft.body
    assert "> Bring a spade" in body
    assert "VCALENDAR" not in body
    assert parse_message(head + event()).text == ""
    assert "BEGIN:VCALENDAR" in parse_message(head + b"BEGIN:VCALENDAR\r\nodd").text


def test_in_the_box_of_attachments_it_is_as_in_the_reader() -> None:
    """It says "you", and names no key, because none answers it there."""
    part = Part(1, SafeText("invite.ics"), SafeText("text/calendar"), 10)
    document = preview(Attached(part, event()), parse_message, Today.at(0.0), frozenset({"anna@example.org"}))
    text = "\n".join("".join(run for run, _ in line.runs) for line in document.body)
    assert "· you" in text
    assert "answers it by mail" not in text


@pytest.mark.parametrize(
    ("what", "status"), [("accept", "ACCEPTED"), ("tentative", "TENTATIVE"), ("decline", "DECLINED")]
)
def test_the_answer_is_what_rfc_5546_asks_for(what: str, status: str) -> None:
    """METHOD, UID, SEQUENCE, DTSTAMP, the organizer, and of the attendees only ourselves."""
    instance = "RECURRENCE-ID;TZID=W. Europe Standard Time:20260601T100000"
    raw = answer(read(instance), what, ANNA, comment="See you,\nall; of you", parent="m1@x.example", now=NOW)
    message = email.message_from_bytes(raw)
    assert message["To"] == '"Ola N." <ola@example.org>'
    assert message["In-Reply-To"] == "<m1@x.example>"
    assert message.get_content_type() == "multipart/alternative"
    part = message.get_payload()[1]  # type: ignore[index]
    assert part.get_param("method") == "REPLY"  # type: ignore[union-attr]
    sheet = part.get_payload(decode=True)  # type: ignore[union-attr]
    assert isinstance(sheet, bytes)
    calendar = Calendar.from_ical(sheet)
    assert calendar["METHOD"] == "REPLY"
    (found,) = calendar.subcomponents
    assert (found["UID"], int(found["SEQUENCE"])) == ("abc-1", 2)
    assert found["DTSTAMP"].dt == NOW
    assert found["DTSTART"].dt == datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    assert found["RECURRENCE-ID"].dt == datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
    assert str(found["ORGANIZER"]) == "mailto:ola@example.org"
    assert str(found["ATTENDEE"]) == "mailto:anna@example.org"
    assert found["ATTENDEE"].params["PARTSTAT"] == status
    assert str(found["COMMENT"]) == "See you,\nall; of you"
    assert all(len(line) <= 75 for line in sheet.split(b"\r\n"))


def test_nobody_is_answered_who_cannot_be() -> None:
    """An organizer that is no address, or none."""
    for line in ("ORGANIZER:mailto:nobody", "ORGANIZER:https://x.example", "UID:"):
        with pytest.raises(UsageError):
            answer(read(line), "accept", ANNA, now=NOW)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"garbage", b"\xff\xfe\x00", event()[:300], event("DTSTART:99999999T999999"), event("DTSTART:20260601T10"),
        event("RRULE:FREQ=WEEKLY;COUNT=x"), event("SEQUENCE:" + "9" * 5000), event("DURATION:-P999999999W"),
        event("ATTENDEE" + ";X=y" * 5000 + ":mailto:a@b.example"), event("SUMMARY:\x1b]0;x\x07\u202e"),
        b"BEGIN:VCALENDAR\r\n" * 5000, event(zone=ZONE.replace("+0200", "+9900")),
        event("DTSTART;TZID=../../etc/passwd:20260601T100000"),
    ],
)  # fmt: skip
def test_no_calendar_stops_the_reader(content: bytes) -> None:
    """What cannot be read is left out; what is shown holds nothing that a terminal obeys."""
    found = read_invitation(content)
    if found is not None:
        text = shown(found)
        assert "\x1b" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize("line", ["DTSTART:90001231T235959Z", "DTSTART:19000101T000000Z", "DURATION:P99999W"])
def test_times_at_the_ends_of_the_calendar_leave_the_message_readable(line: str) -> None:
    """There is a card or there is none."""
    body = event(line)
    raw = b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + body
    message = parse_message(raw)
    assert has_card(message)
    for paragraph in cards(message, lambda: raw, default_keymap(), frozenset()):
        assert paragraph.first or not paragraph.runs
