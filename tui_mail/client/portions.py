"""Large messages, as a person has them: the text at once, a file when it is asked for, the whole when that is needed.

What belongs here: wishing, and waiting for what was wished. What must never be here: fetching (sync/granting), where
files go (`saving`). A message is never taken for whole when it is not: `raw` gives octets that are all there, or none.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tui_mail.errors import MailError, NotFound
from tui_mail.excerpt import PARTIAL_FROM, TEXT, WHOLE, Away, Excerpt
from tui_mail.model import BodyArrived, Event, Message
from tui_mail.sizes import size_label
from tui_mail.store import bodies, excerpts, messages, parts, places
from tui_mail.store.database import Database
from tui_mail.store.excerpts import Wish
from tui_mail.sync.pulse import wake_engine
from tui_mail.text import SafeText, safe_line

if TYPE_CHECKING:
    from tui_mail.client.parsed import ParsedMessages
    from tui_mail.model import AccountStatus
    from tui_mail.paths import Paths

PATIENCE = 900.0
"""Seconds without a single octet after which nobody waits for a part any more."""
OPEN_PATIENCE = 120.0
LOOK = 0.03
"""Seconds between two looks at a wish…"""
OFTEN_SECONDS, SELDOM_LOOK = 60.0, 0.5
"""…and, once it is so old, between the others."""

Progress = Callable[[int], None]
Stopped = Callable[[], bool]


class _Granter(Protocol):
    def grant(self) -> None: ...


class Withdrawn(MailError):
    """A person does not want it any more."""


class Portions:
    """The half of MailClient for messages of which not all is here."""

    paths: Paths
    _db: Database
    _parsed: ParsedMessages

    def excerpt(self, message_id: int) -> Excerpt | None:
        """What is here of a message that is not here whole; None when that is nothing."""
        return excerpts.load(self._db.read_bodies(), message_id)

    def is_readable(self, message_id: int) -> bool:
        """Whether a message is here, or its text."""
        sql = self._db.read_bodies()
        return excerpts.is_here(sql, message_id) or bodies.load(sql, message_id) is not None

    def request_text(self, message_id: int) -> None:
        """Have enough of a message fetched to read it, before anything else; BodyArrived follows.

        Of a large one that is its text; its files stay on the server.
        """
        place = places.place_of(self._db.read(), message_id)
        account = messages.account_of(self._db.read(), message_id)
        if place is None or account is None or place[3] < PARTIAL_FROM:
            self.request_body(message_id)
            return
        wished = self._wish(account, Wish(message_id, TEXT, "", 0))
        about = (account, message_id, wished)
        wait = threading.Thread(target=self._tell_when_granted, args=about, name="text-wait", daemon=True)
        wait.start()

    def whole(self, message_id: int, progress: Progress = lambda _: None, stopped: Stopped = lambda: False) -> bytes:
        """The octets of a message, fetched if need be, of a large one in portions. Blocks. Raises MailError."""
        raw = self.raw(message_id)
        if raw is not None:
            return raw
        account = messages.account_of(self._db.read(), message_id)
        if account is None:
            raise NotFound("This message is not on this computer, and its server no longer has it where it was.")
        self._granted(account, Wish(message_id, WHOLE, "", 0), progress, stopped)
        raw = self.raw(message_id)
        if raw is None:
            raise NotFound("The message did not come; it is safe on its server. Try again later.")
        self._parsed.drop(message_id)
        return raw

    def file(
        self, message_id: int, index: int, progress: Progress = lambda _: None, stopped: Stopped = lambda: False
    ) -> Path:
        """A file with the content of an attachment that is on the server, fetched if need be. Blocks.

        Raises NotFound when the message has no such attachment on the server, and whatever kept it away.
        """
        account = messages.account_of(self._db.read(), message_id)
        away = self._away(message_id, index)
        path = parts.place(self._db, message_id, away.section)
        if account is not None and not path.is_file():
            self._granted(account, Wish(message_id, away.section, away.encoding, away.octets), progress, stopped)
        if not path.is_file():
            raise NotFound("The attachment did not come; it is safe on its server. Try again later.")
        return path

    def readable_octets(self, message_id: int) -> bytes | None:
        """The octets that `message` was read from: never to be taken for the message as it is. Blocks on the disk."""
        raw = self.raw(message_id)
        excerpt = self.excerpt(message_id) if raw is None else None
        return raw if excerpt is None else excerpt.octets

    def octets_with(self, message_id: int, index: int) -> bytes | None:
        """Octets out of which this attachment can be taken; None when it is on the server only. Blocks on the disk."""
        raw = self.raw(message_id)
        excerpt = self.excerpt(message_id) if raw is None else None
        if excerpt is None:
            return raw
        return None if any(one.index == index for one in excerpt.away) else excerpt.octets

    def fetched_file(self, message_id: int, index: int) -> Path | None:
        """The same, if it is here already."""
        with contextlib.suppress(NotFound):
            path = parts.place(self._db, message_id, self._away(message_id, index).section)
            return path if path.is_file() else None
        return None

    def _away(self, message_id: int, index: int) -> Away:
        excerpt = self.excerpt(message_id)
        for away in excerpt.away if excerpt is not None else ():
            if away.index == index:
                return away
        raise NotFound(f"The message has no attachment number {index} on its server.")

    def _wish(self, account: str, wish: Wish) -> Future[None]:
        wished = excerpts.wish(self._db, account, wish)
        wished.add_done_callback(lambda _: self._nudge(account))
        return wished

    def _granted(self, account: str, wish: Wish, progress: Progress, stopped: Stopped) -> None:
        """Wish for it, and wait until it came. Raises what kept it away."""
        path = parts.unfinished(parts.place(self._db, wish.message_id, wish.section))
        self._wish(account, wish).result()
        came, heard = -1, time.monotonic()
        nudged = heard
        for problem in self._looks(wish.message_id, wish.section):
            if problem:
                raise MailError(problem)
            if stopped():
                self._withdraw(wish)
                raise Withdrawn("Stopped. Nothing of it was kept; it is safe on the server.")
            with contextlib.suppress(OSError):
                size = path.stat().st_size
                if size != came:
                    came, heard = size, time.monotonic()
                    progress(size)
            now = time.monotonic()
            if now - nudged > 2.0:  # an engine may have started only now
                nudged = now
                self._nudge(account)
                if came < 0:
                    self._refuse_without_line(account, wish)
            if now - heard > (PATIENCE if came >= 0 else OPEN_PATIENCE):
                self._withdraw(wish)
                raise NotFound("Nothing came for minutes; it is safe on the server. Try again later.")

    def _looks(self, message_id: int, section: str) -> Iterator[str]:
        """What became of a wish, again and again while it is kept alive: nothing yet, then perhaps a problem.

        Ends when it came, or behind the problem. Whoever looks no longer leaves it to itself.
        """
        pause, began = threading.Event(), time.monotonic()
        renewed = began
        while (problem := excerpts.problem_of(self._db.read_bodies(), message_id, section)) is not None:
            if problem:
                excerpts.settle(self._db, message_id, section).result()
                yield problem
                return
            yield ""
            now = time.monotonic()
            if now - renewed > excerpts.RENEW_SECONDS:
                renewed = now
                excerpts.renew(self._db, message_id, section)
            pause.wait(LOOK if now - began < OFTEN_SECONDS else SELDOM_LOOK)

    def _withdraw(self, wish: Wish) -> None:
        excerpts.settle(self._db, wish.message_id, wish.section).result()

    def _nudge(self, account: str) -> None:
        worker = self._workers.get(account)
        if worker is not None:
            worker.grant()
        else:
            wake_engine(self.paths)

    def _refuse_without_line(self, account: str, wish: Wish) -> None:
        status = next((one for one in self.statuses() if one.account == account), None)
        if status is not None and status.state.is_down:
            self._withdraw(wish)
            failure = MailError(f"It is on the server, which cannot be reached. {status.sentence}")
            failure.exit_code = status.exit_code or failure.exit_code
            raise failure

    def _tell_when_granted(self, account: str, message_id: int, wished: Future[None]) -> None:
        """Tell that the text came, or why not: whoever talks to the server may be another process."""
        told_down, deadline = False, time.monotonic() + PATIENCE
        with contextlib.suppress(MailError):  # the store was closed
            wished.result()
            for problem in self._looks(message_id, TEXT):
                if problem:
                    self._emit(BodyArrived(message_id, safe_line(problem)))
                    return
                status = next((one for one in self.statuses() if one.account == account), None)
                if status is not None and status.state.is_down and not told_down:
                    told_down = True
                    self._emit(BodyArrived(message_id, status.sentence))
                if time.monotonic() > deadline:
                    return
            said = "" if self.is_readable(message_id) else "it did not come; try again later."
            self._emit(BodyArrived(message_id, SafeText(said)))

    # --- what the other halves have

    if TYPE_CHECKING:

        @property
        def _workers(self) -> Mapping[str, _Granter]: ...

        def raw(self, message_id: int) -> bytes | None:
            """As Reading."""

        def request_body(self, message_id: int) -> None:
            """As MailClient."""

        def statuses(self) -> list[AccountStatus]:
            """As MailClient."""

        def _emit(self, event: Event) -> None: ...


def with_files_away(message: Message, excerpt: Excerpt) -> Message:
    """A parsed excerpt, and what of the message is on the server only."""
    away = {one.index: one for one in excerpt.away}
    listed = tuple(
        replace(part, size=away[part.index].size, away=True) if part.index in away else part
        for part in message.attachments
    )
    words = list[str]()
    if excerpt.cut:
        words.append(f"{size_label(excerpt.cut)} more of its text")
    files = sum(1 for part in listed if part.away)
    if files:
        words.append(f"{files} file{'s' * (files != 1)}")
    what = " and ".join(words) or "the rest"
    sentence = safe_line(f"{size_label(excerpt.size)}: what you see is here, {what} on the server")
    return replace(message, attachments=listed, away=sentence)
