"""Measures indexing against the raw protocol: messages a second stored, beside imaplib reading the same headers.

    python -m tests.benchmarks.index --size 100000

Both read from the same private Dovecot over TLS, one after the other in the same run: imaplib fetches the header
fields of every message of INBOX and throws them away; the engine fetches, parses and stores them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.maildir import fill, warm
from tests.servers.dovecot import Dovecot
from tui_mail.client import MailClient
from tui_mail.paths import paths

FIELDS = (
    "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS"
    " (DATE FROM TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE)])"
)


def raw_rate(server: Dovecot, user: str, size: int) -> float:
    """Messages a second that imaplib reads, 2,000 in a command."""
    connection = server.connect(user, "INBOX")
    began = time.perf_counter()
    count = 0
    for first in range(1, size + 1, 2000):
        _, found = connection.uid("FETCH", f"{first}:{min(size, first + 1999)}", FIELDS)
        count += sum(isinstance(part, tuple) for part in found)
    seconds = time.perf_counter() - began
    connection.logout()
    assert count == size, f"imaplib read {count} of {size}"
    return count / seconds


def engine_rate(server: Dovecot, user: str, size: int) -> float:
    """Messages a second from an empty store to all of INBOX in it, connecting included."""
    with tempfile.TemporaryDirectory(prefix="tui-mail-bench-") as home:
        account = replace(server.account(user), keep_bodies="opened")
        client = MailClient(paths(Path(home)), [account])
        changed = threading.Event()
        client.subscribe(lambda _: changed.set())
        began = time.perf_counter()
        client.start()
        try:
            while True:
                changed.wait(10)
                changed.clear()
                inbox = next((folder for folder in client.folders() if folder.role == "inbox"), None)
                if inbox is not None and inbox.complete:
                    break
            seconds = time.perf_counter() - began
            assert inbox.total == size, f"stored {inbox.total} of {size}"
        finally:
            client.stop()
        return size / seconds


def main(words: Sequence[str] | None = None) -> int:
    """Measure three times each, in turn; report medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(words)
    sys.setswitchinterval(0.0005)
    with Dovecot() as server:
        user = server.new_user()
        fill(server, user, options.size, folders=("INBOX",))
        warm(server, user)
        pairs = [
            (raw_rate(server, user, options.size), engine_rate(server, user, options.size)) for _ in range(options.runs)
        ]
    raw, engine = (sorted(column)[len(column) // 2] for column in zip(*pairs, strict=True))
    print(json.dumps({"imaplib": round(raw), "indexed": round(engine), "ratio": round(engine / raw, 2)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
