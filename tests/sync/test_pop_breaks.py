"""POP3 visits that are killed and cut: each run of the tests takes other places; benchmarks/pop takes all of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.servers.courier import Courier
from tests.servers.dovecot import Dovecot
from tests.servers.faults import Fault, FaultyLine
from tests.sync.killed import Death, Nursery
from tests.sync.pop_breaks import POLICIES, PopCase
from tui_mail.model import Protocol

pytestmark = [pytest.mark.server, pytest.mark.timeout(180)]

DELETING = ("at_once", "when_deleted")
"""Policies under which DELE is sent at all within such a run."""
SEED = random.randrange(1_000_000)
_chosen = random.Random(SEED)
DEATHS = [
    *(Death("commit", nth, _chosen.choice(("before", "after"))) for nth in sorted(_chosen.sample(range(3, 26), 3))),
    *(Death("pop3", nth, _chosen.choice(("before", "after"))) for nth in (1, 2, 3, 4)),
]
KILLED = [(policy, at) for policy in POLICIES for at in range(0, len(DEATHS), 1 if policy in DELETING else 3)]
CUTS = [("client", word) for word in ("UIDL", "RETR", "DELE", "QUIT")] + [
    ("server", line) for line in (r"\+OK 50 messages", r"Number 7\b", r"Marked", r"Logging out")
]


@pytest.mark.parametrize(("policy", "at"), KILLED)
def test_killed_anywhere(at: int, policy: str, dovecot: Dovecot, nursery: Nursery, tmp_path: Path) -> None:
    """All are here once; the server has what the policy leaves there, and nothing less."""
    PopCase(dovecot, nursery, tmp_path, policy).run(DEATHS[at])


@pytest.mark.parametrize("policy", ["at_once", "when_deleted"])
@pytest.mark.parametrize(("side", "match"), CUTS)
def test_cut_anywhere(side: str, match: str, policy: str, dovecot: Dovecot, nursery: Nursery, tmp_path: Path) -> None:
    """The same when the line breaks, before or after a line of either side."""
    fault = Fault(side, match, cut=_chosen.choice(("before", "after")))  # type: ignore[arg-type]
    with FaultyLine(dovecot, fault, protocol=Protocol.POP3) as line:
        PopCase(dovecot, nursery, tmp_path, policy).run(line=line)


@pytest.mark.parametrize("policy", DELETING)
def test_killed_on_courier(policy: str, courier: Courier, nursery: Nursery, tmp_path: Path) -> None:
    """A server of another make, whose QUIT and whose listings work differently."""
    for death in _chosen.sample(DEATHS, 2):
        PopCase(courier, nursery, tmp_path, policy).run(death)


@pytest.mark.parametrize(("side", "match"), [("client", "DELE"), ("client", "QUIT"), ("server", r"\+OK Bye")])
def test_cut_on_courier(side: str, match: str, courier: Courier, nursery: Nursery, tmp_path: Path) -> None:
    """The same where the line breaks about a deletion."""
    fault = Fault(side, match, cut=_chosen.choice(("before", "after")))  # type: ignore[arg-type]
    with FaultyLine(courier, fault, protocol=Protocol.POP3) as line:
        assert PopCase(courier, nursery, tmp_path, "at_once").run(line=line)
