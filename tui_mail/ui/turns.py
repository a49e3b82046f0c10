"""Keys in their turn: each is answered, to its end, before the next one is looked at.

What belongs here: waiting until the screen is what a key made of it. What must never be here: what keys mean.

Textual hands a key to the widget that has the focus, and what comes of it goes from queue to queue: a field tells its
dialog, the dialog goes away, and what was chosen is done in a later turn of the loop. Keys that are typed at once, or
while the machine is busy, would overtake that, and what was meant for a picker or a search would be done to messages.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App, ScreenStackError
from textual.events import Key, Paste
from textual.screen import Screen

from tui_mail.ui.bridge import Bridge
from tui_mail.ui.widgets.line_view import LineView

ANSWERING = 2.0
"""Seconds that a key may take until the next one is looked at all the same; it takes a thousandth of that."""
GIVE_UP = ("escape", "ctrl+q")
"""Keys of somebody who does not wait for what is to open."""
ROUNDS = 6
"""How often everybody on the way of a key is asked, at most, whether something is left to do."""

Typed = Key | Paste


class Turns:
    """What was typed and is not answered yet."""

    def __init__(self, app: App[Any], answer: Callable[[Typed], Awaitable[bool]], bridge: Bridge) -> None:
        """`answer` hands a key on, and says True when nothing is left to be waited for but what is opening."""
        self._app = app
        self._answer = answer
        self._bridge = bridge
        self._typed: deque[Typed] = deque()
        self._came = asyncio.Event()
        self._is_running = False
        self._is_over = False

    def take(self, event: Typed) -> None:
        """It was typed."""
        if self._is_over:
            return
        if not self._gives_up(event):
            self._typed.append(event)
        self._came.set()
        if not self._is_running:
            self._is_running = True
            self._app.run_worker(self._run(), name="keys", group="keys")

    def end(self) -> None:
        """The program is being left: what was typed after that is done to nothing."""
        self._is_over = True
        self._typed.clear()

    async def _run(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            try:
                while self._typed:
                    for event in self._parted(self._typed.popleft()):
                        if not self._is_over:
                            await self._turn(event)
            except ScreenStackError:  # the program ends
                return

    def _gives_up(self, event: Typed) -> bool:
        """Whether this ends the waiting for what opens, and does nothing else; what was typed for that is forgotten."""
        first, *others = self._parted(event)
        if not isinstance(first, Key) or first.key not in GIVE_UP or _comes_unasked(self._app.screen):
            return False
        if not self._bridge.give_up():
            return False
        self._typed.clear()
        self._typed.extend(others)
        return first.key == "escape"

    def _parted(self, event: Typed) -> list[Typed]:
        """Esc and a key in one piece look like Alt and that key, which means something where text is written only."""
        if not isinstance(event, Key) or not event.key.startswith("alt+") or not event.is_printable:
            return [event]
        if not isinstance(self._app.focused, LineView):
            return [event]
        return [Key("escape", "\x1b"), Key(event.key.removeprefix("alt+"), event.character)]

    async def _turn(self, event: Typed) -> None:
        screen = self._app.screen
        is_done = await self._answer(event)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERING):
                if not is_done:
                    await self._settled()
        while self._bridge.is_opening:
            if _comes_unasked(self._app.screen):
                await self._answered_first(self._app.screen)
            await asyncio.sleep(0.001)
        if self._app.screen is not screen:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWERING):
                    await self._opened(self._app.screen)

    async def _answered_first(self, question: Screen[object]) -> None:
        """What is waited for may need the answer; what was typed before the question came waits on."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERING):
                await self._opened(question)
        held = list(self._typed)
        self._typed.clear()
        while self._app.screen is question and not self._is_over:
            if self._typed and not await self._answer(self._typed.popleft()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ANSWERING):
                        await self._settled()
            await asyncio.sleep(0.001)
        self._typed.extendleft(reversed(held))

    async def _settled(self) -> None:
        """Everybody on the way from the focus up has nothing left to do."""
        for number in range(ROUNDS):
            screen = self._app.screen
            pumps = (screen.focused or screen).ancestors_with_self
            for pump in pumps:
                heard = asyncio.Event()
                if pump.call_later(heard.set):
                    await heard.wait()
            if number and self._app.screen is screen and not any(pump.message_queue_size for pump in pumps):
                return

    async def _opened(self, screen: Screen[object]) -> None:
        """It is there, and what is to have the focus in it has it."""
        while self._app.screen is screen:
            if screen.is_mounted and (screen.focused is not None or not screen.focus_chain):
                return
            await asyncio.sleep(0.001)


def _comes_unasked(screen: Screen[object]) -> bool:
    return bool(getattr(screen, "COMES_UNASKED", False))
