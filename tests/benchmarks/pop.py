"""POP3 at large: killed at every commit and every step of a visit; and how fast a first visit is.

    python3 -m tests.benchmarks.pop kills [--policy at_once]
    python3 -m tests.benchmarks.pop speed [--messages 10000]

`kills`: fifty messages, each policy, kill -9 before and after every commit and every line of the dialogue; afterwards
every message is here once, and the server has what the policy leaves there. `speed`: a first visit to a real Dovecot
over TLS, beside poplib reading the same octets and keeping nothing, and beside mpop into a Maildir where it is
installed. The exit status is 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import poplib
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.servers.dovecot import Dovecot
from tests.sync.conftest import message
from tests.sync.killed import Death, Nursery
from tests.sync.pop_breaks import POLICIES, PopCase
from tui_mail.client import MailClient
from tui_mail.model import Account, Protocol
from tui_mail.paths import paths

HOUR = 3_600.0


def main(words: Sequence[str] | None = None) -> int:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("kills").add_argument("--policy", choices=POLICIES, action="append")
    what.add_parser("speed").add_argument("--messages", type=int, default=10_000)
    asked = parser.parse_args(words)
    with Dovecot() as server, tempfile.TemporaryDirectory(prefix="tui-mail-pop-") as top:
        if asked.what == "speed":
            return speed(server, Path(top), asked.messages)
        return kills(server, Path(top), asked.policy or POLICIES)


def kills(server: Dovecot, top: Path, policies: Sequence[str]) -> int:
    """Kill everywhere until a run ends before its turn to be killed has come."""
    cases, killed, wrong = 0, 0, list[str]()
    with Nursery() as nursery:
        for policy in policies:
            for at in ("commit", "pop3"):
                nth, more = 1, True
                while more:
                    more = False
                    for moment in ("before", "after"):
                        death = Death(at, nth, moment)
                        cases += 1
                        try:
                            more |= PopCase(server, nursery, top, policy).run(death)
                        except AssertionError as error:
                            wrong.append(f"{policy}, {death}: {error}")
                            more = True
                    killed += 2 * more
                    nth += 1
                print(f"{policy}, {at}: {cases} cases, {killed} kill -9, {len(wrong)} wrong", flush=True)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def speed(server: Dovecot, top: Path, count: int) -> int:
    """Messages a second, ours and others'."""
    user = server.new_user()
    server.deliver(user, *(message(number) for number in range(1, count + 1)))
    account = replace(server.account(user, Protocol.POP3), name="work")
    times = {"tui_mail": _ours(account, top, count), "poplib, kept nowhere": _poplib(account, count)}
    if shutil.which("mpop"):
        times["mpop into a Maildir"] = _mpop(account, top, count)
    for name, seconds in times.items():
        ratio = times["tui_mail"] / seconds
        print(f"{name}: {count / seconds:,.0f} messages/s ({seconds:.1f} s, tui_mail takes ×{ratio:.2f})")
    return 0


def _ours(account: Account, top: Path, count: int) -> float:
    client = MailClient(paths(top / "home"), [account], secret=lambda _: "secret")
    began = time.monotonic()
    client.start()
    try:
        while not (client.is_settled and client.wait_until_synced(account.name, 0.2)):
            assert time.monotonic() - began < HOUR, client.statuses()
        seconds = time.monotonic() - began
        assert client.find_folder("inbox").total == count, "not all came"
        return seconds
    finally:
        client.stop()


def _poplib(account: Account, count: int) -> float:
    server = account.incoming
    began = time.monotonic()
    line = poplib.POP3_SSL(server.host, server.port, context=ssl.create_default_context(cafile=server.ca_file))
    line.user(server.user)
    line.pass_("secret")
    for number in range(1, count + 1):
        line.retr(number)
    line.quit()
    return time.monotonic() - began


def _mpop(account: Account, top: Path, count: int) -> float:
    server, box = account.incoming, top / "maildir"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    config = top / "mpoprc"
    config.write_text(
        f"account work\nhost {server.host}\nport {server.port}\ntls on\ntls_starttls off\n"
        f"tls_trust_file {server.ca_file}\nuser {server.user}\npassword secret\nauth user\nkeep on\n"
        f"received_header off\nuidls_file {top / 'uidls'}\ndelivery maildir {box}\n"
    )
    config.chmod(0o600)
    began = time.monotonic()
    subprocess.run(["mpop", "-C", str(config), "-q", "work"], check=True, stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    assert len(list((box / "new").iterdir())) == count, "mpop: not all came"
    return seconds


if __name__ == "__main__":
    sys.exit(main())
