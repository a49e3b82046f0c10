"""One IMAP folder, made to agree: what changed since last time, what is new, what is still to be read downwards.

What belongs here: the folder algorithm, a thin loop around `plan`. What must never be here: threads, queues,
retrying (the account worker does that), or what a person did (replay).

The rules that keep it safe after a crash anywhere: progress (`uidnext`, `highestmodseq`, `synced_min_uid`) is
stored in the same transaction as everything it speaks of, and reading a range twice changes nothing.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from tui_mail.attention import Attention
from tui_mail.errors import StoreError
from tui_mail.model import Flag
from tui_mail.net.imap import FlagUpdate, IdleEvent, ImapSession, Selected, UidSet
from tui_mail.net.sets import LAST_UID
from tui_mail.store import folders, messages, muting, places
from tui_mail.store.database import Database, Transaction
from tui_mail.store.folders import FolderState
from tui_mail.store.identity import likenesses
from tui_mail.store.messages import Arrival, ServerFlags
from tui_mail.sync import checking, plan
from tui_mail.sync.backlog import Backlog

RECENT_FLAGS = 500
"""Without CONDSTORE, flags of this many newest messages are compared at every visit; of all when a scan is due, and
at the first visit of a connection."""
GIVE_WAY_EVERY = 20
"""Headers between two looks at whether a key was pressed: about a millisecond."""
STORED_AT_ONCE = 200
"""Messages in one write, so that what a person does never waits for a long one."""
RESELECT_SECONDS = 30.0
"""Age beyond which a refresh opens the open folder anew: only SELECT tells how many messages there are, and up to
which change everything is known."""


@dataclass(slots=True)
class FolderSync:
    """The folder algorithm for one account on one connection. Not thread-safe: the worker's own."""

    session: ImapSession
    db: Database
    account_id: int
    attention: Attention = field(default_factory=Attention)
    backlogs: dict[int, Backlog] = field(default_factory=dict)
    selected: tuple[int, Selected] | None = None
    scanned: set[int] = field(default_factory=set)
    _selected_at: float = 0.0
    _modseq: int = 0
    """The last change seen of the open folder. Only the one that SELECT told is stored: a change that the server
    tells late must not be passed over for ever."""
    _counted: dict[int, tuple[int, int]] = field(default_factory=dict)
    """(stored, on the server) of folders in which the two differ, and nothing could be done about it."""
    _opened: set[int] = field(default_factory=set)
    _anchored: set[int] = field(default_factory=set)
    """Folders whose highest stored UID was seen to be the same message still."""
    _doubted: set[int] = field(default_factory=set)
    """Folders of which the server said something that cannot be: all their UIDs are looked at."""

    def refresh(self, folder_id: int) -> bool:
        """Bring what changed since the last visit; True when older messages are still to be read."""
        state = folders.state(self.db.read(), folder_id)
        if state is None or not state.selectable:
            return False
        self._heed(self.session.drain_events())
        anew = self.selected is None or time.monotonic() - self._selected_at > RESELECT_SECONDS
        anew = anew or not self._is_open(state)
        state, selected, told = self._open(state, anew=anew)
        if state.synced_min_uid == 0:
            self._first_rows(state, selected)
            first = folders.state(self.db.read(), folder_id)
            if first is not None and first.complete:  # what we moved here before may have gone by now
                self._count(first, selected)
        else:
            self._changes(state, selected, told=told)
            if not self._arrivals(state):
                self._first_rows(state, selected)
            elif (anew or folder_id in self._doubted) and state.complete:
                self._count(state, selected)
        if messages.is_expecting(self.db.read(), folder_id):
            self.db.run(lambda txn: messages.settle(txn, folder_id))
        renewed = folders.state(self.db.read(), folder_id)
        return renewed is not None and not renewed.complete

    def open(self, folder_id: int) -> FolderState | None:
        """Select the folder for other work (bodies, replay); None when it is gone or its UIDs are no longer ours."""
        self._heed(self.session.drain_events())
        state = folders.state(self.db.read(), folder_id)
        if state is None:
            return None
        state = self._open(state)[0]
        return None if state.synced_min_uid == 0 else state

    def look_anew(self, folder_id: int) -> None:
        """The next refresh opens the folder anew and compares all its UIDs, whatever was found before."""
        self._counted.pop(folder_id, None)
        if self.selected is not None and self.selected[0] == folder_id:
            self.selected = None

    def holds(self, folder_id: int, uids: Iterable[int]) -> bool:
        """Whether these UIDs of the open folder are still the messages that are stored under them, or gone.

        When one is another message now, the whole folder is read again: nothing may be done to it meanwhile.
        """
        if checking.has_others(self.session, likenesses(self.db.read(), folder_id, uids)):
            self._start_over(folder_id)
            return False
        return True

    def backfill(self, folder_id: int) -> bool:
        """Read one window further down; True when there is more."""
        state = folders.state(self.db.read(), folder_id)
        if state is None or state.complete or state.synced_min_uid == 0:
            self.finish_writes(folder_id)
            return False
        self._heed(self.session.drain_events())
        state, selected, _ = self._open(state)
        if state.synced_min_uid == 0:
            self._first_rows(state, selected)
            return selected.exists > plan.FIRST_ROWS
        backlog = self.backlogs.get(folder_id)
        if backlog is None:
            below = state.synced_min_uid
            there = checking.present(self.session, selected.exists)
            backlog = self.backlogs[folder_id] = Backlog(array("q", (uid for uid in there if uid < below)), below)
        below = backlog.uids[-1] + 1 if backlog.uids else 0
        window = plan.lower_window(backlog.uids, below, backlog.size)
        if window is None:
            self.finish_writes(folder_id)
            self.db.run(lambda txn: folders.set_progress(txn, folder_id, synced_min_uid=1))
            self.backlogs.pop(folder_id, None)
            return False
        began = time.monotonic()
        low, high = window
        arrivals = list[Arrival]()
        for number, row in enumerate(self.session.headers(f"{low}:{high}")):
            if number % GIVE_WAY_EVERY == 0:
                self.attention.give_way()
            if low <= row.uid <= high:
                arrivals.append(checking.arrival(row))
        count = min(backlog.size, len(backlog.uids))
        del backlog.uids[-count:]
        self.finish_writes(folder_id)
        lowest = low if backlog.uids else 1
        arrivals.sort(key=lambda arrival: -arrival.uid)
        for at in range(0, max(1, len(arrivals)), STORED_AT_ONCE):
            piece = arrivals[at : at + STORED_AT_ONCE]
            down_to = piece[-1].uid if at + STORED_AT_ONCE < len(arrivals) else lowest
            job = partial(self._store_below, folder_id=folder_id, arrivals=piece, above=backlog.above, down_to=down_to)
            backlog.stored.append(self.db.write(job))
            backlog.above = down_to
        backlog.size = plan.next_window_size(backlog.size, time.monotonic() - began)
        if not backlog.uids:
            self.finish_writes(folder_id)
            self.backlogs.pop(folder_id, None)
            return False
        return True

    def finish_writes(self, folder_id: int) -> None:
        """Wait for the window that is being stored. Raises what went wrong with it."""
        backlog = self.backlogs.get(folder_id)
        if backlog is not None:
            try:
                backlog.finish()
            except BaseException:
                self.backlogs.pop(folder_id, None)  # read again from where the store really is
                raise

    # --- steps --------------------------------------------------------------------------------

    def _heed(self, events: Iterable[IdleEvent]) -> None:
        """Apply what came unasked about the open folder, for not every server says it again."""
        for event in events:
            if self.selected is None:
                return
            folder_id = self.selected[0]
            if event.kind == "renumbered":
                self.selected = None
            elif event.kind == "vanished" and not event.mailbox:
                self.db.run(partial(self._apply, folder_id=folder_id, updates=[], vanished=event.uids))

    def _is_open(self, state: FolderState) -> bool:
        """Whether the server has it open, too: others look into folders on the same line."""
        return self.selected is not None and self.selected[0] == state.id and self.session.selected == state.name

    def _open(self, state: FolderState, *, anew: bool = False) -> tuple[FolderState, Selected, bool]:
        """Select the folder unless it is, apply what SELECT tells, start over when its UIDs lost their meaning.

        True in the end when SELECT told every change since the last visit.
        """
        if self.selected is not None and self._is_open(state) and not anew:
            return state, self.selected[1], False
        self.selected = None
        ours = (state.uidvalidity, state.highestmodseq, state.uidnext)
        known = ours if self.session.has_qresync and all(ours) else None
        selected = self.session.open_folder(state.name, known=known)
        self.selected, self._selected_at = (state.id, selected), time.monotonic()
        known_progress = plan.Known(state.uidvalidity, state.uidnext, state.highestmodseq, state.synced_min_uid)
        modseq, highest = state.highestmodseq, 0
        told_all = known is not None and self.session.has_qresync and selected.uidvalidity == state.uidvalidity
        if plan.went_down(known_progress, selected.uidvalidity, selected.uidnext):
            highest = max(checking.present(self.session, selected.exists).ranges, default=(0, 0))[1]
        before = state.id in self._opened
        self._opened.add(state.id)
        if plan.must_restart(
            known_progress, selected.uidvalidity, selected.uidnext, highest=highest, opened_before=before
        ):
            self._start_over(state.id)
            modseq = 0
        elif selected.highestmodseq < state.highestmodseq:  # changes are counted anew: all are to be compared
            self.db.run(lambda txn: folders.set_progress(txn, state.id, highestmodseq=0))
            modseq, told_all = 0, False
        elif told_all and (selected.flags or selected.vanished or selected.highestmodseq != modseq):
            told = selected.highestmodseq
            self.db.run(lambda txn: self._apply(txn, state.id, selected.flags, selected.vanished, highestmodseq=told))
            modseq = told
        self._modseq = modseq
        renewed = folders.state(self.db.read(), state.id)
        assert renewed is not None
        return renewed, selected, told_all

    def _start_over(self, folder_id: int) -> None:
        self.db.run(partial(messages.orphan_folder, folder_id=folder_id))
        self.backlogs.pop(folder_id, None)
        self._anchored.discard(folder_id)
        self._counted.pop(folder_id, None)

    def _first_rows(self, state: FolderState, selected: Selected) -> None:
        """The newest rows, by sequence number, which needs no search first."""
        first = max(1, selected.exists - plan.FIRST_ROWS + 1)
        rows = list(self.session.headers_by_sequence(first, selected.exists)) if selected.exists else []
        arrivals = [checking.arrival(row) for row in rows]
        uidnext = max([selected.uidnext, 1, *(row.uid + 1 for row in rows)])
        lowest = 1 if first == 1 else min([row.uid for row in rows], default=uidnext + 1)

        def job(txn: Transaction) -> None:
            folders.set_progress(
                txn,
                state.id,
                uidvalidity=selected.uidvalidity or 1,
                uidnext=uidnext,
                highestmodseq=selected.highestmodseq,
                on_server=selected.exists,
                scanned=int(time.time()),
            )
            self._store(txn, state.id, arrivals, synced_min_uid=lowest)

        self.db.run(job)
        self.scanned.add(state.id)
        self._anchored.add(state.id)
        self._modseq = selected.highestmodseq

    def _changes(self, state: FolderState, selected: Selected, *, told: bool) -> None:
        """Flags and deletions of messages that are stored: by CHANGEDSINCE (or SELECT told them), else by comparing."""
        if not told:
            self._heed(self.session.noop())
        if state.uidnext <= 1:
            return
        counts_changes = self.session.has_condstore and selected.highestmodseq > 0
        if counts_changes and plan.scan_is_due(time.time() - state.scanned, counts_changes=True):
            self.scanned.discard(state.id)
        elif told:
            if state.id in self._doubted:
                self._compare(state, with_flags=False)
            return
        elif counts_changes and state.highestmodseq:
            since, highest = max(self._modseq, state.highestmodseq), selected.highestmodseq
            updates, vanished = self.session.flags(
                f"1:{state.uidnext - 1}", changed_since=since, vanished=self.session.has_qresync
            )
            self.db.run(lambda txn: self._apply(txn, state.id, updates, vanished, highestmodseq=highest))
            self._modseq = max([since, *(update.modseq for update in updates)])
            if not self.session.has_qresync or state.id in self._doubted:
                self._compare(state, with_flags=False)
            return
        if counts_changes:
            self.scanned.discard(state.id)  # all of it, or the MODSEQ would promise too much
        self._compare(state, with_flags=True)
        if counts_changes:
            self._modseq = selected.highestmodseq
            self.db.run(lambda txn: folders.set_progress(txn, state.id, highestmodseq=selected.highestmodseq))

    def _compare(self, state: FolderState, *, with_flags: bool) -> None:
        """Find deletions, and flags that differ, by looking at everything that is stored."""
        sql, lowest, below = self.db.read(), state.synced_min_uid, state.uidnext
        since = time.time() - state.scanned
        whole = state.id not in self.scanned or plan.scan_is_due(since, counts_changes=not with_flags)
        stored = places.flags_of(sql, state.id)
        if with_flags and not whole:
            recent = sorted(stored)[-RECENT_FLAGS:]
            lowest = max(lowest, recent[0]) if recent else lowest
        server, updates = dict[int, plan.FlagState](), list[FlagUpdate]()
        if with_flags:
            updates, _ = self.session.flags(f"{lowest}:{max(lowest, below - 1)}")
            server = {u.uid: (int(u.flags), u.keywords) for u in updates if lowest <= u.uid < below}
        changed, _ = plan.compare_flags(stored, server, lowest, below)
        ours = [uid for uid in stored if state.synced_min_uid <= uid < below and uid not in server]
        gone = checking.proven_gone(self.session, ours, checking.searched(self.session)) if ours else []
        gone += checking.left_marked(self.session, updates) & stored.keys()
        self._doubted.discard(state.id)
        if changed or gone or whole:
            now = [ServerFlags(uid, Flag(server[uid][0]), server[uid][1]) for uid in changed]

            def job(txn: Transaction) -> None:
                messages.update_flags(txn, state.id, now)
                messages.lose(txn, state.id, gone)
                folders.set_progress(txn, state.id, scanned=int(time.time()) if whole else None)

            self.db.run(job)
        self.scanned.add(state.id)

    def _arrivals(self, state: FolderState) -> bool:
        """New messages. `n:*` with nothing new answers with the last old one (RFC 9051 9, seq-range): dropped.

        At the first visit the highest stored UID is read again: a server that was set back to an earlier day has
        given it to another message. Then the folder is started over, and the answer is False.
        """
        anchor = 0 if state.id in self._anchored else places.highest_uid(self.db.read(), state.id)
        first = min(anchor or state.uidnext, state.uidnext)  # what we moved here is above, and may have changed since
        rows = list(self.session.headers(f"{first}:*"))
        known = likenesses(self.db.read(), state.id, [anchor])
        if any(row.uid in known and not known[row.uid].may_be(checking.likeness(row)) for row in rows):
            self._start_over(state.id)
            return False
        self._anchored.add(state.id)
        rows = [row for row in rows if row.uid >= state.uidnext]
        told = self.selected[1].uidnext if self.selected is not None else 0
        uidnext = max([state.uidnext, told, *(row.uid + 1 for row in rows)])

        def job(txn: Transaction) -> None:
            folders.set_progress(txn, state.id, uidnext=uidnext)
            self._store(txn, state.id, [checking.arrival(row) for row in rows])
            if state.complete:
                folders.set_progress(txn, state.id, on_server=places.stored_count(txn.sql, state.id))

        if rows or uidnext != state.uidnext or state.complete:
            self.db.run(job)
        return True

    def _count(self, state: FolderState, selected: Selected) -> None:
        """Compare UIDs when the numbers of messages differ: whatever went wrong before, it ends here."""
        sql = self.db.read()
        counts = (places.stored_count(sql, state.id), selected.exists)
        if counts[0] == counts[1] or self._counted.get(state.id) == counts:
            return
        present, stored = checking.present(self.session, selected.exists), set(places.uids_of(sql, state.id))
        rows = checking.rows_of(self.session, UidSet.from_uids(uid for uid in present if uid not in stored))
        gone = checking.proven_gone(self.session, stored, present)

        def job(txn: Transaction) -> int:
            messages.lose(txn, state.id, gone)
            self._store(txn, state.id, [checking.arrival(row) for row in rows])
            uidnext = max([state.uidnext, *(row.uid + 1 for row in rows)])
            folders.set_progress(txn, state.id, uidnext=max(uidnext, selected.uidnext))
            return places.stored_count(txn.sql, state.id)

        self._counted[state.id] = (self.db.run(job), selected.exists)

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
        messages.update_flags(txn, folder_id, (ServerFlags(u.uid, u.flags, u.keywords, u.labels) for u in updates))
        messages.lose(txn, folder_id, checking.left_marked(self.session, updates))
        if LAST_UID in vanished:  # `12:*` is no set of this answer (RFC 7162 7): asked instead
            self._doubted.add(folder_id)
        elif vanished:
            messages.lose(txn, folder_id, self._stored_among(txn, folder_id, vanished))
        folders.set_progress(txn, folder_id, highestmodseq=highestmodseq)

    @staticmethod
    def _stored_among(txn: Transaction, folder_id: int, vanished: UidSet) -> Iterator[int]:
        """The stored ones of a set that may name millions."""
        stored = places.uids_of(txn.sql, folder_id)
        return (uid for uid in stored if uid in vanished)

    def _store(
        self, txn: Transaction, folder_id: int, arrivals: list[Arrival], *, synced_min_uid: int | None = None
    ) -> None:
        marked = checking.left_marked(self.session, arrivals)
        arrivals = [arrival for arrival in arrivals if arrival.uid not in marked]
        last = muting.newest(txn)
        messages.insert(txn, self.account_id, folder_id, arrivals)
        muting.hush_after(txn, last)
        folders.set_progress(txn, folder_id, synced_min_uid=synced_min_uid)

    def _store_below(self, txn: Transaction, folder_id: int, arrivals: list[Arrival], above: int, down_to: int) -> None:
        """Store the messages between `down_to` and `above`; nothing when what lies above them was not stored."""
        state = folders.state(txn.sql, folder_id)
        if state is None or state.synced_min_uid != above:
            raise StoreError("A window of the folder was not stored; it is read again, and nothing is lost.")
        self._store(txn, folder_id, arrivals, synced_min_uid=down_to)
