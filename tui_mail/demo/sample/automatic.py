"""What machines send: build notices, review requests, receipts, deliveries, invitations."""

from __future__ import annotations

import time
from typing import NamedTuple

from tui_mail.demo.sample.cast import CHIARA, INES, JAKUB, MEI, OSKAR, PRIYA, ROBIN, SAMIR
from tui_mail.demo.sample.dice import Dice
from tui_mail.demo.sample.letters import Body, Person, alternative, file, multipart, plain, said_date


class Machine(NamedTuple):
    """What a writer gives: who it is from, the subject, extra header lines, the body."""

    sender: Person
    subject: str
    extra: str
    body: Body


LAUNCH = 1_450_000_000
"""When everything at Tidewater began; numbers count from here, so that later ones are higher."""

AUTOMATIC = "Auto-Submitted: auto-generated\n"

BUILDS = Person("Harbour builds", "builds@ci.tidewater.example")
REVIEWS = Person("Code at Tidewater", "reviews@code.tidewater.example")
BRANCHES = (
    "main",
    "release-2.0",
    "night-colours",
    "importer-dates",
    "offline-map",
    "fog-warning",
    "ticket-scanner",
    "search-box",
)
STEPS = ("checkout", "restore cache", "lint", "types", "unit tests", "map tiles", "integration", "package", "publish")
CHANGES = (
    "Read dates the way the harbour writes them",
    "Draw the tide arrow with a sign, not only a colour",
    "Keep the last position when the map goes offline",
    "Say how late a ferry is",
    "Remove the second rounding",
    "Let the search forgive a missing accent",
    "Ask the gauge again after a timeout",
    "Write down step 7",
)


def build(dice: Dice, serial: int, date: int) -> Machine:
    """A build server's report."""
    number, branch = (date - LAUNCH) // 7200, dice.pick(BRANCHES)
    failed = dice.chance(220)
    broken = dice.between(3, len(STEPS) - 2)
    lines = []
    for position, step in enumerate(STEPS):
        seconds = dice.between(1, 190)
        outcome = "FAILED" if failed and position == broken else "skipped" if failed and position > broken else "ok"
        lines.append(f"  {step:<16} {outcome:>8}   {seconds // 60:d}:{seconds % 60:02d}")
    result = f"failed in {STEPS[broken]}" if failed else "passed"
    text = (
        f"Build #{number} of {branch} {result}.\n\n" + "\n".join(lines) + f"\n\nLast change: {dice.pick(CHANGES)}\n"
        f"Log: https://ci.tidewater.example/harbour/{number}\n"
    )
    mark = "✗" if failed else "✓"
    return Machine(BUILDS, f"{mark} harbour #{number} {result} ({branch})", AUTOMATIC, plain(text))


def review(dice: Dice, serial: int, date: int) -> Machine:
    """Somebody asks for a review, or answers one."""
    who, change, number = dice.pick((JAKUB, PRIYA, MEI, SAMIR)), dice.pick(CHANGES), (date - LAUNCH) // 90_000
    verb, remark = dice.pick(
        (
            ("asks for your review", "It is smaller than it looks; start with the test."),
            ("commented", "Could this be one sentence? The screen is narrow."),
            ("approved", "Lovely. Merge when you like."),
            ("merged", "Thank you all."),
        )
    )
    text = (
        f"{who.name} {verb}:\n\n  {change}\n\n> {remark}\n\n"
        f"+{dice.between(2, 160)} −{dice.between(0, 90)} in {dice.between(1, 7)} files\n"
        f"https://code.tidewater.example/harbour/changes/{number}\n"
    )
    sender = Person(f"{who.name} (code)", REVIEWS.email)
    extra = f"{AUTOMATIC}List-Id: harbour <harbour.code.tidewater.example>\n"
    return Machine(sender, f"[harbour] {change} (!{number})", extra, plain(text))


SHOPS = (
    ("Kelp & Paper", "orders@kelpandpaper.example", ("Notebook, dotted, A5", "Ink, harbour blue", "Sealing wax")),
    ("The Bread Quay", "hello@breadquay.example", ("Rye loaf", "Six cinnamon buns", "Oat rolls, ten")),
    ("Longshore Bicycles", "workshop@longshore.example", ("New chain, fitted", "Brake pads, pair", "Bell, brass")),
    ("Ferrylines", "tickets@ferrylines.example", ("Return ticket Port Marin", "Bicycle ticket", "Cabin, one night")),
    ("Tidepool Books", "shop@tidepoolbooks.example", ("The Lighthouse Year", "Charts and Charms", "Poems for Piers")),
)


