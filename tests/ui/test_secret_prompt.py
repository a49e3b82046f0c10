"""Questions about secrets on the screen: asked by other threads, answered without showing, and never left waiting."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from tests.ui.world import World, account, screen_text, wait_for, world
from tui_mail.config import secrets
from tui_mail.config.secrets import Place, digest, for_engine, invalidate, keep_secret, secret, stored_in
from tui_mail.errors import SecretUnavailable
from tui_mail.model import Account

SIZES = [(160, 48), (80, 24), (60, 20)]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """No keyring, and nothing remembered."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    with world(tmp_path) as made:
        yield made
    keyring.set_keyring(before)
    secrets._typed.clear()
    secrets._cache.clear()
    secrets._refused.clear()
    secrets._answers.clear()
    secrets._vault = None


def asking() -> Account:
    """An account whose password nobody keeps."""
    made = account("work")
    return replace(made, incoming=replace(made.incoming, password_command=(), auth="password"))


@pytest.mark.parametrize("size", SIZES)
async def test_a_password_is_asked_for_and_not_shown(mail: World, size: tuple[int, int]) -> None:
    """In one line at the bottom; blanks at its ends are part of it."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(secret, asking())
            await wait_for(pilot, lambda: "Password of" in screen_text(app))
            await pilot.press(*"zebra", "space")
            assert "zebra" not in screen_text(app)
            await pilot.press("enter")
            await wait_for(pilot, waiting.done)
            assert waiting.result() == "zebra "
        assert "Password of" not in screen_text(app)


@pytest.mark.parametrize("apart", [False, True], ids=["here", "engine"])
async def test_a_refused_password_is_asked_for_again_and_that_is_said(mail: World, apart: bool) -> None:
    """Whether this process talks to the server, or another; whose password it is can be read beside it."""
    app = mail.app()
    anna = asking()
    anna = replace(anna, incoming=replace(anna.incoming, user="anna@drop.example", host="pop.drop.example"))
    async with app.run_test(size=(80, 24)) as pilot:
        with ThreadPoolExecutor(1) as pool:
            for typed, refused in (("wrong", ""), ("right", digest("wrong"))):
                waiting = pool.submit(for_engine, anna, "incoming", refused) if apart else pool.submit(secret, anna)
                await wait_for(pilot, lambda: "Password of" in screen_text(app))
                assert "Password of anna@drop.example on pop.drop.example:" in screen_text(app)
                assert ("✗ Refused" in screen_text(app)) == (typed == "right")
                await pilot.press(*typed, "enter")
                await wait_for(pilot, waiting.done)
                assert waiting.result() == typed
                await wait_for(pilot, lambda: "Password of" not in screen_text(app))
                if not apart:
                    invalidate(anna, typed)


async def test_who_declines_is_asked_again_after_a_retry(mail: World) -> None:
    app = mail.app()
    async with app.run_test(size=SIZES[0]) as pilot:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(secret, asking())
            await wait_for(pilot, lambda: "Password of" in screen_text(app))
            await pilot.press("escape")
            await wait_for(pilot, waiting.done)
            with pytest.raises(SecretUnavailable, match="Nobody gave the password"):
                waiting.result()
            with pytest.raises(SecretUnavailable):
                pool.submit(secret, asking()).result(10)
            mail.client.retry()
            await wait_for(pilot, lambda: not secrets._declined)
            waiting = pool.submit(secret, asking())
            await wait_for(pilot, lambda: "Password of" in screen_text(app))
            await pilot.press("x", "enter")
            await wait_for(pilot, waiting.done)
            assert waiting.result() == "x"


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_wrong_and_what_is_asked_are_both_read(mail: World, size: tuple[int, int]) -> None:
    """In one line where there is room, else in two; none of it is cut, and there is room to type."""
    app = mail.app()
    async with app.run_test(size=size) as pilot:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(keep_secret, asking(), "incoming", "zebra", Place.VAULT)
            for words, typed in (("New passphrase", "one"), ("again", "two")):
                await wait_for(pilot, lambda words=words: words in screen_text(app))  # type: ignore[misc]
                await pilot.press(*typed, "enter")
            await wait_for(pilot, lambda: "✗ These were two different ones." in screen_text(app))
            last = screen_text(app).splitlines()[-1]
            assert "New passphrase (nobody can recover it):" in last
            assert ("✗" in last) == (size == SIZES[0])
            await pilot.press(*"zebra")
            await wait_for(pilot, lambda: "•••••" in screen_text(app).splitlines()[-1])
            await pilot.press("escape")
            await wait_for(pilot, waiting.done)
            with pytest.raises(SecretUnavailable):
                waiting.result()


async def test_a_vault_is_made_on_the_screen(mail: World) -> None:
    """Its passphrase is typed twice; the screen goes on while the key is derived."""
    app = mail.app()
    async with app.run_test(size=SIZES[0]) as pilot:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(keep_secret, asking(), "incoming", "zebra", Place.VAULT)
            for words, typed in (
                ("New passphrase", "one"),
                ("again", "two"),
                ("two different ones", "one"),
                ("again", "one"),
            ):
                await wait_for(pilot, lambda words=words: words in screen_text(app))  # type: ignore[misc]
                await pilot.press(*typed, "enter")
            await wait_for(pilot, waiting.done, 100)
            waiting.result()
        assert stored_in(Place.VAULT, asking(), "incoming") == "zebra"


async def test_leaving_ends_every_question(mail: World) -> None:
    """Nobody waits for a screen that is gone."""
    app = mail.app()
    with ThreadPoolExecutor(2) as pool:
        async with app.run_test(size=SIZES[0]) as pilot:
            waiting = [pool.submit(secret, replace(asking(), name=name)) for name in ("work", "home")]
            await wait_for(pilot, lambda: "Password of" in screen_text(app))
        for one in waiting:
            with pytest.raises(SecretUnavailable):
                one.result(20)
