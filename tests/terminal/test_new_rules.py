"""A rule that is written while the program runs holds for what comes then."""

from __future__ import annotations

import pytest

from tests.servers.dovecot import wait_until
from tests.terminal.conftest import Person, letter
from tui_mail.client import MailClient
from tui_mail.errors import ConfigError
from tui_mail.paths import paths
from tui_mail.store import folders, ruling
from tui_mail.sync import alarms

pytestmark = [pytest.mark.server, pytest.mark.terminal]


def test_a_rule_holds_without_a_new_start(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the screen, and by hand; a file that is wrong in the middle of an edit takes no rule away."""
    monkeypatch.setattr(alarms, "LOOK_SECONDS", 0.3)
    assert person.add().code == 0
    person.deliver(letter("Before"))
    person.synced()
    client = MailClient(paths(person.home))
    try:
        client.start()
        account = folders.known_account(client._db.read(), "work")
        assert account is not None
        assert wait_until(lambda: client.is_engine, 10)
        client.add_rule({"name": "Away", "query": "in:inbox subject:parcel", "archive": True}).result()
        assert wait_until(lambda: ruling.has_marks(client._db.read(), account), 20)
        person.deliver(letter("A parcel", number=2))
        person.until_server_has("Archive", "A parcel")
        whole = client.paths.config_file.read_text()
        client.paths.config_file.write_text(whole + "\n[[rules]\n")
        with pytest.raises(ConfigError):
            client.add_rule({"name": "More", "query": "in:inbox", "trash": True}).result()
        person.deliver(letter("Another parcel", number=3), letter("A letter", number=4))
        person.until_server_has("Archive", "A parcel", "Another parcel")
        person.until_server_has("INBOX", "Before", "A letter")
    finally:
        client.stop()
