"""A list of a million rows costs what thirty cost."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from dataclasses import replace

from textual.app import App, ComposeResult

from tests.ui.test_row_text import ROW
from tui_mail.model import Role, Row
from tui_mail.ui.widgets.message_list import MessageList

MILLION = 1_000_000


class Endless:
    """A source of a million rows that counts what is read."""

    def __init__(self) -> None:
        self.read = 0

    def first_rows(self, folder_id: int, limit: int) -> list[Row]:
        return self.rows(range(MILLION, MILLION - limit, -1))

    def ids(self, folder_id: int) -> array[int]:
        return array("q", range(MILLION, 0, -1))

    def rows(self, ids: Sequence[int]) -> list[Row]:
        self.read += len(ids)
        return [replace(ROW, id=one) for one in ids]


class Alone(App[None]):
    """Nothing but the list."""

    def __init__(self, source: Endless) -> None:
        super().__init__()
        self.list = MessageList(source, id="list")

    def compose(self) -> ComposeResult:
        yield self.list


async def test_a_million_rows_mount_move_and_reload_quickly() -> None:
    """Mounting, End, Home, paging and hiding; only what is near the window is ever read."""
    source = Endless()
    app = Alone(source)
    ids = source.ids(1)
    async with app.run_test(size=(160, 48)) as pilot:
        messages = app.list
        messages.focus()
        began = time.perf_counter()
        number, left_out = messages.listing.reload()
        messages.listing.replace(ids, number, left_out)
        messages.show_listing(messages.listing, Role.INBOX)
        await pilot.pause()
        shown = time.perf_counter() - began
        assert messages.count == MILLION
        began = time.perf_counter()
        messages.move_to(MILLION - 1)
        await pilot.pause()
        messages.page_by(-1)
        await pilot.pause()
        messages.move_to(0)
        await pilot.pause()
        for _ in range(50):
            messages.move_by(1)
        await pilot.pause()
        moved = time.perf_counter() - began
        assert messages.current_id == MILLION - 50
        messages.hide([MILLION - 50])
        assert messages.current_id == MILLION - 51
        assert source.read < 2_000
        assert shown < 1.0
        assert moved < 1.0


async def test_the_cursor_keeps_to_its_message_when_rows_come_and_go() -> None:
    """Identity, not position: inserts above, removals above, and its own removal."""
    source = Endless()
    app = Alone(source)
    async with app.run_test(size=(120, 30)) as pilot:
        messages = app.list

        def show(ids: Sequence[int]) -> None:
            number, left_out = messages.listing.reload()
            messages.replace_ids(array("q", ids), number, left_out)

        show(range(500, 0, -1))
        messages.move_to(200)
        await pilot.pause()
        here, top = messages.current_id, messages.listing.id_at(messages.top)
        show(range(510, 0, -1))
        await pilot.pause()
        assert messages.current_id == here
        assert messages.listing.id_at(messages.top) == top
        assert messages.above == 10
        show([one for one in range(510, 0, -1) if one % 7 or one == here])
        assert messages.current_id == here
        show([one for one in range(510, 0, -1) if one != here])
        assert messages.current_id not in (0, here)
