"""A message of 270 MB, whose file goes to the disk: seconds, and the highest memory of this process, engine and client
together; then one of 50 MB with three files on a slow line: seconds until its text can be read, in parts and whole.

    python3 -m tests.benchmarks.large [--rate OCTETS]     octets a second that the line lets through; 2,000,000

Needs Dovecot. The exit status is 1 when the file is not the sender's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests import large
from tests.servers.dovecot import Dovecot
from tests.sync.test_portions import running, the_row
from tui_mail.client import MailClient
from tui_mail.client.saving import save_copy
from tui_mail.model import BodyArrived, Event

WORDS = large.text("The plan is below.\r\n" * 200)


class SlowLine:
    """Listens in front of a port of this computer, and lets only so much through to the client."""

    def __init__(self, port: int, rate: int) -> None:
        self.port = 0
        self._to, self._rate = port, rate
        self._listening = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), name="slow-line", daemon=True).start()
        self._listening.wait(10)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await server.serve_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._pump(reader, far_writer, 0), self._pump(far_reader, writer, self._rate))

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: int) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(32_768):
                writer.write(octets)
                await writer.drain()
                if rate:
                    await asyncio.sleep(len(octets) / rate)
        writer.close()


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=int, default=2_000_000)
    asked = parser.parse_args(words)
    with Dovecot() as server, tempfile.TemporaryDirectory() as home:
        status = _to_disk(server, Path(home))  # first: the highest memory is that of all before
        _text_first(server, Path(home), asked.rate)
        return status


def _text_first(server: Dovecot, home: Path, rate: int) -> None:
    user = server.new_user()
    files = [large.file(f"file{number}.bin", os.urandom(12_200_000)) for number in range(3)]
    server.deliver(user, large.message(large.several(WORDS, *files)))
    account = replace(server.account(user), name="work", keep_bodies="opened")
    line = SlowLine(account.incoming.port, rate)
    account = replace(account, incoming=replace(account.incoming, port=line.port))
    took = dict[str, float]()
    for how in ("in parts", "whole"):
        with running(account, home / how) as (client, events):
            message_id = the_row(client).id
            request = client.request_text if how == "in parts" else client.request_body
            took[how] = _until_read(client, events, message_id, request)
    print(
        f"50 MB at {rate / 1e6:g} MB/s, until its text can be read: in parts {took['in parts']:.2f} s, "
        f"whole {took['whole']:.1f} s, {took['whole'] / took['in parts']:.0f} times as long"
    )


def _to_disk(server: Dovecot, home: Path) -> int:
    user = server.new_user()
    process = os.fork()  # what is delivered is never in the memory that is measured
    if not process:
        content = os.urandom(200_000_000)
        (home / "sum").write_text(hashlib.sha256(content).hexdigest())
        server.deliver(user, large.message(large.several(WORDS, large.file("big.bin", content))))
        os._exit(0)
    os.waitpid(process, 0)
    account = replace(server.account(user), name="work", keep_bodies="opened")
    with running(account, home / "disk") as (client, events):
        row = the_row(client)
        _until_read(client, events, row.id, client.request_text)
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        path = save_copy(home, "big.bin", client.file(row.id, 1))
        took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with path.open("rb") as file:
        same = hashlib.file_digest(file, "sha256").hexdigest() == (home / "sum").read_text()
    print(
        f"a file of 200 MB out of a message of {row.size / 1e6:.0f} MB: {took:.0f} s, highest memory "
        f"{before / 1e3:.0f} MB before, {after / 1e3:.0f} MB after; {'the same' if same else 'NOT the same'}"
    )
    return 0 if same else 1


def _until_read(client: MailClient, events: list[Event], message_id: int, request: Callable[[int], None]) -> float:
    while client.statuses()[0].state != "live":
        threading.Event().wait(0.02)
    began = time.monotonic()
    request(message_id)
    while not any(isinstance(event, BodyArrived) for event in events):
        threading.Event().wait(0.005)
    if client.message(message_id) is None:
        raise SystemExit(f"not readable: {[one.problem for one in events if isinstance(one, BodyArrived)]}")
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
