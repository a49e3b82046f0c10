"""The assistant, on real servers: by hand, with a certificate of one's own, wrong and right, left and resumed."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.postfix import Postfix
from tests.ui.assistant import Person, person
from tui_mail.config import accounts, changing, secrets
from tui_mail.model import Protocol, Role
from tui_mail.paths import Paths, paths
from tui_mail.ui.screens.secret_prompt import SecretPrompt
from tui_mail.ui.sheet import Sheet, keep
from tui_mail.ui.trial import Trial
from tui_mail.ui.widgets.form import Push
from tui_mail.ui.widgets.typing import Line

pytestmark = pytest.mark.server

FIELDS = ("incoming-host", "incoming-port", "incoming-user", "outgoing-host")


@pytest.fixture
def where(tmp_path: Path) -> Paths:
    place = paths(tmp_path)
    place.prepare()
    secrets.begin(place)
    return place


async def test_by_hand_with_a_certificate_of_ones_own(where: Paths, postfix: Postfix) -> None:
    """It is refused, trusted by decision, and the account that is written reads and sends."""
    user = postfix.new_user()
    async with person(where) as anna:
        await anna.enter_by_hand(postfix, user)
        await anna.tested()
        assert "certificate" in anna.shown()
        for _ in range(2):  # one decision for each server
            await anna.until(lambda: anna.setup.test.query_one("#cure-0", Push).display, "a way out is offered")
            await anna.again("cure-0")
        assert anna.problems() == [None, None]
        assert "✓ login" in anna.shown()
        await anna.until(lambda: anna.app.focused is anna.setup.test.query_one("#go-on"), "Continue has the focus")
        await anna.pilot.press("enter")
        await anna.until(lambda: anna.setup.page is anna.setup.secret, "the fourth page")
        await anna.pilot.click("#place-session")
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.preset, "the last page")
        await anna.pilot.click("#preset-mutt")
        await anna.press("go-on")
        await anna.until(lambda: anna.app.return_value is not None, "it ends")
    (account,) = accounts.load(where).accounts
    assert (account.name, account.full_name, account.protocol) == ("test", "Ola Nilsen", Protocol.IMAP)
    assert account.incoming.fingerprint
    assert account.outgoing is not None
    assert account.outgoing.fingerprint
    assert "secret" not in where.config_file.read_text()
    assert secrets.secret(account) == "secret"
    assert where.keys_file.read_text() == 'preset = "mutt"\n'
    assert not (where.state / "setup.json").exists()


async def test_a_wrong_password_is_said_and_corrected(where: Paths, postfix: Postfix) -> None:
    """One sentence for both servers; nothing is written until it is right."""
    user = postfix.new_user()
    async with person(where, (160, 48)) as anna:
        await anna.enter_by_hand(postfix, user, "wrong")
        await anna.tested()
        anna.know(postfix, user)
        await anna.again("again")
        assert "✗ login" in anna.shown()
        assert "not accepted" in anna.shown()
        assert "wrong" not in anna.shown()
        assert not where.config_file.exists()
        refused = anna.setup.query_one("#incoming-password", Line)
        for page in (anna.setup.settings, anna.setup.who):
            await anna.pilot.press("escape")
            await anna.until(lambda page=page: anna.setup.page is page, "back")  # type: ignore[misc]
            if page is anna.setup.settings:  # what was refused has the cursor, and typing replaces it
                await anna.until(lambda: anna.app.focused is refused, "the password")
                assert refused.selected_text == "wrong"
        assert anna.setup.query_one("#email", Line).value == postfix.address(user)
        await anna.fill("password", "secret")
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.settings, "on")
        assert anna.setup.query_one("#incoming-host", Line).value == "localhost"
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.test, "on")
        await anna.tested()
        assert anna.problems() == [None, None]


async def test_left_in_the_middle(where: Paths, postfix: Postfix) -> None:
    """A run that ends early writes no account; the next one has the answers, without the password. Leaving forgets."""
    user = postfix.new_user()
    async with person(where) as anna:
        await anna.enter_by_hand(postfix, user)
        await anna.until(lambda: anna.setup.page is anna.setup.test, "the third page")
    assert not where.config_file.exists()
    async with person(where) as anna:
        await anna.until(lambda: isinstance(anna.app.focused, Line), "it begins")
        assert anna.setup.query_one("#email", Line).value == postfix.address(user)
        assert anna.setup.query_one("#password", Line).value == ""
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.settings, "the second page")
        assert anna.setup.query_one("#incoming-user", Line).value == user
        await anna.pilot.press("escape", "escape")
        await anna.until(lambda: not anna.app.is_running or anna.app._exit, "it ends")
    assert not where.config_file.exists()
    assert not (where.state / "setup.json").exists()


async def test_an_address_that_is_corrected(where: Paths) -> None:
    """The servers are those of the new address, in every field; a port takes no letters."""
    async with person(where) as anna:
        await anna.until(lambda: isinstance(anna.app.focused, Line), "it begins")
        await anna.fill("full-name", "Anna")
        for domain in ("listed.invalid", "own.invalid"):
            await anna.fill("email", f"anna@{domain}")
            await anna.fill("password", "secret")
            await anna.press("go-on")
            await anna.until(lambda: anna.setup.page is anna.setup.settings, "the second page")
            await anna.searched()
            filled = {name: anna.setup.query_one(f"#{name}", Line).value for name in FIELDS}
            assert filled == {
                "incoming-host": f"imap.{domain}",
                "incoming-port": "993",
                "incoming-user": f"anna@{domain}",
                "outgoing-host": f"smtp.{domain}",
            }
            port = anna.setup.query_one("#incoming-port", Line)
            port.focus()
            await anna.pilot.press("end", "e")
            assert port.value == "993"
            await anna.pilot.press("escape")
            await anna.until(lambda: anna.setup.page is anna.setup.who, "back")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_another_address_in_another_run(where: Paths, when: str) -> None:
    """Corrected before the first run ends or after: no server of one provider is shown, or tried, for another one."""
    servers = {"incoming-host": "mail.first.invalid", "outgoing-host": "mail.first.invalid"}

    async def go_on(anna: Person, email: str) -> None:
        await anna.fill("email", email)
        await anna.fill("password", "secret")
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.settings, "the second page")

    async with person(where) as anna:
        await anna.until(lambda: isinstance(anna.app.focused, Line), "it begins")
        await anna.fill("full-name", "Anna")
        await go_on(anna, "anna@first.invalid")
        await anna.searched()
        for name, value in servers.items():
            await anna.fill(name, value)
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.test, "the third page")
        if when == "before":
            await anna.pilot.press("escape", "escape")
            await anna.until(lambda: anna.setup.page is anna.setup.who, "back")
            await go_on(anna, "anna@second.invalid")
    async with person(where) as anna:
        await anna.until(lambda: isinstance(anna.app.focused, Line), "it begins")
        await go_on(anna, "anna@second.invalid")
        assert "first" not in anna.shown()
        await anna.searched()
        assert anna.setup.query_one("#incoming-host", Line).value == "imap.second.invalid"


async def test_servers_of_another_run_are_no_guess(where: Paths) -> None:
    """They were typed, and nothing that is found, or not, says otherwise."""
    sheet = Sheet(full_name="Anna", email="anna@own.invalid")
    sheet.fill_blanks()
    sheet.incoming.host = "mail.own.invalid"
    keep(where, sheet)
    async with person(where) as anna:
        await anna.until(lambda: isinstance(anna.app.focused, Line), "it begins")
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.settings, "the second page")
        await anna.searched()
        assert "mail.own.invalid" in anna.shown()
        assert "guess" not in anna.shown()


async def test_pop3_says_what_it_means(where: Paths, postfix: Postfix) -> None:
    """Another port, what happens to the mail on the server, and an account that is tested by its count of messages."""
    user = postfix.new_user()
    postfix.dovecot.deliver(user, b"Subject: One\r\n\r\nOne\r\n")
    async with person(where) as anna:
        await anna.enter_by_hand(postfix, user)
        await anna.pilot.press("escape")
        await anna.until(lambda: anna.setup.page is anna.setup.settings, "the second page")
        await anna.pilot.click("#pop3")
        assert "Read and deleted here is so on this computer only" in anna.shown()
        anna.setup.set_focus(anna.setup.query_one("#policy"))
        await anna.pilot.press("left")
        assert "Only this computer has the mail then" in anna.shown()
        pop = postfix.account(user, Protocol.POP3)
        await anna.fill("incoming-port", str(pop.incoming.port))
        anna.know(postfix, user)
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.test, "the third page")
        await anna.tested()
        assert "1 message" in anna.shown()
        assert anna.setup.account is not None
        assert anna.setup.account.delete_from_server == "at_once"


async def test_a_port_that_speaks_something_else(where: Paths) -> None:
    """It is said beside the field, and either way out is one key."""
    async with person(where) as anna:
        await anna.until(lambda: isinstance(anna.app.focused, Line), "it begins")
        await anna.fill("email", "anna@mail.invalid")
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.settings, "the second page")
        await anna.fill("outgoing-host", "smtp.mail.invalid")
        await anna.fill("outgoing-port", "587")
        await anna.fill("incoming-port", "993")
        await anna.until(lambda: bool(anna.setup._ports), "it is noticed")
        assert [cure.words for cure in anna.setup._ports] == ["Port 465", "STARTTLS"]
        await anna.press("port-cure-1")
        await anna.until(lambda: not anna.setup._ports, "it is right")
        assert anna.setup.sheet.outgoing.security == "starttls"
        await anna.press("go-on")
        await anna.until(lambda: "Type the password" in anna.shown(), "the missing password is said")
        assert anna.app.focused is anna.setup.query_one("#incoming-password")
        await anna.fill("incoming-host", "")
        await anna.press("go-on")
        await anna.until(lambda: "needs a host" in anna.shown(), "the missing name is said")
        assert anna.setup.page is anna.setup.settings


async def test_no_address(where: Paths) -> None:
    async with person(where) as anna:
        await anna.until(lambda: isinstance(anna.app.focused, Line), "it begins")
        await anna.fill("email", "anna at home")
        await anna.press("go-on")
        await anna.until(lambda: "is no e-mail address" in anna.shown(), "it is said")
        assert anna.setup.page is anna.setup.who
        await asyncio.sleep(0)


async def test_a_message_to_oneself(where: Paths, postfix: Postfix) -> None:
    """When asked, and once; who files the Sent copy can be read in whole, and nothing is written by it."""
    user = postfix.new_user()
    async with person(where) as anna:
        await anna.enter_by_hand(postfix, user)
        anna.know(postfix, user)
        await anna.until(lambda: anna.setup.page is anna.setup.test, "the third page")
        await anna.tested()
        await anna.again("again")
        assert anna.problems() == [None, None]
        assert "A message was sent" not in anna.shown()
        await anna.pilot.click("#letter")
        await anna.again("again")
        assert anna.problems() == [None, None]
        said = f"A message was sent to {postfix.address(user)}; the server does not file sent mail, so tui-mail does."
        await anna.until(lambda: said in anna.shown(), "what was learnt")
        await anna.again("again")
        assert anna.problems() == [None, None]
        assert "A message was sent" not in anna.shown()
    assert not where.config_file.exists()


def prompted(anna: Person) -> str:
    """The question at the bottom; empty when there is none."""
    screen = anna.app.screen
    return str(screen._question) if isinstance(screen, SecretPrompt) else ""


async def test_a_passphrase_that_is_declined_is_asked_for_again(where: Paths, postfix: Postfix) -> None:
    """Esc instead of a passphrase: nothing is written, the button keeps the cursor, and asks once more."""
    user = postfix.new_user()
    async with person(where) as anna:
        secrets.begin(where, ask_passphrase=anna.app.questions.passphrase)
        await anna.enter_by_hand(postfix, user)
        anna.know(postfix, user)
        await anna.tested()
        await anna.again("again")
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.secret, "the fourth page")
        await anna.pilot.click("#place-vault")
        await anna.press("go-on")
        await anna.until(lambda: anna.setup.page is anna.setup.preset, "the last page")
        for _ in range(2):
            await anna.pilot.press("enter")
            await anna.until(lambda: isinstance(anna.app.screen, SecretPrompt), "the passphrase is asked for")
            await anna.pilot.press("escape")
            await anna.until(lambda: "The vault is locked" in anna.shown(), "what happened")
            await anna.until(lambda: anna.app.focused is anna.setup.preset.query_one("#go-on"), "the button")
        assert not where.config_file.exists()
        await anna.fill("account-name", "post")
        await anna.press("go-on")
        for question in ("New passphrase", "same passphrase"):
            await anna.until(lambda question=question: question in prompted(anna), "it is asked for")  # type: ignore[misc]
            await anna.pilot.press(*"long words", "enter")
        await anna.until(lambda: anna.app.return_value is not None, "it ends", 60)
    (account,) = accounts.load(where).accounts
    assert (account.name, secrets.place_of(account, "incoming")) == ("post", secrets.Place.VAULT)
    assert not (where.state / "enrolling.json").exists()


def test_what_the_check_saw_is_guarded(where: Paths, postfix: Postfix) -> None:
    """A folder for the archive that is not on the server is found by the test, and no reason to stop."""
    user, over = postfix.new_user(), threading.Event()
    whose = replace(postfix.account(user), folders=((Role.ARCHIVE, "Nowhere"),))
    trial = Trial(whose, (), where, lambda then: then())
    trial.begin({}, lambda: over.set() if trial.is_over else None, letter=False)
    assert over.wait(90)
    assert [guard.name for guard in trial.guards] == ["wrong-folder"]
    assert "Nowhere" in trial.notes[0]
    assert trial.is_good


async def test_the_same_mailbox_twice(where: Paths, postfix: Postfix) -> None:
    """It is said before anything is written, and going on is a decision."""
    user = postfix.new_user()
    changing.add_account(where, postfix.account(user))
    async with person(where) as anna:
        await anna.enter_by_hand(postfix, user)
        anna.know(postfix, user)
        await anna.until(lambda: anna.setup.page is anna.setup.test, "the third page")
        await anna.tested()
        await anna.again("again")
        assert anna.problems() == [None, None]
        assert [guard.name for guard in anna.trial.guards] == ["same-mailbox"]
        assert str(anna.trial.guards[0].words) in anna.shown()
