"""When a draft that is being typed is written to the disk, and in which order.

What belongs here: the pace of saving, and that an older version never overtakes a newer one. What must never be here:
widgets; what the draft says is asked of the composer.

A pause of the keys saves, and so does typing on and on: a program that is killed loses what was typed in the last
second and a half. The Drafts folder gets a version once a minute at most, and the last one when the composer closes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

from textual.timer import Timer

from tui_mail.errors import MailError
from tui_mail.outgoing import Draft
from tui_mail.text import SafeText
from tui_mail.ui.bridge import Bridge
from tui_mail.ui.widgets.status_line import ago

PAUSE = 0.7
"""Seconds without a change after which a draft is saved."""
LONGEST = 1.5
"""Seconds that a change waits for that at most."""
SOON = 0.01
"""Seconds: Textual divides by the interval of a timer."""
KEEP_EVERY = 60.0
"""Seconds between two versions in the Drafts folder while typing goes on."""
AGAIN = 5.0
"""Seconds after which a save that failed is tried again."""


class Shelf(Protocol):
    """Where drafts are saved: MailClient."""

    def save_draft(self, draft: Draft) -> Future[Draft]:
        """On this disk."""

    def keep_draft(self, draft: Draft) -> Future[Draft]:
        """Also in the Drafts folder."""


class Drafting:
    """One draft while it is written."""

    def __init__(
        self, shelf: Shelf, bridge: Bridge, set_timer: Callable[[float, Callable[[], None]], Timer],
        written: Callable[[], Draft], told: Callable[[], None], draft: Draft,
    ) -> None:  # fmt: skip
        """`written` gives what stands in the fields; `told` is called when a save was done or failed."""
        self.draft = draft
        """As it was saved last, or began."""
        self.problem = SafeText("")
        """Why the last save failed."""
        self.changed = False
        """True once anything of it is other than it began."""
        self._first = draft
        self._shelf = shelf
        self._bridge = bridge
        self._set_timer = set_timer
        self._written = written
        self._told = told
        self._timer: Timer | None = None
        self._unsaved_since = 0.0
        self._saved_at = 0.0
        self._kept_at = time.monotonic()
        self._kept = True
        self._busy = False
        self._over = False
        self._then: Callable[[], None] | None = None
        self._ended = asyncio.Event()
        """A save was done, or failed."""

    @property
    def is_worth_keeping(self) -> bool:
        """It says something, and something else than it began with."""
        now = self.snapshot()
        return self.changed and not now.is_blank and _bare(now) != _bare(self._first)

    @property
    def is_leftover(self) -> bool:
        """It was saved while it was typed, and says nothing any more."""
        return bool(self.draft.id) and not self._first.id and not self.is_worth_keeping

    @property
    def words(self) -> str:
        """How safe what was typed is."""
        if self.problem:
            return f"not saved: {self.problem}"
        if not self._saved_at:
            return "saved as a draft" if self.draft.id and not self.changed else ""
        return f"draft saved {ago(time.monotonic() - self._saved_at)} ago"

    def snapshot(self) -> Draft:
        """What stands in the fields, as the draft that the store knows."""
        now, known = self._written(), self.draft
        return replace(now, id=known.id, message_id=known.message_id, copy=known.copy, updated=known.updated)

    def note(self) -> None:
        """Something was typed."""
        if self._over:
            return
        now = time.monotonic()
        self.changed = True
        self._kept = False
        self._unsaved_since = self._unsaved_since or now
        self._wait(min(PAUSE, self._unsaved_since + LONGEST - now))

    async def save_now(self) -> bool:
        """Have what stands in the fields on the disk before anything else is done; False when that failed."""
        while self._busy:
            await self._ended.wait()
        self._unsaved_since = self._unsaved_since or time.monotonic()
        self._stop()
        self._save()
        while self._busy:
            await self._ended.wait()
        return not self.problem and not self._over

    def settle(self, then: Callable[[], None]) -> None:
        """Do `then` once no save is under way; none begins before `resume`."""
        self._over = True
        self._stop()
        if self._busy:
            self._then = then
        else:
            then()

    def resume(self) -> None:
        """It goes on: what `settle` was called for did not happen."""
        self._over = False
        if self._unsaved_since:
            self._wait(PAUSE)

    def reopen(self, draft: Draft) -> None:
        """It was sent and taken back: whatever it says is worth keeping."""
        self.draft = draft
        self.take_as_written()
        self.resume()

    def take_as_written(self) -> None:
        """All that it says is worth keeping, whoever wrote it."""
        self._first = Draft(self.draft.account)
        self.changed, self._kept = True, False

    def last(self) -> Future[Draft] | None:
        """Write it a last time, in the Drafts folder too; None when that is there already, or there is nothing."""
        draft = self.snapshot()
        if not self.is_worth_keeping or (self._kept and not self._unsaved_since):
            return None
        self._unsaved_since = 0.0
        return self._shelf.keep_draft(draft)

    def save_for_end(self) -> Future[Draft] | None:
        """Write what is not written: the program ends now. None when all is written."""
        draft = self.snapshot()
        return self._shelf.save_draft(draft) if self._unsaved_since and not draft.is_blank else None

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._timer = self._set_timer(max(SOON, seconds), self._save)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _save(self) -> None:
        self._timer = None
        if self._busy or self._over:  # what is being saved gives its id to what comes after it
            return
        draft = self.snapshot()
        if draft.is_blank and not draft.id:
            self._unsaved_since = 0.0
            return
        began = time.monotonic()
        keep = began - self._kept_at > KEEP_EVERY
        self._busy, self._unsaved_since = True, 0.0
        self._ended.clear()

        def done(saved: Draft) -> None:
            self._busy = False
            self.draft = saved
            self.problem = SafeText("")
            self._saved_at = time.monotonic()
            if keep:
                self._kept_at, self._kept = began, not self._unsaved_since
            self._go_on(PAUSE)

        def failed(error: MailError) -> None:
            self._busy = False
            self.problem = error.shown
            self._unsaved_since = self._unsaved_since or began
            self._go_on(AGAIN)

        save = self._shelf.keep_draft if keep else self._shelf.save_draft
        self._bridge.when_done(save(draft), done, failed)

    def _go_on(self, seconds: float) -> None:
        self._ended.set()
        then, self._then = self._then, None
        if then is not None:
            then()
            return
        if self._unsaved_since and not self._over:
            self._wait(seconds if self.problem else min(seconds, self._unsaved_since + LONGEST - time.monotonic()))
        self._told()


def _bare(draft: Draft) -> Draft:
    """What it says, without what the store adds."""
    return replace(draft, id=0, message_id="", copy=0, updated=0)
