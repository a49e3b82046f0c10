"""Accounts that become ones of the other protocol, perhaps killed on the way.

What belongs here: the change as the command makes it, in this process or in one that dies at a step. What must never
be here: what is expected.

    python -m tests.sync.conversions HOME PROTOCOL PORT NTH MOMENT       dies before or after its nth step
    python -m tests.sync.conversions HOME read NTH MOMENT                reads every account, and dies likewise
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import wait_for
from tui_mail.client import MailClient
from tui_mail.client.converting import Conversion, Plan, server_of
from tui_mail.config import accounts as configuration
from tui_mail.config import changing, secrets
from tui_mail.model import Account, LinkState, Protocol
from tui_mail.paths import paths
from tui_mail.store.database import Database

DOWN = (LinkState.OFFLINE, LinkState.REFUSED)


def set_up(home: Path, server: Dovecot, user: str, protocol: Protocol, name: str = "work") -> Account:
    """An account in the config.toml of a home."""
    account = replace(server.account(user, protocol), name=name)
    changing.add_account(paths(home), account)
    return account


@contextmanager
def opened(home: Path) -> Iterator[MailClient]:
    """A client of everything in config.toml, once every account has been read."""
    client = MailClient(paths(home))
    client.start()
    try:
        wait_for(lambda: client.is_settled, "it is settled who the engine is")
        for account in client.accounts:
            wait_for(lambda name=account.name: client.wait_until_synced(name, 0.2), f"{account.name} is read", 60)
        yield client
    finally:
        client.stop()


def convert(home: Path, protocol: Protocol, port: int, *, upload: bool = False, name: str = "work") -> Plan:
    """Change an account as `tui-mail account convert` does."""
    where = paths(home)
    before = configuration.load(where).account(name)
    server = server_of(before, protocol, host=None, port=port, security=None, user=None)
    after = replace(before, protocol=protocol, incoming=server, delete_from_server="never")
    with Conversion(where, secrets.secret) as conversion:
        plan = conversion.plan(before, after, upload=upload)
        conversion.check(plan)
        conversion.carry_out(plan)
    return plan


def convert_and_die(home: Path, protocol: Protocol, port: int, nth: int, moment: str) -> bool:
    """The same in a process that kills itself; False when it got to its end before."""
    words = [str(home), protocol.value, str(port), str(nth), moment]
    done = subprocess.run([sys.executable, "-m", "tests.sync.conversions", *words], cwd=Path(__file__).parents[2])
    assert done.returncode in (0, -signal.SIGKILL), done.returncode
    return done.returncode != 0


def read_and_die(home: Path, nth: int, moment: str) -> bool:
    """Read every account once in a process that kills itself; False when it got to its end before."""
    words = [str(home), "read", str(nth), moment]
    done = subprocess.run([sys.executable, "-m", "tests.sync.conversions", *words], cwd=Path(__file__).parents[2])
    assert done.returncode in (0, -signal.SIGKILL), done.returncode
    return done.returncode != 0


def everything(client: MailClient) -> dict[str, list[tuple[str, int, bool]]]:
    """By account: (subject, flags, whether its octets are here), sorted, of every folder."""
    found = dict[str, list[tuple[str, int, bool]]]()
    for folder in client.folders():
        rows = client.first_rows(folder.id, 100_000) if folder.selectable else []
        mine = found.setdefault(folder.account, [])
        mine += [(row.subject, int(row.flags), client.raw(row.id) is not None) for row in rows]
    return {account: sorted(rows) for account, rows in found.items()}


def _main(home: str, what: str, *rest: str) -> None:
    nth, moment = rest[-2:]
    count = 0

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def die_around(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            mine = count
            if (mine, moment) == (int(nth), "before"):
                os.kill(os.getpid(), signal.SIGKILL)
            result = step(*given, **named)
            if (mine, moment) == (int(nth), "after"):
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return die_around

    Database._commit_group = counted(Database._commit_group)  # type: ignore[method-assign]
    changing.replace_whole = counted(changing.replace_whole)
    if what == "read":
        with opened(Path(home)) as client:
            wait_for(lambda: not everything(client)["work-local"], "nothing is only here")
    else:
        convert(Path(home), Protocol(what), int(rest[0]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
