"""The fields for addresses, with the contacts of a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events

from tests.ui.test_compose_screen import SMALL, WORK, opened
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tui_mail.store import contacts
from tui_mail.ui.widgets.address_input import AddressInput, Offers

PEOPLE = [
    ("Ola Nordmann", "ola@nordmann.example"),
    ("Ola Hansen", "ola.h@club.example"),
    ("Berg, Anna", "anna@berg.example"),
    ("", "plain@nowhere.example"),
    ("[b]Eve[/b] \u202e", "eve@evil.example"),
]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """A few contacts."""
    with world(tmp_path, [Letter()], [WORK]) as made:
        made.db.run(lambda txn: contacts.written_to(txn, PEOPLE, 1_000, ""))
        yield made


def offered(screen: object) -> list[str]:
    """The addresses below the field; empty when nothing is shown."""
    offers = screen.query_one(Offers)  # type: ignore[attr-defined]
    return [str(one.email) for one in offers.contacts] if offers.display else []


async def test_contacts_are_offered_and_taken(mail: World) -> None:
    """Below the field; Enter takes the first, ↓ goes on; the comma makes room for the next."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        field = screen.query_one("#to", AddressInput)
        await pilot.press(*"ol")
        await wait_for(pilot, lambda: len(offered(screen)) == 2)
        offers = screen.query_one(Offers)
        await wait_for(pilot, lambda: offers.region.y == field.region.y + 1 and offers.region.x == field.region.x)
        assert "Ola Hansen" in screen_text(app)
        first, second = offered(screen)
        await pilot.press("enter")
        await wait_for(pilot, lambda: first in field.value)
        assert field.value.endswith(">, ")
        assert not offered(screen)
        await pilot.press(*"ol")
        await wait_for(pilot, lambda: len(offered(screen)) == 2)
        await pilot.press("down", "tab")
        await wait_for(pilot, lambda: second in field.value)
        assert app.screen.focused is field
        await pilot.press("enter")
        await wait_for(pilot, lambda: not field.value.endswith(", "))
        assert screen.written().to == f"{_named(first)} <{first}>, {_named(second)} <{second}>"


def _named(email: str) -> str:
    return next(name for name, address in PEOPLE if address == email)


async def test_names_with_commas_are_quoted(mail: World) -> None:
    """What is taken is read back as one address."""
    from tui_mail.mime.recipients import parse_recipients

    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        field = screen.query_one("#to", AddressInput)
        await pilot.press(*"berg")
        await wait_for(pilot, lambda: offered(screen) == ["anna@berg.example"])
        await pilot.press("tab")
        await wait_for(pilot, lambda: "anna@berg.example" in field.value)
        parsed = parse_recipients(field.value)
        assert [(one.name, one.email) for one in parsed.addresses] == [("Berg, Anna", "anna@berg.example")]
        assert not parsed.problems


async def test_escape_closes_the_list_only(mail: World) -> None:
    """The first Esc puts the contacts away, the second keeps the draft."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press(*"ol")
        await wait_for(pilot, lambda: offered(screen))
        await pilot.press("escape")
        await wait_for(pilot, lambda: not offered(screen))
        assert app.screen is screen
        assert screen.query_one("#to", AddressInput).value == "ol"
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage)


async def test_a_whole_address_is_left_as_it_is(mail: World) -> None:
    """Enter after an address that somebody typed out takes nothing in its place."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press(*"ola@nordmann.exampl")
        await wait_for(pilot, lambda: offered(screen) == ["ola@nordmann.example"])
        await pilot.press("enter")
        await wait_for(pilot, lambda: screen.focused is not None and screen.focused.id == "cc")
        assert screen.written().to == "ola@nordmann.exampl"


async def test_what_is_no_address_is_said(mail: World) -> None:
    """Once the field is left; typing on takes the words away."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, app, "c")
        await pilot.press(*"zzz", "enter")
        await wait_for(pilot, lambda: '✗ "zzz" is no address' in screen_text(app))
        await pilot.press("up", *"@x.example")
        await wait_for(pilot, lambda: "is no address" not in screen_text(app))


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("undisclosed-recipients:;", "undisclosed-recipients:;"),
        ("friends: a@x.example, b@x.example; , ", "friends: a@x.example, b@x.example;"),
        ("a@x.example; ", "a@x.example"),
        ("who: is that;,", "who: is that"),
    ],
)
async def test_the_end_of_a_group_stays_when_the_field_is_left(mail: World, typed: str, left: str) -> None:
    """An empty group is nobody, and no mistake."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        field = screen.query_one("#to", AddressInput)
        await pilot.press(*typed, "tab")
        await wait_for(pilot, lambda: screen.focused is not field)
        await wait_for(pilot, lambda: field.value == left)
        if "who" in typed:
            await wait_for(pilot, lambda: '"who: is that" is no address' in field._problem)
        await pilot.pause()
        assert bool(field._problem) == ("who" in typed)


async def test_a_column_of_addresses_is_pasted_as_one_line(mail: World) -> None:
    """Out of a spreadsheet."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        app.post_message(events.Paste("a@x.example\r\nb@x.example,\n\nc@x.example\n"))
        await wait_for(pilot, lambda: screen.written().to == "a@x.example, b@x.example, c@x.example")


async def test_names_of_contacts_are_only_text(mail: World) -> None:
    """No markup, nothing that turns the line around."""
    app = mail.app()
    async with app.run_test(size=SMALL) as pilot:
        screen = await opened(pilot, app, "c")
        await pilot.press(*"eve")
        await wait_for(pilot, lambda: offered(screen) == ["eve@evil.example"])
        await wait_for(pilot, lambda: "[b]Eve[/b]" in screen_text(app))
        assert "\u202e" not in screen_text(app)
