"""A random walk: two clients act on one account, the line breaks, the client is killed, the server starts again.

What belongs here: what is done next, faults included, and the comparison when all is quiet. What must never be here:
what may have come of it (ledger), or what the other client does (elsewhere).

Everything is chosen by one number, so that a walk can be walked again; how far the client got when the line broke is
not, because the clocks are real.
"""

from __future__ import annotations

import base64
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.servers.faults import FaultyLine, Side
from tests.sync.elsewhere import Elsewhere, letter
from tests.sync.evidence import Evidence
from tests.sync.killed import Client, Killed, Nursery
from tests.sync.ledger import FIXED, Boxes, Ledger, Tally, Violation
from tests.sync.operations import words
from tests.sync.witness import Walked, hear, moves, tells_flags
from tui_mail.model import Flag

WHO = "ours"
QUIET_EVERY = 50
"""Steps between two comparisons."""
STILL = 12
"""Messages that nobody touches."""
FAR_AWAY, ASLEEP = 4_102_473_600, ("$Snoozed", "snoozed-21000101T0800Z")
"""A moment (epoch), and the keywords of what sleeps until then."""
MOST = 90
"""Letters in the account above which none is delivered."""
FLAGS = {r"\Seen": Flag.SEEN, r"\Flagged": Flag.FLAGGED, r"\Answered": Flag.ANSWERED}
Shown = list[tuple[str, int, int, list[tuple[int, str, int, list[str], int]]]]


