"""kill -9 while a message is archived and brought back on a server of labels: in each folder once, with its body."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.servers.gmail import ALL, TRASH, Gmail
from tests.sync.conftest import message
from tests.sync.killed import Client, Death, Killed, Nursery
from tui_mail.model import Account

COMMANDS = r"UID (MOVE|COPY|EXPUNGE|STORE)|SELECT"
DEATHS = [
    *(Death("commit", nth, moment) for nth in (1, 3, 6) for moment in ("before", "after")),
    *(Death("command", nth, moment, COMMANDS) for nth in (1, 2) for moment in ("before", "sent", "answered")),
]


class Case:
    """A server with three messages, and the home of a client that has read them."""

    def __init__(self, server: Gmail, nursery: Nursery, home: Path) -> None:
        self.server = server
        self.nursery = nursery
        self.home = home
        self.number = server.receive(message(1))
        server.receive(message(2), "INBOX", "Work")
        server.receive(message(3), "[Gmail]/Sent Mail")
        account = server.account()
        incoming = replace(account.incoming, password_command=("printf", "secret"))
        self.account: Account = replace(account, incoming=incoming)

    def start(self, death: Death | None = None) -> Client:
        return self.nursery.start(self.home, self.account, death)

    def rows(self, client: Client) -> dict[str, dict[str, tuple[int, int]]]:
        """By folder and subject: id and UID. No subject twice in a folder, and as many as the counters say."""
        found = dict[str, dict[str, tuple[int, int]]]()
        for name, total, _, rows in client.ask("rows"):
            found[name] = {subject: (id_, uid) for id_, subject, _, _, uid in rows}
            assert len(found[name]) == len(rows) == total, (name, rows)
        return found

    def agree(self, client: Client) -> dict[str, dict[str, tuple[int, int]]]:
        """What is shown is what the server has, whole."""
        client.ask("settle")
        rows = self.rows(client)
        for name in self.server.names():
            there = dict(zip(self.server.subjects(name), (m.uid for m in self.server.box(name).mails), strict=True))
            assert {subject: uid for subject, (_, uid) in rows[name].items()} == there, name
            ids = [id_ for id_, _ in rows[name].values()]
            raws = [message(int(subject.removeprefix("Number "))).decode() for subject in rows[name]]
            assert client.ask("bodies", ids=ids) == raws, name
        return rows

    def act(self, client: Client, how: str, *arguments: Any) -> None:
        client.ask("act", how=how, arguments=list(arguments), named={})


@pytest.mark.parametrize("action", ["archive", "delete"])
def test_killed_on_the_way_there_and_back(certificate: Path, tmp_path: Path, nursery: Nursery, action: str) -> None:
    """Whatever had been written and sent: after the next start both sides agree, and what was asked is done or not."""
    away = {"archive": {ALL}, "delete": {TRASH}}[action]
    with Gmail(certificate) as server:
        case = Case(server, nursery, tmp_path / "home")
        client = case.start()
        rows = case.agree(client)
        client.stop()
        killed = 0
        for death in DEATHS:
            is_home = "INBOX" in server.labels(case.number)
            client = case.start(death)
            try:
                if is_home:
                    case.act(client, action, [rows["INBOX"]["Number 1"][0]])
                else:
                    case.act(client, "undo")
                client.ask("settle")
                client.stop()
            except Killed:
                killed += 1
                client.end()
            client = case.start()
            rows = case.agree(client)
            client.stop()
            assert server.labels(case.number) in (away, {ALL, "INBOX"})
        assert killed > len(DEATHS) // 3
