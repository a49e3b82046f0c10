"""What a message is in an inbox, by its header."""

from __future__ import annotations

import pytest

from tui_mail.mime.headers import parse_headers
from tui_mail.mime.kinds import holds_invitation
from tui_mail.model import Kind

ANNA = "From: Anna Berg <anna@example.org>\n"


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (ANNA, Kind.PERSON),
        (ANNA + "Content-Type: multipart/mixed\nAuto-Submitted: no\n", Kind.PERSON),
        ("From: robert@builder.example\n", Kind.PERSON),
        ("From: Cian <cian@x.example>\n", Kind.PERSON),
        ("From: Norma Replyson <norma.reply@x.example>\n", Kind.PERSON),
        ("Subject: nobody wrote this\n", Kind.PERSON),
        (ANNA + "List-Id: harbour <harbour.lists.example>\n", Kind.LIST),
        (ANNA + "Precedence: list\n", Kind.LIST),
        ("From: Letter <no-reply@x.example>\nList-Id: a <b>\nList-Unsubscribe-Post: x\n", Kind.LIST),
        (ANNA + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n", Kind.BULK),
        (ANNA + "Precedence: bulk\n", Kind.BULK),
        ("From: Shop <noreply@x.example>\nList-Unsubscribe-Post: x\n", Kind.BULK),
        ("From: GitHub <notifications@github.com>\nList-Id: tui <tui.github.com>\n", Kind.NOTIFICATION),
        ("From: do-not-reply@bank.example\n", Kind.NOTIFICATION),
        ("From: Shipping <order-noreply@shop.example>\n", Kind.NOTIFICATION),
        ("From: renovate[bot]@code.example\n", Kind.NOTIFICATION),
        ("From: MAILER-DAEMON@mx.example\n", Kind.NOTIFICATION),
        (ANNA + "Auto-Submitted: auto-generated; owner-email=x\n", Kind.NOTIFICATION),
        (ANNA + "Content-Type: text/calendar; method=REQUEST\n", Kind.CALENDAR),
        (ANNA + "Content-Class: urn:content-classes:calendarmessage\n", Kind.CALENDAR),
    ],
)
def test_the_kind_of_a_message(header: str, kind: Kind) -> None:
    """A machine comes before a list, a list before the many."""
    assert parse_headers(header.encode()).kind is kind


@pytest.mark.parametrize(
    ("raw", "holds"),
    [
        (b"A: b\r\n\r\n--x\r\nContent-Type: text/calendar; method=REQUEST\r\n", True),
        (b"A: b\n\n--x\ncontent-type:\n text/calendar\n", True),
        (b"A: b\r\n\r\nYou can send text/calendar: Content-Type: text/calendar\r\n", False),
    ],
)
def test_an_invitation_inside_of_a_message(raw: bytes, holds: bool) -> None:
    """Its part counts, not that somebody writes about one."""
    assert holds_invitation(raw) is holds
