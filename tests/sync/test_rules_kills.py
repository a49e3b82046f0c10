"""kill -9 at commits while rules run over what came: no message is left out, and none is handled twice."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import message
from tests.sync.killed import Death, Killed, Nursery
from tests.sync.operations import LONG, SEED
from tests.sync.test_rules import ODD
from tui_mail.arriving import Rule
from tui_mail.model import Flag, Protocol

pytestmark = pytest.mark.server

RULES = (ODD, Rule("Star", "in:inbox subject:4", add=Flag.FLAGGED, place=1))
COMMITS = 30
"""A visit makes about so many."""


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP3])
def test_killed_while_rules_run(protocol: Protocol, dovecot: Dovecot, nursery: Nursery, tmp_path: Path) -> None:
    """Each is where its rule has put it, and history has each rule once for each of its messages."""
    print(f"TUI_MAIL_SEED={SEED}")
    deaths = [Death("commit", nth, moment) for nth in range(1, COMMITS) for moment in ("before", "after")]
    chosen = deaths if LONG else random.Random(f"{SEED} rules {protocol}").sample(deaths[:24], 5)
    for number, death in enumerate(chosen):
        user, home = dovecot.new_user(), tmp_path / str(number)
        account = replace(dovecot.account(user, protocol), name="work", rules=RULES)
        dovecot.deliver(user, message(1), message(2))
        client = nursery.start(home, account)
        client.ask("start")
        client.ask("settle")
        client.stop()
        dovecot.deliver(user, message(3), message(4), message(5))
        client = nursery.start(home, account, death)
        try:
            client.ask("start")
            client.ask("settle")
            client.stop()
        except Killed:
            client.end()
        client = nursery.start(home, account)
        try:
            client.ask("start")
            client.ask("settle")
            rows = {name: sorted(row[1] for row in rows) for name, _, _, rows in client.ask("rows") if rows}
            assert rows == {"INBOX": ["Number 1", "Number 2", "Number 4"], "Odd": ["Number 3", "Number 5"]}, death
            starred = [row[1] for _, _, _, rows in client.ask("rows") for row in rows if row[2] & Flag.FLAGGED]
            assert starred == ["Number 4"], death
            assert client.ask("ruled") == 3, death
        finally:
            client.stop()
