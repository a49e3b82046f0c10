"""A POP3 visit that is killed or cut anywhere: every message ends up here once, and none is nowhere.

What belongs here: how a case is run and judged. What must never be here: which of them run when.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from pathlib import Path

from tests.servers.courier import Courier
from tests.servers.dovecot import Dovecot
from tests.servers.faults import FaultyLine
from tests.sync.conftest import message
from tests.sync.killed import Client, Death, Killed, Nursery
from tui_mail.model import Account, Protocol

POLICIES = ("never", "at_once", "when_deleted", "1 days")
COUNT = 50
THROWN_AWAY = 5
"""So many messages are moved to the trash here, between two visits."""


@dataclass(slots=True)
class PopCase:
    """One maildrop of fifty messages, and the home that they go to."""

    server: Dovecot | Courier
    nursery: Nursery
    home: Path
    policy: str

    def run(self, death: Death | None = None, line: FaultyLine | None = None) -> bool:
        """Visit, throw some away, visit again, while something breaks; then judge. False when nothing broke."""
        user = self.server.new_user()
        self.server.deliver(user, *(message(number) for number in range(1, COUNT + 1)))
        broke = self._use(self._account(user, line), death, user)
        if line is not None:
            broke = bool(line.fired or line.cuts)
            line.heal()
        client = self.nursery.start(self.home / user, self._account(user))
        try:
            client.ask("start")
            client.ask("settle", seconds=60)
            self._judge(client, user)
        finally:
            client.stop()
        return broke

    def _account(self, user: str, line: FaultyLine | None = None) -> Account:
        account = line.account(user) if line is not None else self.server.account(user, Protocol.POP3)
        return replace(account, name="work", delete_from_server=self.policy)

    def _use(self, account: Account, death: Death | None, user: str) -> bool:
        client = self.nursery.start(self.home / user, account, death)
        try:
            client.ask("start")
            client.ask("settle", seconds=60)
            rows = next(rows for name, _, _, rows in client.ask("rows") if name == "INBOX")
            client.ask("act", how="delete", arguments=[[row[0] for row in rows[:THROWN_AWAY]]], named={})
            client.ask("settle", seconds=60)
            client.stop()
        except Killed:
            assert client.end() == signal.SIGKILL
            return True
        return False

    def _judge(self, client: Client, user: str) -> None:
        rows = client.ask("rows")
        here = sorted(row[1] for _, _, _, held in rows for row in held)
        assert here == sorted(f"Number {number}" for number in range(1, COUNT + 1)), f"here {len(here)}: {here}"
        ids = [row[0] for _, _, _, held in rows for row in held]
        for id_, raw in zip(ids, client.ask("bodies", ids=ids), strict=True):
            assert "Body of number" in raw, f"the octets of {id_} are not here"
        with self.server.connect(user, "INBOX") as other:
            left = len(other.search(None, "ALL")[1][0].split())
        trashed = next(len(held) for name, _, _, held in rows if name == "Trash")
        expected = {"never": COUNT, "at_once": 0, "when_deleted": COUNT - trashed, "1 days": COUNT}[self.policy]
        assert left == expected, f"{left} on the server, not {expected}"
