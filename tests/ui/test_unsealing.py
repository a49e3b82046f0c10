"""Signed and encrypted messages in the reader, with a real gpg: the line above them, opening, answering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.ui.test_compose_screen import WORK
from tests.ui.world import Letter, World, screen_text, wait_for, world
from tests.unit.test_mime_inline_pgp import clear, gpg, letter
from tests.unit.test_mime_protection import gnupg  # noqa: F401  (fixture)
from tests.unit.test_mime_seals import pgp_message
from tui_mail.mime.protection import pgp_encrypted
from tui_mail.outgoing import Protection
from tui_mail.ui.actions import Place
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.compose import Composer


@dataclass(frozen=True)
class Raw(Letter):
    """A message that was made elsewhere."""

    octets: bytes = b""

    def raw(self, number: int) -> bytes:
        return self.octets


@pytest.fixture
def mail(tmp_path: Path, gnupg: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:  # noqa: F811
    """Signed, forged, encrypted, plain; the newest first."""
    monkeypatch.setenv("GNUPGHOME", gnupg)
    signed = pgp_message(gnupg)
    letters = [
        Letter("✓ signed by anna@example.org (OpenPGP)", body="plain\n", age=1e9),
        Raw(octets=pgp_message(gnupg, sealed=True)),
        Raw(octets=signed.replace(b"From here", b"From hare")),
        Raw(octets=signed),
    ]
    with world(tmp_path / "home", letters, [WORK]) as made:
        yield made


def seal(app: TuiMailApp) -> str:
    """The line above the message; empty while it is not there."""
    line = app.triage.commands.perusing.unsealing.line
    return line.text if line.display else ""


def read(app: TuiMailApp) -> str:
    return "\n".join("".join(text for text, _ in line) for line in app.triage.reader.document.lines)


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_the_line_above_says_what_a_signature_is_worth(mail: World, size: tuple[int, int]) -> None:
    """Good, forged, and no line at all where a message only claims to be signed."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        await wait_for(pilot, lambda: seal(app) == " ✓ signed by anna@example.org (OpenPGP)")
        await wait_for(pilot, lambda: "✓ signed by" in screen_text(app))
        await pilot.press("D")
        await wait_for(pilot, lambda: "It covers all that is shown" in screen_text(app))
        await pilot.press("q")
        await wait_for(pilot, lambda: app.screen is app.triage)
        await pilot.press("J")
        await wait_for(pilot, lambda: " ✗ the signature is wrong" in seal(app))
        await pilot.press("J")
        await wait_for(pilot, lambda: "encrypted" in seal(app) and "D opens it" in seal(app))
        await pilot.press("J")
        await wait_for(pilot, lambda: "plain" in read(app))
        assert seal(app) == ""
        await pilot.press("K", "K")
        await wait_for(pilot, lambda: " ✗ the signature is wrong" in seal(app))


async def test_an_encrypted_message_is_opened_and_answered_encrypted(mail: World) -> None:
    """What is inside is in memory only; the answer says that it will be encrypted, and in clear it is asked about."""
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("j", "j", "enter")
        await wait_for(pilot, lambda: "D opens it" in seal(app))
        assert "From here" not in read(app)
        await pilot.press("D")
        await wait_for(pilot, lambda: "From here" in read(app))
        assert "open here · ✓ signed by anna@example.org" in seal(app)
        await pilot.press("r")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        composer = app.screen
        assert isinstance(composer, Composer)
        assert "> From here" in composer.body.text
        draft = composer.written()
        assert (draft.protection, draft.encrypt) == (Protection.PGP, True)
        await wait_for(pilot, lambda: "came encrypted" in screen_text(app))
        clear = replace(draft, protection=Protection.NONE, encrypt=False, sign=False)
        remarks = mail.client.concerns(clear).result()
        assert any("goes out in clear" in remark.sentence for remark in remarks)
        assert not any("in clear" in remark.sentence for remark in mail.client.concerns(draft).result())
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.triage)
        await pilot.press("J")
        await wait_for(pilot, lambda: "plain" in read(app))
        await pilot.press("K")
        await wait_for(pilot, lambda: "D opens it" in seal(app))
        assert "From here" not in read(app)


async def test_an_encrypted_message_that_is_not_open_is_answered_encrypted_and_not_forwarded(mail: World) -> None:
    """In the list as in the reader, before D: the answer says so; forwarding asks to open it, and begins nothing."""
    app = mail.app()
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("j", "j")
        await wait_for(pilot, lambda: "D opens it" in seal(app))
        await pilot.press("f")
        await wait_for(pilot, lambda: any("Open it first (D)" in one.message for one in app._notifications))
        assert app.screen is app.triage
        await pilot.press("escape", "r")
        await wait_for(pilot, lambda: isinstance(app.screen, Composer))
        composer = app.screen
        assert isinstance(composer, Composer)
        draft = composer.written()
        assert (draft.protection, draft.encrypt, draft.sign) == (Protection.PGP, True, True)
        assert ">" not in draft.body
        await wait_for(pilot, lambda: "is not open" in screen_text(app))
        await wait_for(pilot, lambda: "will be encrypted, too" in screen_text(app))


