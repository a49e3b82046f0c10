"""Keys pressed at random while mail comes, goes and moves: what is done must be about the message that was shown.

The person looks at the row of the cursor in the terminal, presses a key, and the journal says which message it was
done to. Another client of the same person delivers, deletes, moves and marks meanwhile, near the cursor by preference.
"""

from __future__ import annotations

import contextlib
import imaplib
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.servers.dovecot import wait_until
from tests.terminal.conftest import Person, letter
from tests.terminal.terminal import Terminal
from tui_mail.client import MailClient
from tui_mail.paths import paths

NAMED = re.compile(r"Letter (\d+)\b")
CURSOR = "▌"
FIRST_LETTERS = 60
SLOWEST = 0.3
"""Seconds after which somebody who has looked at a row presses the key at the latest, or so."""
LONGEST = 0.45
"""Seconds after which they would look again first; the other client may take that long."""
PATIENCE = 1.5
"""Seconds for an action to be in the journal; after that it was refused."""
NEAR = 12
"""The newest messages, among which the other client likes to act: the cursor is there."""
ACTIONS = {"e": 16, "d": 10, "s": 10, "u": 6}
MOVES = {"j": 22, "k": 14, "x": 6, "z": 6, "g": 1, "t": 1}


@dataclass
class Outcome:
    """What a walk did, and what went wrong."""

    keys: Counter[str] = field(default_factory=Counter)
    acted: int = 0
    """Keys that did something to what was shown."""
    refused: int = 0
    """Keys that did nothing, for the cursor had just been put on another message, or the message had gone."""
    elsewhere: int = 0
    """What the other client did meanwhile."""
    wrong: list[str] = field(default_factory=list)


def _letter(number: int) -> bytes:
    return letter(f"Letter {number:05}", number=number)


class OtherClient:
    """Somebody who uses the same account, without a pause."""

    def __init__(self, person: Person, seed: int) -> None:
        self.done = FIRST_LETTERS
        self._person = person
        self._chance = random.Random(seed)
        self._newest = FIRST_LETTERS
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="other-client", daemon=True)

    def __enter__(self) -> OtherClient:
        self.done = 0
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(30)

    def take_away(self, client: imaplib.IMAP4_SSL, number: str) -> None:
        """Delete or move this very message."""
        for uid in client.uid("SEARCH", "SUBJECT", f'"Letter {number}"')[1][0].split():
            self._put_away(client, uid.decode(), self._chance.random() < 0.5)
            self.done += 1

    def _run(self) -> None:
        with self._person.elsewhere() as client:
            while not self._stopped.wait(self._chance.uniform(0.02, 0.5)):
                with contextlib.suppress(imaplib.IMAP4.error):  # it was deleted by the person meanwhile
                    self._act(client)
                    self.done += 1

    def _act(self, client: imaplib.IMAP4_SSL) -> None:
        what = self._chance.choices(("deliver", "expunge", "move", "mark"), (45, 20, 20, 15))[0]
        uids = client.uid("SEARCH", "ALL")[1][0].split()
        if what == "deliver" or len(uids) < FIRST_LETTERS // 2:
            for _ in range(self._chance.choice((1, 1, 1, 4))):
                self._newest += 1
                self._person.deliver(_letter(self._newest))
            return
        uid = self._chance.choice(uids[-NEAR:]).decode()
        if what == "mark":
            client.uid("STORE", uid, self._chance.choice(("+FLAGS", "-FLAGS")), r"(\Flagged)")
        else:
            self._put_away(client, uid, what == "move")

    def _put_away(self, client: imaplib.IMAP4_SSL, uid: str, is_moved: bool) -> None:
        if is_moved:
            client.uid("MOVE", uid, "Elsewhere")
        else:
            client.uid("STORE", uid, "+FLAGS", r"(\Deleted)")
            client.uid("EXPUNGE", uid)


def right_message(person: Person, steps: int, seed: int) -> Outcome:
    """Press `steps` keys; the account must be set up, and its inbox be empty."""
    chance, outcome = random.Random(seed), Outcome()
    person.deliver(*(_letter(number) for number in range(1, FIRST_LETTERS + 1)))
    with person.elsewhere() as client:
        client.create("Elsewhere")
    person.synced()
    reading = MailClient(paths(person.home))
    try:
        with person.screen() as terminal, OtherClient(person, seed) as other, person.elsewhere() as client:
            terminal.wait_for("live", timeout=20)
            _press_keys(terminal, reading, chance, steps, outcome, partial(other.take_away, client))
            outcome.elsewhere = other.done
    finally:
        reading.stop()
    return outcome


def _press_keys(
    terminal: Terminal,
    reading: MailClient,
    chance: random.Random,
    steps: int,
    outcome: Outcome,
    take_away: Callable[[str], None],
) -> None:
    selected = set[str]()
    for _ in range(steps):
        time.sleep(chance.uniform(0.0, 0.25))
        [key] = chance.choices([*ACTIONS, *MOVES], [*ACTIONS.values(), *MOVES.values()])
        outcome.keys[key] += 1
        shown = _shown(terminal)
        if not shown:
            continue
        before = _newest_batch(reading)
        if key in ACTIONS and chance.random() < 0.4:
            looked = time.monotonic()
            take_away(shown)
            time.sleep(chance.uniform(0.0, SLOWEST))
            if time.monotonic() - looked > LONGEST:
                continue
        pressed = terminal.press(*("gg" if key == "g" else key))
        if key in MOVES:
            if key == "x":
                selected |= {shown}
            elif key == "t":
                selected.clear()
            _until_answered(terminal, pressed, shown if key in "jk" else "")
            continue
        expected = [selected or {shown}, {shown}]
        acted = wait_until(partial(_is_newer, reading, before), PATIENCE)
        for done in _done_since(reading, before):
            outcome.acted += 1
            if not any(done <= allowed for allowed in expected):
                outcome.wrong.append(f"{key}: {sorted(done)} instead of one of {expected}")
        outcome.refused += not acted
        _until_answered(terminal, pressed, shown if acted and key in "ed" else "")
        if acted and key in "ed":
            selected.clear()


def _until_answered(terminal: Terminal, pressed: float, shown: str) -> None:
    """Who types ahead of the picture knows what they do; this person looks first, until the cursor has left `shown`."""
    if shown:
        wait_until(lambda: _shown(terminal) not in ("", shown), 1.0)
    terminal.seconds_until_quiet(pressed, quiet=0.15, timeout=2.0)


def _shown(terminal: Terminal) -> str:
    """The message that the cursor is on, as a person sees it; empty in the middle of a picture."""
    rows = [line for line in terminal.lines if CURSOR in line and NAMED.search(line)]
    found = NAMED.search(rows[0]) if len(rows) == 1 else None
    return found.group(1) if found else ""


def _newest_batch(reading: MailClient) -> int:
    changes = reading.changes(1)
    return changes[0].batch if changes else 0


def _is_newer(reading: MailClient, batch: int) -> bool:
    return _newest_batch(reading) > batch


def _done_since(reading: MailClient, batch: int) -> list[set[str]]:
    """The messages of each action since then, without what took another one back."""
    found = list[set[str]]()
    for change in reading.changes(10):
        if change.batch > batch and not change.summary.startswith("took back"):
            subjects = (NAMED.search(row.subject) for row in reading.rows(change.message_ids))
            found.append({match.group(1) for match in subjects if match})
    return found
