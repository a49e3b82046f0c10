"""Exchange counts a message some seconds before it shows it: it is looked for again, and not lost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from tests.servers.odd import CAPABILITIES, Odd
from tests.sync.conftest import message, shown, wait_for
from tests.sync.odd_place import Place, agree
from tui_mail.sync import late

BARELY = CAPABILITIES.replace(" LIST-STATUS", "").replace(" ESEARCH", "")


class Lag:
    """While `on`, the newest message of the inbox is counted, and neither found nor fetched."""

    def __init__(self, server: Odd) -> None:
        self.on = False
        self._server = server
        server.bend["UID SEARCH"] = self._unfound
        server.bend["UID FETCH"] = server.bend["FETCH"] = self._unseen

    def _unfound(self, said: list[bytes]) -> list[bytes]:
        return [re.sub(rb" %d$" % self._newest, b"", line) for line in said] if self.on else said

    def _unseen(self, said: list[bytes]) -> list[bytes]:
        return [line for line in said if b"(UID %d " % self._newest not in line] if self.on else said

    @property
    def _newest(self) -> int:
        return self._server.box().mails[-1].uid


def test_it_is_looked_for_again(odd: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch) -> None:
    """EXISTS rose and there is nothing: the folder is asked again, and again, until it is there."""
    monkeypatch.setattr(late, "LOOKS", (0.2, 0.2, 60.0))
    at = odd(BARELY)
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        wait_for(lambda: client.statuses()[0].state == "live", "it is live")
        lag = Lag(at.server)
        lag.on = True
        with at.server.lock:
            before = len(at.server.sent(b"SELECT"))
            at.server.deliver(message(3))
        wait_for(lambda: len(at.server.sent(b"SELECT")) > before, "it is looked for")
        assert len(shown(client)) == 2
        lag.on = False
        wait_for(lambda: len(shown(client)) == 3, "it is there")
        agree(client, at.server)


def is_still(counted: Callable[[], int], seconds: float) -> bool:
    """The number does not grow for so long."""
    before = counted()
    time.sleep(seconds)
    return counted() == before


def test_what_never_comes_is_not_looked_for_for_ever(
    odd: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three looks it is left to the next news."""
    monkeypatch.setattr(late, "LOOKS", (0.05, 0.05, 0.05))
    at = odd(BARELY)
    at.server.deliver(message(1), message(2))
    with at.client() as client:
        agree(client, at.server)
        lag = Lag(at.server)
        lag.on = True
        with at.server.lock:
            at.server.deliver(message(3))
        assert client.wait_until_synced("work", 60)
        wait_for(lambda: is_still(lambda: len(at.server.sent(b"SELECT")), 1.0), "nothing is looked for any more")
        lag.on = False
        at.server.deliver(message(4))
        wait_for(lambda: len(shown(client)) == 4, "both are there")
