"""kill -9 while a message is kept as a draft, sent and filed: one case, and what must hold afterwards.

What belongs here: how a case is run and judged. What must never be here: which of them run when (test_sending_kills,
benchmarks/sending).

The receiver may have the message once or not at all; where nobody can know, the outbox says so, and a person's answer
puts it right. It is never lost, never twice with the receiver, and never twice among the sent mail.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.servers.dovecot import wait_until
from tests.servers.postfix import Postfix
from tests.sync.killed import Client, Death, Killed, Nursery
from tui_mail.model import Account

MOMENTS = ("before", "after")
_numbers = itertools.count(1)


@dataclass(slots=True)
class Tally:
    """What came of all cases."""

    cases: int = 0
    killed: int = 0
    asked: int = 0
    """Those in which a person had to be asked."""
    lost: int = 0
    doubled: int = 0
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.cases} cases, {self.killed} killed: {self.lost} lost, {self.doubled} doubled,"
            f" {self.asked} in which nobody could know and the outbox asked"
        )


def deaths(at: str) -> Iterator[tuple[Death, ...]]:
    """Every death at commits or at steps of the dialogue, without end: as many as there are is found by trying."""
    for nth in itertools.count(1):
        yield tuple(Death(at, nth, moment) for moment in MOMENTS)


class SendingCase:
    """One person who writes one message, and is killed at it."""

    def __init__(self, server: Postfix, nursery: Nursery, top: Path) -> None:
        self.server = server
        self.nursery = nursery
        self.user = server.new_user()
        self.receiver = server.new_user()
        self.home = top / self.user
        self.subject = f"Letter {next(_numbers)}"

    @property
    def account(self) -> Account:
        """Ours files sent mail, so that no case waits for the server to do so."""
        return replace(self.server.account(self.user), name="work", save_sent="copy")

    def run(self, death: Death, tally: Tally) -> bool:
        """Send, be killed, start again, and judge; False when there was nothing left to be killed at."""
        tally.cases += 1
        client, killed, draft = self.nursery.start(self.home, self.account, death), False, 0
        try:
            draft = self._write(client)
            client.ask("send", draft=draft)
            client.ask("sent")
            client.ask("settle")
            client.stop()
        except Killed:
            assert client.end() == signal.SIGKILL
            killed = True
        tally.killed += killed
        self._judge(bool(draft), f"{death} {self.subject}", tally)
        return killed

    def _write(self, client: Client) -> int:
        client.ask("start")
        text = f"Dear receiver, this is {self.subject}.\n.\n..\nBye"
        draft: int = client.ask("write", to=self.server.address(self.receiver), subject=self.subject, body=text)
        return draft

    def _judge(self, was_written: bool, what: str, tally: Tally) -> None:
        client = self.nursery.start(self.home, self.account)
        try:
            client.ask("start")
            client.ask("sent")
            found = client.ask("outbox")
            if not found:  # it was never in the outbox: a draft, unless it was killed before that was saved
                open_drafts = client.ask("drafts")
                if was_written and not open_drafts:
                    tally.lost += 1
                    tally.notes.append(f"no draft: {what}")
                assert not self._received(), what
                draft = open_drafts[0][0] if open_drafts else self._write(client)
                client.ask("send", draft=draft)
                client.ask("sent")
                found = client.ask("outbox")
            for number, _, state, error in found:
                if state == "unknown":
                    tally.asked += 1
                    assert error, what
                    has_it = bool(self._received(patience=3.0))
                    client.ask("take_as_sent" if has_it else "send_again", number=number)
                    client.ask("sent")
            client.ask("settle")
            states = [state for _, _, state, _ in client.ask("outbox")]
            assert states == ["done"], (what, client.ask("outbox"))
            received, sent, drafts = len(self._received(patience=10.0)), *self._filed(client)
        finally:
            client.stop()
        if received == 0 or sent == 0:
            tally.lost += 1
            tally.notes.append(f"received {received}, among the sent mail {sent}: {what}")
        if received > 1 or sent > 1 or drafts:
            tally.doubled += 1
            tally.notes.append(f"received {received}, among the sent mail {sent}, among the drafts {drafts}: {what}")

    def _received(self, patience: float = 0.0) -> list[bytes]:
        """What the receiver got, once Postfix has nothing left to deliver."""
        wait_until(self.server.is_idle, 10)
        if patience:
            wait_until(lambda: self.server.arrived(self.receiver, 0), patience)
        return [raw for raw in self.server.arrived(self.receiver, 0) if self.subject.encode() in raw]

    def _filed(self, client: Client) -> tuple[int, int]:
        """How often it is among the sent mail and among the drafts, on the server and here alike."""
        counts = dict[str, int]()
        shown = {name: [row[1] for row in rows] for name, _, _, rows in client.ask("rows")}
        for folder in ("Sent", "Drafts"):
            with self.server.dovecot.connect(self.user, folder) as other:
                there = other.search(None, "SUBJECT", f'"{self.subject}"')[1][0].split()
            counts[folder] = len(there)
            here = shown.get(folder, []).count(self.subject)
            assert here == len(there), f"{folder}: {here} here, {len(there)} on the server"
        return counts["Sent"], counts["Drafts"]
