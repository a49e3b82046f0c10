"""A person who writes, with an account on a real Dovecot that sends through a real Postfix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.postfix import Postfix
from tests.sync.conftest import settled, wait_for
from tui_mail.client import MailClient
from tui_mail.model import Account
from tui_mail.outgoing import ComposeSettings, Draft, OutboxEntry, SendState
from tui_mail.paths import paths


class Writer:
    """A person who writes, with an account on the Dovecot that sends through the Postfix."""

    def __init__(self, server: Postfix, home: Path) -> None:
        self.server = server
        self.user = server.new_user()
        self.home = home
        self.account: Account = replace(server.account(self.user), name="work", save_sent="copy")

    @contextmanager
    def client(self, *, undo_send: int = 0) -> Iterator[MailClient]:
        client = MailClient(paths(self.home), [self.account])
        client.compose = ComposeSettings(undo_send=undo_send)
        client.start()
        try:
            settled(client)
            yield client
        finally:
            client.stop()

    def draft(self, client: MailClient, to: str, **said: object) -> Draft:
        blank = client.blank_draft().result(10).draft
        return replace(blank, to=to, **{"subject": "Hello", "body": "Dear you,\n\nbye", **said})  # type: ignore[arg-type]


def finished(client: MailClient, entry: OutboxEntry, *states: SendState) -> OutboxEntry:
    """The entry once it is in one of these states (and stays), done if none is given."""
    wanted = states or (SendState.DONE,)

    def there() -> bool:
        now = client.outbox_entry(entry.id)
        return now is not None and now.state in wanted and (now.state is not SendState.UNKNOWN or bool(now.error))

    try:
        wait_for(there, f"{entry.id} is one of {wanted}")
    except pytest.fail.Exception as failure:
        raise AssertionError(f"{failure}: {client.outbox_entry(entry.id)}") from None
    now = client.outbox_entry(entry.id)
    assert now is not None
    return now