def receipt(dice: Dice, serial: int, date: int) -> Machine:
    """What was bought, with the sum."""
    shop, address, goods = dice.pick(SHOPS)
    items = [(item, dice.between(180, 6400)) for item in dice.some(goods, dice.between(1, 3))]
    total = sum(price for _, price in items)
    number = f"{(date - LAUNCH) // 600:06d}"
    text = "".join(f"  {item:<28} {_euro(price):>10}\n" for item, price in items)
    rows = "".join(
        f'<tr><td style="padding:6px 0">{item.replace("&", "&amp;")}</td><td align="right">{_euro(price)}</td></tr>'
        for item, price in items
    )
    plain_text = (
        f"Thank you for your order, Robin.\n\nOrder {number}, {said_date(date)}\n\n{text}\n"
        f"  {'Total':<28} {_euro(total):>10}\n\nIncluding 7 % tax. Questions? Just answer this mail.\n"
    )
    name = shop.replace("&", "&amp;")
    html = (
        f'<html><body style="font-family:Georgia,serif"><h1 style="font-size:20px">{name}</h1>'
        f"<p>Thank you for your order, Robin.</p><p><b>Order {number}</b>, {said_date(date)}</p>"
        f'<table width="420" cellspacing="0">{rows}<tr><td style="border-top:1px solid #999"><b>Total</b></td>'
        f'<td align="right" style="border-top:1px solid #999"><b>{_euro(total)}</b></td></tr></table>'
        "<p>Including 7&nbsp;% tax. Questions? Just answer this mail.</p></body></html>\n"
    )
    return Machine(Person(shop, address), f"Your receipt from {shop}", AUTOMATIC, alternative(plain_text, html, serial))


PARCELS = Person("Gull Parcel", "tracking@gullparcel.example")


def parcel(dice: Dice, serial: int, date: int) -> Machine:
    """A parcel on its way."""
    state, words = dice.pick(
        (
            ("is on its way", "It left the sorting centre and travels by train."),
            ("arrives tomorrow", "Between nine and noon. Somebody should be at home, or the gull waits."),
            ("is with your neighbour", "Brandt, ground floor, the blue door."),
            ("is ready for collection", "At the kiosk on the quay, until Saturday."),
        )
    )
    code = f"GP{serial * 7919 % 10**9:09d}"
    text = f"Hello Robin,\n\nyour parcel {code} {state}.\n{words}\n\nhttps://gullparcel.example/follow/{code}\n"
    return Machine(PARCELS, f"Your parcel {state}", AUTOMATIC, plain(text))


def report(dice: Dice, serial: int, date: int) -> Machine:
    """The nightly word from the machines."""
    size = dice.between(310, 480)
    text = (
        f"Nightly backup of {said_date(date)}\n\n  database   {size / 10:.1f} GB   ok\n"
        f"  map tiles  {size / 4:.1f} GB   ok\n  mail       {size / 90:.1f} GB   ok\n\n"
        f"Duration {dice.between(18, 44)} minutes. Oldest copy kept: 90 days.\n"
    )
    return Machine(
        Person("Backups", "backups@tidewater.example"), "Backup: everything is there", AUTOMATIC, plain(text)
    )


MEETINGS = (
    (INES, "Planning: what comes after 2.0", "Room with the window"),
    (MEI, "Design hour", "Mei's desk, bring a chair"),
    (CHIARA, "Walk through the new exhibition", "Museum of the Small Sea, foyer"),
    (SAMIR, "Restore the backup, part two", "Server room (there is a heater)"),
    (OSKAR, "Rehearsal", "Old customs hall"),
    (PRIYA, "Reading numbers without fear", "Room with the plant"),
)


def invitation(dice: Dice, serial: int, date: int) -> Machine:
    """A meeting request (RFC 6047: text/calendar; method=REQUEST)."""
    organizer, title, place = dice.pick(MEETINGS)
    day = date - date % 86_400 + 86_400 * dice.between(1, 12)
    begin = time.gmtime(day + 3600 * dice.between(8, 16))
    end = time.gmtime(time.mktime(begin) - time.timezone + 3600)
    starts, ends = (time.strftime("%Y%m%dT%H%M%SZ", moment) for moment in (begin, end))
    calendar = (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Tidewater//Calendar//EN\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
        f"UID:{serial:08d}@calendar.tidewater.example\nDTSTAMP:{starts}\nDTSTART:{starts}\nDTEND:{ends}\n"
        f"SUMMARY:{title}\nLOCATION:{place.replace(',', chr(92) + ',')}\n"
        f"ORGANIZER;CN={organizer.name}:mailto:{organizer.email}\n"
        f"ATTENDEE;CN={ROBIN.name};PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{ROBIN.email}\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )
    when = f"{time.strftime('%A', begin)}, {said_date(day)}, {begin.tm_hour}:00 UTC, one hour"
    text = f"{organizer.name} invites you:\n\n  {title}\n  {when}\n  {place}\n"
    body = multipart(
        "mixed",
        serial,
        multipart(
            "alternative",
            serial + 1,
            plain(text),
            Body(
                "Content-Type: text/calendar; charset=utf-8; method=REQUEST\nContent-Transfer-Encoding: 8bit\n",
                calendar.encode(),
            ),
        ),
        file("invite.ics", "application/ics", calendar.replace("\n", "\r\n").encode()),
    )
    return Machine(organizer, f"Invitation: {title}", "", body)


def _euro(cents: int) -> str:
    return f"€ {cents // 100}.{cents % 100:02d}"
