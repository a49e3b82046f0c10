"""One command's MailClient: opened for it, asked for what it names, and waited for.

What belongs here: what commands share before and after they act. What must never be here: a command itself.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui_mail.answers import Arguments
from tui_mail.client import MailClient
from tui_mail.config import accounts as configuration
from tui_mail.errors import ConfigError, NotFound
from tui_mail.model import AccountStatus, Change, ChangeState, Row
from tui_mail.questions import answer_at_terminal
from tui_mail.text import SafeText

REPLAY_SECONDS = 15.0
"""How long an action waits for the server before it leaves the rest to the next sync."""
IDLE_SECONDS = 0.1
"""How long an account is asked whether it has nothing left to do."""

_OPEN = (ChangeState.QUEUED, ChangeState.RUNNING)


@contextlib.contextmanager
def opened(given: Arguments, keep_bodies: str | None = None) -> Iterator[MailClient]:
    """The client of a command, closed after it; says what is wrong in config.toml. Raises ConfigError."""
    config = configuration.load(given.paths)
    *others, reason = [problem.sentence for problem in config.problems] or [
        SafeText("There is no account in config.toml; `tui-mail account add` makes one.")
    ]
    for sentence in others:
        print(sentence, file=sys.stderr)
    if not config.accounts:
        raise ConfigError(reason)
    if config.problems:
        print(reason, file=sys.stderr)
    used = config.accounts
    if keep_bodies is not None:
        used = tuple(replace(account, keep_bodies=keep_bodies) for account in used)
    answer_at_terminal(given.paths)
    client = MailClient(given.paths, used)
    try:
        yield client
    finally:
        client.stop()


def account_names(client: MailClient, wanted: str | None) -> list[str]:
    """The accounts that are meant: the one that is named, or all. Raises NotFound."""
    names = [account.name for account in client.accounts]
    if wanted is None:
        return names
    if wanted not in names:
        raise NotFound(f"There is no account {wanted!r}; `tui-mail account list` shows them.")
    return [wanted]


def known_rows(client: MailClient, ids: Sequence[int]) -> list[Row]:
    """The rows of these messages; raises NotFound for one that is not there."""
    rows = client.rows(ids)
    missing = sorted(set(ids) - {row.id for row in rows})
    if missing:
        raise NotFound(f"There is no message {missing[0]}; nothing was done. `tui-mail list inbox` shows the numbers.")
    return rows


def status_of(client: MailClient, account: str) -> AccountStatus | None:
    """How an account's line is; None when there is no such account."""
    return next((status for status in client.statuses() if status.account == account), None)


def carried_out(given: Arguments, client: MailClient, changes: Sequence[Change]) -> tuple[list[Change], int]:
    """Tell the servers of actions now if nobody else does, and wait a while; gives how far they are, and the exit code.

    With --wait the code is 75 when something is still on its way. 1: a server refused.
    """
    client.start()
    deadline = time.monotonic() + REPLAY_SECONDS
    now = [client.renewed(change) for change in changes]
    while time.monotonic() < deadline:
        waiting = [change for change in now if change.state in _OPEN]
        if not waiting or (client.is_settled and not client.is_engine and not given.wait):
            break  # all is done, or the tui-mail that is running sends it
        down = _out_of_reach(client, {name for change in waiting for name in change.accounts or (change.account,)})
        if down:
            for status in down:
                print(f"{status.sentence} The action is kept and will be sent.", file=sys.stderr)
            break
        threading.Event().wait(0.02)
        now = [client.renewed(change) for change in changes]
    now = [client.renewed(change) for change in changes]
    states = {change.state for change in now}
    if ChangeState.FAILED in states:
        return now, 1
    return now, 75 if given.wait and not states.isdisjoint(_OPEN) else 0


def _out_of_reach(client: MailClient, names: set[str]) -> list[AccountStatus]:
    """The accounts whose servers cannot be reached, once all others have done what they can; empty before."""
    statuses = [status for name in sorted(names) if (status := status_of(client, name)) is not None]
    down = [status for status in statuses if status.state.is_down]
    others = [status.account for status in statuses if not status.state.is_down]
    return down if down and all(client.wait_until_synced(name, IDLE_SECONDS) for name in others) else []
