"""One IMAP folder, made to agree: what changed since last time, what is new, what is still to be read downwards.

What belongs here: the folder algorithm, a thin loop around `plan`. What must never be here: threads, queues,
retrying (the account worker does that), or what a person did (replay).

The rules that keep it safe after a crash anywhere: progress (`uidnext`, `highestmodseq`, `synced_min_uid`) is
stored in the same transaction as everything it speaks of, and reading a range twice changes nothing.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from tui_mail.mime.headers import parse_headers
from tui_mail.model import Flag
from tui_mail.net.imap import FlagUpdate, HeaderRow, ImapSession, Selected, UidSet
from tui_mail.store import folders, messages
from tui_mail.store.database import Database, Transaction
from tui_mail.store.folders import FolderState
from tui_mail.store.messages import Arrival, ServerFlags
from tui_mail.sync import plan

RECENT_FLAGS = 500
"""Without CONDSTORE, flags of this many newest messages are compared at every visit…"""
FULL_SCAN_SECONDS = 600
"""…and of all of them this often, and at the first visit of a connection."""


@dataclass(slots=True)
class Backlog:
    """What of a folder is still to be read downwards; `uids` ascending, as the server listed them."""

    uids: array[int]
    size: int = plan.WINDOW_FIRST
    stored: Future[None] | None = None
    """The write of the window before, which runs while the next window is read."""


@dataclass(slots=True)
class FolderSync:
    """The folder algorithm for one account on one connection. Not thread-safe: the worker's own."""

    session: ImapSession
    db: Database
    account_id: int
    backlogs: dict[int, Backlog] = field(default_factory=dict)
    selected: tuple[int, Selected] | None = None
    scanned: set[int] = field(default_factory=set)

    def refresh(self, folder_id: int) -> bool:
        """Bring what changed since the last visit; True when older messages are still to be read."""
        state = folders.state(self.db.read(), folder_id)
        if state is None or not state.selectable:
            return False
        state, selected = self._open(state)
        if state.synced_min_uid == 0:
            self._first_rows(state, selected)
        else:
            self._changes(state, selected)
            self._arrivals(state)
        self._settle_expected(folder_id)
        state = folders.state(self.db.read(), folder_id)
        return state is not None and not state.complete

    def open(self, folder_id: int, *, writable: bool = False) -> FolderState | None:
        """Select the folder for other work (bodies, replay); None when it is gone or its UIDs are no longer ours."""
        state = folders.state(self.db.read(), folder_id)
        if state is None:
            return None
        if self.selected is not None and self.selected[0] == folder_id:
            return state
        state, _ = self._open(state)
        return None if state.synced_min_uid == 0 else state

    def backfill(self, folder_id: int) -> bool:
        """Read one window further down; True when there is more."""
        state = folders.state(self.db.read(), folder_id)
        if state is None or state.complete or state.synced_min_uid == 0:
            self.finish_writes(folder_id)
            return False
        state, _ = self._open(state)
        if state.synced_min_uid == 0:
            return False
        backlog = self.backlogs.get(folder_id)
        if backlog is None:
            below = state.synced_min_uid
            backlog = self.backlogs[folder_id] = Backlog(
                array("q", (uid for uid in self.session.all_uids() if uid < below))
            )
        below = backlog.uids[-1] + 1 if backlog.uids else 0
        window = plan.lower_window(backlog.uids, below, backlog.size)
        if window is None:
            self.finish_writes(folder_id)
            self.db.run(lambda txn: folders.set_progress(txn, folder_id, synced_min_uid=1))
            self.backlogs.pop(folder_id, None)
            return False
        began = time.monotonic()
        low, high = window
        arrivals = [self._arrival(row) for row in self.session.headers(f"{low}:{high}") if low <= row.uid <= high]
        count = min(backlog.size, len(backlog.uids))
        del backlog.uids[-count:]
        self.finish_writes(folder_id)
        lowest = low if backlog.uids else 1
        backlog.stored = self.db.write(lambda txn: self._store(txn, folder_id, arrivals, synced_min_uid=lowest))
        backlog.size = plan.next_window_size(backlog.size, time.monotonic() - began)
        if not backlog.uids:
            self.finish_writes(folder_id)
            self.backlogs.pop(folder_id, None)
            return False
        return True

    def finish_writes(self, folder_id: int) -> None:
        """Wait for the window that is being stored. Raises what went wrong with it."""
        backlog = self.backlogs.get(folder_id)
        if backlog is not None and backlog.stored is not None:
            stored, backlog.stored = backlog.stored, None
            try:
                stored.result()
            except BaseException:
                self.backlogs.pop(folder_id, None)  # read again from where the store really is
                raise

    # --- steps --------------------------------------------------------------------------------

    def _open(self, state: FolderState) -> tuple[FolderState, Selected]:
        """Select the folder unless it is, and start it over when its UIDs lost their meaning."""
        if self.selected is not None and self.selected[0] == state.id:
            return state, self.selected[1]
        self.selected = None
        ours = (state.uidvalidity, state.highestmodseq, state.uidnext)
        known = ours if self.session.has_qresync and all(ours) else None
        selected = self.session.open_folder(state.name, known=known)
        self.selected = (state.id, selected)
        known_progress = plan.Known(state.uidvalidity, state.uidnext, state.highestmodseq, state.synced_min_uid)
        if plan.must_restart(known_progress, selected.uidvalidity, selected.uidnext):
            self.db.run(lambda txn: self._restart(txn, state.id))
            self.backlogs.pop(state.id, None)
            renewed = folders.state(self.db.read(), state.id)
            assert renewed is not None
            return renewed, selected
        if known is not None and (selected.flags or selected.vanished):
            self.db.run(lambda txn: self._apply(txn, state.id, selected.flags, selected.vanished))
        return state, selected

    def _restart(self, txn: Transaction, folder_id: int) -> None:
        messages.orphan_folder(txn, folder_id)
        folders.set_progress(txn, folder_id, uidvalidity=0, uidnext=0, highestmodseq=0, synced_min_uid=0, scanned=0)

    def _first_rows(self, state: FolderState, selected: Selected) -> None:
        """The newest rows, by sequence number, which needs no search first."""
        first = max(1, selected.exists - plan.FIRST_ROWS + 1)
        rows = list(self.session.headers_by_sequence(first, selected.exists)) if selected.exists else []
        arrivals = [self._arrival(row) for row in rows]
        lowest = 1 if first == 1 or not rows else min(row.uid for row in rows)
        uidnext = selected.uidnext or max((row.uid for row in rows), default=0) + 1

        def job(txn: Transaction) -> None:
            folders.set_progress(
                txn,
                state.id,
                uidvalidity=selected.uidvalidity or 1,
                uidnext=max([uidnext, *(row.uid + 1 for row in rows)]),
                highestmodseq=selected.highestmodseq,
                on_server=selected.exists,
                scanned=int(time.time()),
            )
            self._store(txn, state.id, arrivals, synced_min_uid=lowest)

        self.db.run(job)
        self.scanned.add(state.id)

    def _changes(self, state: FolderState, selected: Selected) -> None:
        """Flags and deletions of messages that are stored: by CHANGEDSINCE, else by comparing."""
        for event in self.session.noop():
            if event.kind == "vanished" and event.uids:
                self.db.run(partial(self._apply, folder_id=state.id, updates=[], vanished=event.uids))
        if state.uidnext <= 1:
            return
        by_modseq = self.session.has_condstore and selected.highestmodseq and state.highestmodseq
        if by_modseq and state.highestmodseq <= selected.highestmodseq:
            updates, vanished = self.session.flags(
                f"1:{state.uidnext - 1}", changed_since=state.highestmodseq, vanished=self.session.has_qresync
            )
            newest = max([state.highestmodseq, *(update.modseq for update in updates)])
            self.db.run(lambda txn: self._apply(txn, state.id, updates, vanished, highestmodseq=newest))
            if not self.session.has_qresync:
                self._compare(state, with_flags=False)
        else:
            self._compare(state, with_flags=True)
            if self.session.has_condstore and selected.highestmodseq:
                self.db.run(lambda txn: folders.set_progress(txn, state.id, highestmodseq=selected.highestmodseq))

    def _compare(self, state: FolderState, *, with_flags: bool) -> None:
        """Find deletions, and flags that differ, by looking at everything that is stored."""
        sql, lowest, below = self.db.read(), state.synced_min_uid, state.uidnext
        whole = state.id not in self.scanned or time.time() - state.scanned > FULL_SCAN_SECONDS
        stored = messages.flags_of(sql, state.id)
        if with_flags and not whole:
            recent = sorted(stored)[-RECENT_FLAGS:]
            lowest = max(lowest, recent[0]) if recent else lowest
        server: dict[int, plan.FlagState]
        if with_flags:
            updates, _ = self.session.flags(f"{lowest}:{max(lowest, below - 1)}")
            server = {u.uid: (int(u.flags), u.keywords) for u in updates if lowest <= u.uid < below}
        else:
            server = {uid: stored.get(uid, (0, ())) for uid in self.session.all_uids() if lowest <= uid < below}
        changed, gone = plan.compare_flags(stored, server, lowest, below)
        if with_flags and not whole:
            present = set(self.session.all_uids())
            gone = [uid for uid in stored if state.synced_min_uid <= uid < below and uid not in present]
        if changed or gone or whole:
            now = [ServerFlags(uid, Flag(server[uid][0]), server[uid][1]) for uid in changed]

            def job(txn: Transaction) -> None:
                messages.update_flags(txn, state.id, now)
                messages.lose(txn, state.id, gone)
                folders.set_progress(txn, state.id, scanned=int(time.time()) if whole else None)

            self.db.run(job)
        self.scanned.add(state.id)

    def _arrivals(self, state: FolderState) -> None:
        """New messages. `n:*` with nothing new answers with the last old one (RFC 9051 9, seq-range): dropped."""
        rows = [row for row in self.session.headers(f"{state.uidnext}:*") if row.uid >= state.uidnext]
        arrivals = [self._arrival(row) for row in rows]
        uidnext = max([state.uidnext, *(row.uid + 1 for row in rows)])

        def job(txn: Transaction) -> None:
            folders.set_progress(txn, state.id, uidnext=uidnext)
            self._store(txn, state.id, arrivals)
            if state.complete:
                folders.set_progress(txn, state.id, on_server=messages.stored_count(txn.sql, state.id))

        if arrivals or state.complete:
            self.db.run(job)

    def _settle_expected(self, folder_id: int) -> None:
        """A message expected here after a move, and not among what has come, is not here."""
        missing = messages.expected_in(self.db.read(), folder_id)
        if missing:
            self.db.run(lambda txn: messages.lose_messages(txn, messages.expected_in(txn.sql, folder_id)))

    # --- writing ------------------------------------------------------------------------------

    def _apply(
        self,
        txn: Transaction,
        folder_id: int,
        updates: list[FlagUpdate],
        vanished: UidSet,
        *,
        highestmodseq: int | None = None,
    ) -> None:
        messages.update_flags(txn, folder_id, (ServerFlags(u.uid, u.flags, u.keywords) for u in updates))
        if vanished:
            messages.lose(txn, folder_id, self._stored_among(txn, folder_id, vanished))
        folders.set_progress(txn, folder_id, highestmodseq=highestmodseq)

    @staticmethod
    def _stored_among(txn: Transaction, folder_id: int, vanished: UidSet) -> Iterator[int]:
        """The stored ones of a set that may name millions."""
        stored = messages.uids_of(txn.sql, folder_id)
        return (uid for uid in stored if uid in vanished)

    def _store(
        self, txn: Transaction, folder_id: int, arrivals: list[Arrival], *, synced_min_uid: int | None = None
    ) -> None:
        messages.insert(txn, self.account_id, folder_id, arrivals)
        folders.set_progress(txn, folder_id, synced_min_uid=synced_min_uid)

    @staticmethod
    def _arrival(row: HeaderRow) -> Arrival:
        return Arrival(row.uid, row.flags, row.keywords, row.internaldate, row.size, parse_headers(row.header))
