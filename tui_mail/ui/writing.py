"""Which messages are being written: going from one to the next, leaving, sending and taking back.

What belongs here: the open composers and the order between them and the inbox. What must never be here: how a draft
begins (`beginning`), fields and texts (`screens/compose`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ScreenStackError

from tui_mail.errors import MailError
from tui_mail.outgoing import Begun, Draft, OutboxEntry, SendState
from tui_mail.text import SafeText
from tui_mail.ui.sendings import Sendings
from tui_mail.ui.widgets.cells import clip, steady
from tui_mail.ui.widgets.outbox_text import KEPT, NOBODY, sending_runs, state_run

if TYPE_CHECKING:
    from tui_mail.ui.screens.compose import Composer
    from tui_mail.ui.screens.outbox import Outbox
    from tui_mail.ui.screens.triage import Triage

AGAIN_SECONDS = 5.0
"""How long "press again" waits."""
PATIENCE = 3.0
"""Seconds that leaving the program waits for drafts to be kept."""

_OTHERS = "This goes to those only who have not got it; the others keep theirs."

ANEW = -1
"""Return code of the app when it is to be opened once more."""


class Writing:
    """The drafts that are open beside the inbox."""

    def __init__(self, triage: Triage) -> None:
        self.client = triage.client
        self.bridge = triage.bridge
        self.keymap = triage.keymap
        self.open: list[Composer] = []
        """In the order of the tabs."""
        self.outbox: Outbox | None = None
        """While it is shown."""
        self._triage = triage
        self._sent: dict[int, tuple[Composer | None, int]] = {}
        """By number in the outbox: the composer of what was just sent, if any, and the newest action before it."""
        self._number = 0
        self._leaving = 0.0
        self.sendings = Sendings(self.client, self.bridge, self._sendings_came, triage.problem)

    @property
    def front(self) -> Composer | None:
        """The composer that is before the inbox."""
        stack = self._triage.app.screen_stack if self._triage.is_attached else []
        return next((one for one in self.open if one in stack), None)

    def begun(self, begun: Begun) -> None:
        """Open a draft that began, and bring it to the front; one that is open already is not opened twice."""
        from tui_mail.ui.screens.compose import Composer

        known = next((one for one in self.open if one.holds(begun.draft)), None)
        if known is None:
            known = Composer(self, begun)
            self._number += 1
            self._triage.app.install_screen(known, f"composer-{self._number}")
            self.open.append(known)
        self.show(known)

    # --- going from one to another

    def show(self, composer: Composer | None) -> None:
        """Bring a composer to the front, or (None) the inbox."""
        app, front = self._triage.app, self.front
        if composer is front:
            return
        if composer is None:
            app.pop_screen()
        elif front is None:
            app.push_screen(composer)
        else:
            app.switch_screen(composer)
        self.say_state()

    def step(self, step: int) -> None:
        """To the next or previous of the inbox and the open drafts."""
        if not self.open:
            self._say(f"No draft is open · {self.keymap.shown('mail.compose')} begins one")
            return
        ring = [None, *self.open]
        self.show(ring[(ring.index(self.front) + step) % len(ring)])

    def show_last(self) -> None:
        """To the draft that was opened last."""
        if self.open:
            self.show(self.open[-1])
        else:
            self.step(1)

    def show_outbox(self) -> None:
        """What is being sent, over whatever is in front."""
        from tui_mail.ui.screens.outbox import Outbox

        self.outbox = Outbox(self)

        def closed(_: None) -> None:
            self.outbox = None

        self._triage.app.push_screen(self.outbox, closed)

    # --- leaving a composer

    def keep(self, composer: Composer) -> None:
        """Back to the inbox; what was written stays as a draft, in the Drafts folder too."""
        if composer is self.front:
            self.show(None)

        def kept(_: Draft) -> None:
            self._close(composer)
            self._say(f"Kept as a draft · {self.keymap.shown('go.drafts')} shows it")

        def failed(error: MailError) -> None:
            composer.drafting.resume()
            composer.problem(error)
            self._triage.problem(error)

        def settled() -> None:
            future = composer.drafting.last()
            if future is not None:
                self.bridge.when_done(future, kept, failed)
                return
            self._close(composer)
            if composer.drafting.is_leftover:
                self.bridge.when_done(
                    self.client.discard_draft(composer.drafting.draft), lambda _: None, self._triage.problem
                )

        composer.drafting.settle(settled)

    def discard(self, composer: Composer) -> None:
        """Back to the inbox; the draft is gone."""
        if composer is self.front:
            self.show(None)
        worth_saying = composer.drafting.changed

        def settled() -> None:
            draft = composer.drafting.draft
            self._close(composer)
            if draft.id or draft.copy:
                self.bridge.when_done(self.client.discard_draft(draft), gone, self._triage.problem)
            else:
                gone(None)

        def gone(_: None) -> None:
            if worth_saying:
                self._say("Draft discarded.")

        composer.drafting.settle(settled)

    def sent(self, composer: Composer | None, entry: OutboxEntry) -> None:
        """It is in the outbox now; its composer, if a person wrote it, is held ready until it is on its way."""
        if composer is not None and composer is self.front:
            self.show(None)
        if composer in self.open:
            self.open.remove(composer)
        self._sent[entry.id] = (composer, self.client.next_undo())
        self._triage.outcome.forget()
        self.sendings.ask()
        words, _ = state_run(entry, time.time())
        subject = clip(steady(entry.subject), 30) or "(no subject)"
        self._say(f"“{subject}” · {words.rpartition(' in ')[0] or words}")  # the seconds run beside it

    def take_newest_back(self) -> bool:
        """Undo sending, if that is what was done last; False when it is not."""
        if not self._sent:
            return False
        newest = max(self._sent)
        if self.client.next_undo() > self._sent[newest][1]:
            return False
        self.take_back(newest)
        return True

    def take_back(
        self, outbox_id: int, then: Callable[[], object] = lambda: None,
        failed: Callable[[MailError], None] | None = None,
    ) -> None:  # fmt: skip
        """Take a message out of the outbox, and go on writing it: with everything as it was, if it was just sent."""
        was_just_sent = self._sent.get(outbox_id, (None, 0))[0] is not None

        def done(draft: Draft | None) -> None:
            composer, _ = self._sent.pop(outbox_id, (None, 0))
            self.sendings.ask()
            entry = self.client.outbox_entry(outbox_id)
            nobody = entry is not None and entry.state is SendState.CANCELLED
            if draft is None:
                words = SafeText(NOBODY if nobody else KEPT)
                if not self.say(words):
                    self._triage.say(words)
                return
            then()
            if composer is None or not nobody:  # it names those who have it
                if composer is not None:
                    self._close(composer)
                self.begun(Begun(draft, is_written=not nobody))
            else:
                composer.drafting.reopen(draft)
                self.open.append(composer)
                self.show(composer)
            self.open[-1].say(SafeText(NOBODY if nobody else _OTHERS))

        def refused(error: MailError) -> None:
            self._forget(outbox_id)
            (failed or self._triage.problem)(error)
            self.sendings.ask()

        self.bridge.when_done(self.client.cancel_sending(outbox_id, keep=not was_just_sent), done, refused, opens=True)

    # --- how it stands

    def say(self, words: SafeText) -> bool:
        """A word where the person looks; False when that is the inbox."""
        if self.outbox is not None:
            self.outbox.say(words)
        elif (front := self.front) is not None:
            front.say(words)
        else:
            return False
        return True

    def say_state(self) -> None:
        """Drafts and sending, in the status line."""
        undo = self.keymap.shown("undo") if self._sent else ""
        outbox, drafts = self.keymap.shown("go.outbox"), len(self.open)
        said = sending_runs(self.sendings.entries, drafts, undo, time.time(), outbox)
        self._triage.standing.status.send_runs(said)

    def tick(self) -> None:
        """A second went by."""
        self.sendings.tick()
        if self.open or self.sendings.open:
            self.say_state()

    def leave(self, *, anew: bool = False) -> None:
        """End the program: open drafts are kept first, and who still waits to be sent is said once.

        `anew`: it begins once more at once.
        """
        app = self._triage.app
        waiting = [one for one in self.sendings.open if one.state in (SendState.QUEUED, SendState.SENDING)]
        if waiting and not anew and time.monotonic() - self._leaving > AGAIN_SECONDS:
            self._leaving = time.monotonic()
            many = "1 message is not sent yet" if len(waiting) == 1 else f"{len(waiting)} messages are not sent yet"
            self._say(f"{many} · {self.keymap.shown('quit')} again leaves; it goes on next time")
            return
        for composer in list(self.open):
            self.keep(composer)
        deadline = time.monotonic() + PATIENCE

        def look() -> None:
            if not self.open or time.monotonic() > deadline:
                app.exit(return_code=ANEW if anew else 0)
            else:
                self._triage.set_timer(0.02, look)

        look()

    def close(self) -> None:
        """The program ends, asked or not: what was typed is on the disk before it does."""
        saves = [future for one in self.open if (future := one.drafting.save_for_end()) is not None]
        for future in saves:
            with contextlib.suppress(Exception):
                future.result(PATIENCE / 2)
        self.sendings.close()

    def _sendings_came(self) -> None:
        untried = (one for one in self.sendings.entries if one.state is SendState.QUEUED and not one.attempts)
        waiting = {one.id for one in untried}
        for outbox_id in [one for one in self._sent if one not in waiting and self._is_known(one)]:
            self._forget(outbox_id)
        self.say_state()

    def _is_known(self, outbox_id: int) -> bool:
        return any(entry.id >= outbox_id for entry in self.sendings.entries)

    def _forget(self, outbox_id: int) -> None:
        """It cannot be taken back any more."""
        composer, _ = self._sent.pop(outbox_id, (None, 0))
        if composer is not None:
            self._close(composer)

    def _close(self, composer: Composer) -> None:
        app = self._triage.app
        if composer in self.open:
            self.open.remove(composer)
        with contextlib.suppress(ScreenStackError):
            app.uninstall_screen(composer)
            composer.remove()
        self.say_state()

    def _say(self, words: str) -> None:
        self._triage.say(SafeText(words))