async def test_armour_in_the_text_is_read_like_the_other_kind(
    tmp_path: Path,
    gnupg: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Signed: shown without its lines; with words outside: those are marked; encrypted: opened, answered encrypted."""
    monkeypatch.setenv("GNUPGHOME", gnupg)
    sealed = gpg(gnupg, "--armor", "--encrypt", "-r", "anna@example.org", text=b"The code is 1234.\n")
    letters = [Raw(octets=letter(one)) for one in (sealed, b"Pay Eve.\n" + clear(gnupg), clear(gnupg))]
    with world(tmp_path / "home", letters, [WORK]) as made:
        app = made.app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: " ✓ signed by anna@example.org (OpenPGP)" in seal(app))
            await wait_for(pilot, lambda: "Meet me at ten." in read(app) and "BEGIN PGP" not in read(app))
            await pilot.press("J")
            await wait_for(pilot, lambda: " ? the lines marked ¦ are not covered" in seal(app))
            await wait_for(pilot, lambda: "¦ Pay Eve." in read(app))
            await pilot.press("J")
            await wait_for(pilot, lambda: "D opens it" in seal(app))
            await pilot.press("D")
            await wait_for(pilot, lambda: "The code is 1234." in read(app))
            assert "not signed" in seal(app)
            await pilot.press("r")
            await wait_for(pilot, lambda: isinstance(app.screen, Composer))
            composer = app.screen
            assert isinstance(composer, Composer)
            assert "> The code is 1234." in composer.body.text
            assert composer.written().encrypt


async def test_what_is_encrypted_in_a_part_of_a_text_is_opened(
    tmp_path: Path,
    gnupg: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list put a line below it: that is marked, but not in the answer, which is encrypted."""
    monkeypatch.setenv("GNUPGHOME", gnupg)
    sealed = gpg(gnupg, "--armor", "--encrypt", "-r", "anna@example.org", text=b"The code is 1234.\n")
    with world(tmp_path / "home", [Raw(octets=letter(sealed + b"The list\n"))], [WORK]) as made:
        app = made.app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: "D opens it" in seal(app))
            await pilot.press("D")
            await wait_for(pilot, lambda: "The code is 1234." in read(app) and "¦ The list" in read(app))
            assert "open here · ? the lines marked ¦ are not covered" in seal(app)
            await pilot.press("r")
            await wait_for(pilot, lambda: isinstance(app.screen, Composer))
            composer = app.screen
            assert isinstance(composer, Composer)
            assert "> The code is 1234.\n" in composer.body.text
            assert "> The list" in composer.body.text
            assert composer.written().encrypt


THUNDERBIRD = b"""Content-Type: multipart/mixed; boundary="in"; protected-headers="v1"\r
From: Bob <bob@example.org>\r
To: Anna Berg <anna@example.org>, Carl <carl@example.org>\r
Subject: The secret\r
 garden\r
Authentication-Results: mx.example.org; dkim=pass\r
\r
--in\r
Content-Type: text/plain; charset=utf-8\r
\r
Under the apple tree.\r
--in--\r
"""


async def test_the_subject_inside_is_shown_and_no_other_field(
    tmp_path: Path,
    gnupg: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Thunderbird writes it: one subject, every recipient once; an answer does not tell it in clear."""
    monkeypatch.setenv("GNUPGHOME", gnupg)
    sealed = gpg(gnupg, "--armor", "--encrypt", "-r", "anna@example.org", text=THUNDERBIRD)
    head = (
        b"From: Anna Berg <anna@example.org>\r\nTo: anna@example.org, Carl <carl@example.org>\r\n"
        b"Subject: ...\r\nMIME-Version: 1.0\r\n"
    )
    with world(tmp_path / "home", [Raw(octets=head + pgp_encrypted(sealed))], [WORK]) as made:
        app = made.app()
        async with app.run_test(size=(160, 48)) as pilot:
            await pilot.press("enter")
            await wait_for(pilot, lambda: "D opens it" in seal(app))
            await pilot.press("D")
            await wait_for(pilot, lambda: "Under the apple tree." in read(app))
            assert read(app).count("The secret garden") == 1
            assert "subjects" not in read(app)
            message = app.triage.reading.message
            assert message is not None
            assert [one.email for one in message.to] == ["anna@example.org", "carl@example.org"]
            assert [one.email for one in message.from_] == ["anna@example.org"]
            assert not [name for name, _ in message.headers if name.lower() == "authentication-results"]
            await pilot.press("r")
            await wait_for(pilot, lambda: isinstance(app.screen, Composer))
            composer = app.screen
            assert isinstance(composer, Composer)
            assert composer.written().subject == "Re: ..."
            await wait_for(pilot, lambda: "Its subject came encrypted" in screen_text(app))


async def test_the_mark_of_a_signed_text_stays_when_it_is_opened(
    tmp_path: Path,
    gnupg: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is shown then has no armour any more."""
    monkeypatch.setenv("GNUPGHOME", gnupg)
    with world(tmp_path / "home", [Raw(octets=letter(clear(gnupg))), Letter("Other", age=1e9)], [WORK]) as made:
        app = made.app()
        async with app.run_test(size=(160, 48)) as pilot:
            await wait_for(pilot, lambda: " ✓ signed by" in seal(app) and "BEGIN PGP" not in read(app))
            await pilot.press("enter")
            await wait_for(pilot, lambda: app.triage.place is Place.READER)
            assert " ✓ signed by anna@example.org" in seal(app)
            await pilot.press("r")
            await wait_for(pilot, lambda: isinstance(app.screen, Composer))
            composer = app.screen
            assert isinstance(composer, Composer)
            assert "> Meet me at ten." in composer.body.text
            assert "PGP" not in composer.body.text
            assert not composer.written().encrypt
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is app.triage)
            await pilot.press("h", "h")
            assert " ✓ signed by anna@example.org" in seal(app)
            await pilot.press("J")
            await wait_for(pilot, lambda: "neighbour" in read(app))
            assert seal(app) == ""
