"""What it costs to open messages, beside what bare mail-parser needs to parse the same ones, in the same run.

    python3 -m tests.benchmarks.reading [FOLDER] [--limit N]

FOLDER: files of one message each; without one, the demo's mail. Times are processor time of this process, so that
other work on the machine does not count: "parse" gives the whole Message (structure, text, HTML, links, what speaks
for and against it), "page" lays its first page out. Then messages of 30 MB through the real parser process, in
processor time of both sides, and by the clock. The exit status is 1 when one needed more than a second of it.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mailparser
import psutil

from tests.corpus.__main__ import PAGE
from tui_mail.demo.mail import messages
from tui_mail.mime.parse import parse_message
from tui_mail.mime.worker import ParserProcess
from tui_mail.model import Message
from tui_mail.ui.widgets.message_document import message_document
from tui_mail.ui.widgets.row_text import Calendar

SIZE = 30_000_000
LIMIT_SECONDS = 1.0
_HEAD = b"From: Anna <anna@example.org>\r\nSubject: large\r\nMIME-Version: 1.0\r\n"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--limit", type=int, default=1_000)
    asked = parser.parse_args(words)
    raws = list(itertools.islice(_raws(asked.folder), asked.limit))
    _compare(raws)
    return _large()


def _raws(folder: Path | None) -> Sequence[bytes]:
    if folder is None:
        return [one.raw for one in messages(1_000)]
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def _compare(raws: Sequence[bytes]) -> None:
    bare, ours, pages = list[float](), list[float](), list[float]()
    refused = 0
    calendar = Calendar.at(time.time())
    for raw in raws:
        took, parsed = _timed(lambda raw=raw: _bare(raw))  # type: ignore[misc]
        refused += not parsed
        bare.append(took)
        took, message = _timed(lambda raw=raw: parse_message(raw))  # type: ignore[misc]
        ours.append(took)
        pages.append(_timed(lambda message=message: _page(message, calendar))[0])  # type: ignore[misc]
    print(f"{len(raws)} messages, {sum(map(len, raws)):,} octets; milliseconds of processor time each")
    for name, times in (("mail-parser", bare), ("parse", ours), ("page", pages)):
        ordered = sorted(times)
        print(
            f"{name:12} mean {statistics.fmean(times) * 1e3:6.2f}  median {ordered[len(times) // 2] * 1e3:6.2f}  "
            f"99 % {ordered[int(len(times) * 0.99)] * 1e3:6.2f}  worst {ordered[-1] * 1e3:7.1f}"
        )
    print(f"mail-parser raised an exception for {refused}, parse for none")


def _bare(raw: bytes) -> bool:
    with contextlib.suppress(Exception):
        mailparser.parse_from_bytes(raw).body  # noqa: B018
        return True
    return False


def _page(message: Message, calendar: Calendar) -> None:
    document = message_document(message, None, calendar, frozenset())
    document.lay_out(100)
    document.ensure(PAGE)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def _large() -> int:
    calendar, worst = Calendar.at(time.time()), 0.0
    with ParserProcess() as process:
        process.parse(b"Subject: warm\r\n\r\nx")
        for name, raw in _large_messages():
            began, used = time.perf_counter(), _used(process)
            message = process.parse(raw)
            _page(message, calendar)
            took, used = time.perf_counter() - began, _used(process) - used
            worst = max(worst, used)
            memory = psutil.Process(process.pid).memory_info().rss / 1e6 if process.pid else 0.0
            said = "; ".join(message.warnings)
            print(f"{name:22} {used:5.2f} s ({took:5.2f} s by the clock), parser {memory:4.0f} MB  {said}")
    return 1 if worst > LIMIT_SECONDS else 0


def _used(process: ParserProcess) -> float:
    child = psutil.Process(process.pid).cpu_times() if process.pid else None
    return time.process_time() + (child.user + child.system if child else 0.0)


def _large_messages() -> Sequence[tuple[str, bytes]]:
    text = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    html = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    paragraph = b"<p>What a <b>long</b> page <a href='http://x.example/'>this</a> is.</p>\r\n"
    file = base64.encodebytes(os.urandom(SIZE // 4)).replace(b"\n", b"\r\n")
    part = b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + file
    return [
        ("three attachments", _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 3 + b"--b--\r\n"),
        ("text", _HEAD + text + b"What a long letter this is.\r\n" * (SIZE // 29)),
        ("text in one line", _HEAD + text + b"word " * (SIZE // 5)),
        ("HTML", _HEAD + html + paragraph * (SIZE // len(paragraph))),
        ("HTML, nested tables", _HEAD + html + b"<table><tr><td>x" * (SIZE // 16)),
        ("HTML, one tag", _HEAD + html + b"<a " + b"b=c " * (SIZE // 4) + b">x</a>"),
        ("HTML, nothing but <", _HEAD + html + b"<" * SIZE),
        ("HTML, entities", _HEAD + html + b"&#8238;&lt;" * (SIZE // 11)),
        ("uuencoded files", _HEAD + b"\r\n" + b"begin 644 a\r\n#0V%T\r\n`\r\nend\r\n" * (SIZE // 32)),
        ("one header field", b"Subject: " + b"=?utf-8?q?a?= " * (SIZE // 14) + b"\r\n\r\nx"),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