class Walk:
    """One account, two clients."""

    def __init__(
        self,
        server: Walked,
        nursery: Nursery,
        home: Path,
        seed: int,
        *,
        restarts: bool = True,
        evidence: Evidence | None = None,
    ) -> None:
        """`restarts`: the server is ours alone, and may be started again."""
        self.evidence = evidence
        self.server = server
        self.nursery = nursery
        self.home = home
        self.chance = random.Random(seed)
        self.restarts = restarts
        self.user = server.new_user()
        self.ledger = Ledger(copies=not moves(server))
        self.other = Elsewhere(server, self.user, self.ledger, self.chance)
        self.tally = Tally()
        self.trace: list[str] = []
        self._numbers = 0
        self._offline = 0
        self._slow = 0
        self._client: Client | None = None
        self._tokens: dict[int, str] = {}
        """Of every message that was ever displayed, by id: one that is on its way between two folders is not."""

    def run(self, steps: int, say: Callable[[str], None] = lambda _: None) -> Tally:
        """Walk; ends early when a promise was broken."""
        with FaultyLine(self.server) as self.line:
            try:
                self.other.furnish()
                for _ in range(STILL):
                    self._deliver(still=True)
                for _ in range(15):
                    self._deliver()
                for step in range(1, steps + 1):
                    self._step()
                    if step % QUIET_EVERY == 0 or step == steps:
                        self._quiet()
                        say(f"{step} steps: {self.tally}")
                        if self.tally.violations:
                            break
            finally:
                self._end()
        return self.tally

    # --- one step -----------------------------------------------------------------------------

    def _step(self) -> None:
        self._weather()
        kinds: list[tuple[int, Callable[[], None]]] = [(50, self._ours), (28, self._theirs), (12, self._fault)]
        if len(self.ledger.letters) - len(self._removed()) < MOST:
            kinds.append((10, self._deliver))
        self.chance.choices([do for _, do in kinds], [weight for weight, _ in kinds])[0]()
        if self.chance.random() < 0.3:
            time.sleep(self.chance.random() * 0.04)  # let the engine get somewhere

    def _removed(self) -> list[str]:
        return [token for token, one in self.ledger.letters.items() if one.removed >= one.at_most]

    def _deliver(self, *, still: bool = False) -> None:
        self._numbers += 1
        self.other.deliver(f"T{self._numbers}", still=still)
        self.tally.theirs["deliver"] += 1

    def _theirs(self) -> None:
        other = self.other
        do = self.chance.choices(
            (other.flag, other.move, other.copy, other.expunge, other.make_folder, other.rename_folder,
             other.delete_folder, other.renew_folder),
            (30, 25, 6, 8, 6, 4, 3, 4),
        )[0]  # fmt: skip
        self._note(f"other {do.__name__}")
        self.tally.theirs[do.__name__] += 1
        do()

    def _ours(self) -> None:
        if self._client is None:
            self._start()
        do = self.chance.choices(
            (self._mark, self._keyword, self._role, self._move, self._copy, self._append, self._expunge,
             self._make_folder, self._rename_folder, self._delete_folder, self._undo, self._redo, self._snooze,
             self._unsnooze),
            (30, 10, 25, 14, 6, 5, 5, 4, 3, 2, 10, 5, 5, 3),
        )[0]  # fmt: skip
        self.tally.ours[do.__name__.strip("_")] += 1
        try:
            do()
        except Killed:
            raise AssertionError("the client died by itself") from None

    # --- what this client does ----------------------------------------------------------------

    def _mark(self) -> None:
        flag = self.chance.choice(list(FLAGS))
        sets = self.chance.random() < 0.6
        for_all = {"add": int(FLAGS[flag])} if sets else {"remove": int(FLAGS[flag])}
        chosen = self._chosen()
        for _, token in chosen:
            self.ledger.flagged(WHO, token, [flag] if sets else [], [] if sets else [flag])
        self._act("mark", [[id_ for id_, _ in chosen]], for_all, chosen)

    def _keyword(self) -> None:
        word = self.chance.choice(("red", "blue"))
        sets = self.chance.random() < 0.6
        chosen = self._chosen()
        for _, token in chosen:
            self.ledger.flagged(WHO, token, [word] if sets else [], [] if sets else [word])
        key = "add_keywords" if sets else "remove_keywords"
        self._act("mark", [[id_ for id_, _ in chosen]], {key: [word]}, chosen)

    def _role(self) -> None:
        how, folder = self.chance.choice((("archive", "Archive"), ("delete", "Trash"), ("junk", "Junk")))
        chosen = self._chosen()
        for _, token in chosen:
            self.ledger.moved(WHO, token, folder)
        self._act(how, [[id_ for id_, _ in chosen]], {}, chosen)

    def _move(self) -> None:
        chosen, (name, folder) = self._chosen(), self._folder()
        for _, token in chosen:
            self.ledger.moved(WHO, token, name)
        self._act("move", [[id_ for id_, _ in chosen], folder], {}, chosen)

    def _snooze(self) -> None:
        chosen = self._chosen(2)
        for _, token in chosen:
            self.ledger.asleep(WHO, token, ASLEEP)
            self.ledger.moved(WHO, token, "Snoozed")
        self._act("snooze", [[id_ for id_, _ in chosen], FAR_AWAY], {}, chosen)

    def _unsnooze(self) -> None:
        chosen = self._chosen(2, "Snoozed")
        for _, token in chosen:
            self.ledger.unsure(token, f"{WHO}: woken", "INBOX")
        self._act("unsnooze", [[id_ for id_, _ in chosen]], {}, chosen)

    def _copy(self) -> None:
        chosen, (name, folder) = self._chosen(2), self._folder()
        for _, token in chosen:
            self.ledger.copied(WHO, token, name, sure=False)
        self._act("copy", [[id_ for id_, _ in chosen], folder], {}, chosen)

    def _append(self) -> None:
        name, folder = self._folder()
        self._numbers += 1
        token, flags = f"T{self._numbers}", self.chance.choice(((), (r"\Seen",), (r"\Seen", r"\Flagged")))
        self.ledger.came(token, name, flags, by=WHO, sure=name in FIXED)
        raw = base64.b64encode(letter(token)).decode()
        value = sum(int(FLAGS[flag]) for flag in flags)
        self._act("append", [folder, raw], {"flags": value, "when": 1_780_000_000 + self._numbers}, [(0, token)])

    def _expunge(self) -> None:
        chosen = self._chosen(1, "Trash")
        for _, token in chosen:
            self.ledger.removed(WHO, token)
            self.ledger.flagged(WHO, token, [r"\Deleted"], [])
        self._act("expunge", [[id_ for id_, _ in chosen]], {}, chosen)

    def _make_folder(self) -> None:
        self._may("create_folder", ["work", self.other.said(f"Pile {self.chance.randrange(6)}")])

    def _rename_folder(self) -> None:
        name, folder = self._folder(piles=True)
        if folder:
            new = f"Pile {self.chance.randrange(6)}"
            self.ledger.renamed(name, new)
            self._may("rename_folder", [folder, self.other.said(new)])

    def _delete_folder(self) -> None:
        name, folder = self._folder(piles=True)
        if folder:
            for token in {row[1] for where, _, _, rows in self._rows() for row in rows if where == name}:
                if not self.ledger.is_still(token):
                    self.ledger.unsure(token, f"{WHO}: deleted {name} around it", "Trash")
            self._may("delete_folder", [folder])

    def _undo(self) -> None:
        self._around("undo")

    def _redo(self) -> None:
        self._around("redo")

    # --- faults -------------------------------------------------------------------------------

    def _fault(self) -> None:
        kinds = {"cut": 40, "slow": 8, "offline": 10, "kill": 24, "stop": 8, "server": 5 if self.restarts else 0}
        kind = self.chance.choices(list(kinds), list(kinds.values()))[0]
        if kind in ("kill", "stop") and self._client is None:
            kind = "cut"
        self._note(f"fault {kind}")
        self.tally.faults[kind] += 1
        if kind == "cut":
            side: Side = self.chance.choice(("client", "server"))
            self.line.cut_soon(side, int(self.chance.expovariate(1 / 300)) + 1)
        elif kind == "slow":
            self.line.slow, self._slow = self.chance.random() * 0.02, self.chance.randint(1, 6)
        elif kind == "offline":
            self.line.go_offline()
            self._offline = self.chance.randint(1, 12)
        elif kind == "server":
            self._restart_server()
        elif self._client is not None:
            client, self._client = self._client, None
            if kind == "kill":
                client.kill()
            else:
                client.stop()

    def _restart_server(self) -> None:
        """The connections end first: a server killed within a command may double a message by itself."""
        self.line.go_offline()
        self.other.hang_up()
        time.sleep(0.1)
        self.server.kill()
        self.server.start()
        self.line.offline = False

    def _weather(self) -> None:
        self._slow -= 1
        self._offline -= 1
        if self._slow <= 0:
            self.line.slow = 0.0
        if self._offline == 0:
            self.line.offline = False
            if self._client is not None:
                self._client.ask("retry")

    # --- when all is quiet --------------------------------------------------------------------

    def _quiet(self) -> None:
        self._note("now all is quiet")
        self.line.heal()
        self._offline = self._slow = 0
        if self._client is None:
            self._start()
        assert self._client is not None
        found = self.tally.violations
        try:
            self._client.ask("settle", seconds=60, strict=False, everywhere=not tells_flags(self.server))
        except AssertionError as late:
            found.append(Violation("waits", "", f"{late} {self.trace[-60:]}"))
            return
        boxes = self.other.boxes()
        rows = self._rows()
        shown = self._as_boxes(rows)
        live = {name: [row for row in held if r"\Deleted" not in row[1]] for name, held in boxes.items()}
        self.tally.compared += sum(map(len, live.values()))
        self.ledger.hear(hear(self.server, self.user))
        found += self.ledger.violations(live)
        for name in sorted({*live, *shown}):
            if live.get(name) != shown.get(name):
                found.append(self._differs(name, live.get(name), shown.get(name)))
        for name, total, unread, held in rows:
            counted = (len(held), sum(1 for row in held if not row[2] & Flag.SEEN))
            if (total, unread) != counted:
                found.append(Violation("differs", "", f"{name} counts {(total, unread)} and has {counted}"))
        self._compare_bodies(rows)
        for state, summary, error in self._client.ask("changes"):
            if state == "failed":
                self.tally.refused[f"{summary.split()[0]}: {error}"] += 1
            elif state not in ("done", "cancelled"):
                found.append(Violation("waits", "", f"{state}: {summary}"))

    def _differs(self, name: str, server: Any, store: Any) -> Violation:
        there, here = [Counter((t, " ".join(sorted(f))) for t, f in rows or []) for rows in (server, store)]
        tokens = sorted({token for token, _ in (there - here) + (here - there)})
        stories = [f"{token}: {' | '.join(self.ledger.letters[token].story[-12:])}" for token in tokens[:4]]
        text = f"{name}: only the server {dict(there - here)}, only the store {dict(here - there)}"
        gone = " (no such folder on the server)" if server is None else " (not in the store)" if store is None else ""
        return Violation("differs", tokens[0] if tokens else "", f"{text}{gone}; {stories}; {self.trace[-60:]}")

    def _compare_bodies(self, rows: Shown) -> None:
        assert self._client is not None
        held = [(row[0], row[1]) for _, _, _, listed in rows for row in listed]
        raws = self._client.ask("bodies", ids=[id_ for id_, _ in held])
        for (id_, token), raw in zip(held, raws, strict=True):
            if raw and f"Body of {token}.\r\n" not in raw:
                self.tally.violations.append(Violation("wrong", token, f"the body of {id_} is {raw[-40:]!r}"))

    @staticmethod
    def _as_boxes(rows: Shown) -> Boxes:
        found: Boxes = {}
        for name, _, _, listed in rows:
            flags = [(row[1], frozenset(words(row[2], row[3]).split())) for row in listed if not row[2] & Flag.DELETED]
            found[name] = sorted(flags, key=lambda row: (row[0], sorted(row[1])))
        return found

    # --- below --------------------------------------------------------------------------------

    def _start(self) -> None:
        account = replace(self.line.account(self.user), name="work")
        self._client = self.nursery.start(self.home, account)
        self._client.ask("start")
        if self.evidence is not None:
            self.evidence.attend(self.home)
            self.evidence.note(f"a client starts, process {self._client.pid}")

    def _end(self) -> None:
        if self._client is not None:
            self._client.kill()
        self.other.hang_up()
        if self.evidence is not None:
            self.evidence.keep(self.home)
        shutil.rmtree(self.home, ignore_errors=True)

    def _rows(self) -> Shown:
        assert self._client is not None
        rows: Shown = [(self.other.plain(name), *told) for name, *told in self._client.ask("rows")]
        self._tokens.update((row[0], row[1]) for _, _, _, listed in rows for row in listed)
        return rows

    def _chosen(self, most: int = 3, folder: str = "") -> list[tuple[int, str]]:
        """Messages that are displayed, (id, token); of one folder."""
        boxes = [
            [(row[0], row[1]) for row in rows if not self.ledger.is_still(row[1])]
            for name, _, _, rows in self._rows() if folder in ("", name)
        ]  # fmt: skip
        boxes = [rows for rows in boxes if rows]
        rows = self.chance.choice(boxes) if boxes else []
        return self.chance.sample(rows, min(len(rows), self.chance.randint(1, most)))

    def _folder(self, *, piles: bool = False) -> tuple[str, int]:
        assert self._client is not None
        known = sorted((self.other.plain(name), id_) for name, id_ in self._client.ask("folders").items())
        chosen = [one for one in known if one[0] not in FIXED] if piles else known
        return self.chance.choice(chosen) if chosen else ("", 0)

    def _act(self, how: str, arguments: list[Any], named: dict[str, Any], chosen: list[tuple[int, str]]) -> None:
        assert self._client is not None
        if not chosen:
            return
        self._note(f"{how} {' '.join(token for _, token in chosen)} {arguments[1:] if how != 'append' else ''} {named}")
        told = self._client.try_ask("act", how=how, arguments=arguments, named=named)
        for id_, token in chosen:
            if how == "append" and told is None:
                self.ledger.unsure(token, "and that was refused", ours=WHO)
            elif how in ("mark", "move", "archive", "delete", "junk", "snooze") and id_ not in (told or ()):
                self.ledger.unsure(token, "or not: there was nothing to do, or it was just going away")

    def _may(self, how: str, arguments: list[Any]) -> None:
        assert self._client is not None
        self._note(f"{how} {arguments}")
        self._client.try_ask("act", how=how, arguments=arguments, named={})

    def _around(self, how: str) -> None:
        """Undo or redo: whatever it touched may be on its way anywhere, also out of sight, as what another moved."""
        assert self._client is not None
        self._rows()
        touched = self._client.try_ask("act", how=how, arguments=[], named={}) or []
        self._rows()
        known = self._tokens
        self._note(f"{how} {touched}")
        for id_ in touched:
            if id_ in known and not self.ledger.is_still(known[id_]):
                self.ledger.unsure(known[id_], f"{WHO}: {how}", "Trash", ours=WHO)

    def _note(self, text: str) -> None:
        self.trace.append(text)
        if self.evidence is not None:
            self.evidence.note(text)
