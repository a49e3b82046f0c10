"""Where no process can be the engine, everybody is told so, and nobody waits for one."""

from __future__ import annotations

from pathlib import Path

from tests.sync.conftest import wait_for
from tui_mail.client import MailClient
from tui_mail.model import Account, LinkState, Protocol, Security, Server
from tui_mail.paths import paths


def test_a_lock_that_cannot_be_had(tmp_path: Path) -> None:
    """It is decided, though nothing runs; the status says why."""
    where = paths(tmp_path)
    where.prepare()
    (where.state / "engine.lock").mkdir()
    account = Account("work", "", "a@b.example", Protocol.IMAP, Server("127.0.0.1", 1, Security.TLS, "a"))
    client = MailClient(where, [account], secret=lambda _: "secret")
    try:
        client.start()
        wait_for(lambda: client.is_settled, "it is decided")
        (status,) = client.statuses()
        assert status.state is LinkState.REFUSED
        assert status.state.is_down
        assert "engine.lock cannot be written" in status.sentence
        assert not client.is_engine
    finally:
        client.stop()
