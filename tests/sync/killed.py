"""A process that forks clients and has them killed at a certain commit; `test_faults` talks to it over pipes.

Everything is imported once, so that a client costs milliseconds. Each line of the input is a JSON object
(home, account, commit, moment); the answer is a line with the exit status of the client.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from tests.sync.scenario import over, work
from tui_mail.client import MailClient
from tui_mail.model import Account, Protocol, Security, Server
from tui_mail.paths import paths
from tui_mail.store.database import Database


def main() -> None:
    """Serve requests until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _die_at(request["commit"], request["moment"])
            _run(request)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(status, flush=True)


def _die_at(commit: int, moment: str) -> None:
    original, count = Database._commit_group, 0

    def counted(self: Database, first: Any) -> None:
        nonlocal count
        count += 1
        if (count, moment) == (commit, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        original(self, first)
        if (count, moment) == (commit, "after"):
            os.kill(os.getpid(), signal.SIGKILL)

    Database._commit_group = counted  # type: ignore[method-assign]


def _run(request: dict[str, Any]) -> None:
    told = request["server"]
    words, security = tuple(told["password_command"]), Security(told["security"])
    server = Server(**{**told, "password_command": words, "security": security})
    account = Account("work", "", "anna@example.org", Protocol.IMAP, server)
    client = MailClient(paths(request["home"]), [account])
    client.start()
    work(client)
    over(client)
    client.stop()


if __name__ == "__main__":
    main()
