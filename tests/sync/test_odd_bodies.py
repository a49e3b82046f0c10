"""Bodies that are not as long as a server says: such a one cannot be had, and nothing else suffers from it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.servers.odd import CAPABILITIES
from tests.sync.conftest import message, wait_for
from tests.sync.odd_place import Place, ids, soon
from tui_mail.model import BodyArrived, Flag, LinkState
from tui_mail.net import wire


def miscounted(by: int) -> Callable[[list[bytes]], list[bytes]]:
    """The literal of message 3 is announced as so much longer than it is; Domino makes some shorter."""

    def bend(said: list[bytes]) -> list[bytes]:
        return [
            re.sub(rb"(?<=UID 3 BODY\[\] )\{(\d+)\}", lambda found: b"{%d}" % (int(found[1]) + by), line)
            for line in said
        ]

    return bend


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a minute of silence takes two seconds."""
    begin = wire.Wire.begin
    monkeypatch.setattr(
        wire.Wire,
        "begin",
        lambda line, budget=wire.BUDGET, patience=wire.PATIENCE: begin(line, budget, min(2.0, patience)),
    )


@pytest.mark.parametrize("by", [-1, -40, 1, 400])
def test_a_length_that_is_wrong(odd: Callable[[str], Place], impatient: None, by: int) -> None:
    """A line breaks for it a few times; then all others are there, what was done goes out, and the person is told."""
    at = odd(CAPABILITIES)
    at.server.deliver(*(message(number, "x" * 60) for number in range(1, 7)))
    at.server.bend["UID FETCH"] = miscounted(by)
    with at.client() as client:
        soon(client, lambda: len(ids(client)) == 6, "six rows")
        known = ids(client)
        good = [known[f"Number {number}"] for number in (1, 2, 4, 5, 6)]
        soon(client, lambda: all(client.raw(id_) is not None for id_ in good), "five bodies")
        client.mark([known["Number 3"]], add=Flag.FLAGGED).result()
        client.archive([known["Number 2"]]).result()
        soon(client, lambda: at.server.subjects("Archive") == ["Number 2"], "what was done goes out")
        assert b"\\Flagged" in at.server.box().chosen(b"3")[0][1].flags
        client.request_body(known["Number 3"])
        wait_for(lambda: [one for one in at.events if isinstance(one, BodyArrived)], "an answer")
        [told] = [one for one in at.events if isinstance(one, BodyArrived)]
        assert (told.message_id, bool(told.problem), client.raw(known["Number 3"])) == (known["Number 3"], True, None)
        soon(client, lambda: client.statuses()[0].state is LinkState.LIVE, "live")
