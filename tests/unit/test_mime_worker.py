"""The parser process: what kills it never reaches us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]
import pytest

from tui_mail.mime.parse import parse_message
from tui_mail.mime.worker import ParserProcess
from tui_mail.thrift import MALLOC

RAW = b"From: a@example.org\r\nSubject: Hello\r\n\r\nWords.\r\n"


def wait_for(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    """Until the condition holds."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, "the condition never came true"
        pause.wait(0.01)


def is_gone(pid: int) -> bool:
    """No such process, or only its remains."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def parser() -> Iterator[ParserProcess]:
    """A parser that ends with the test."""
    with ParserProcess() as process:
        yield process


def test_the_child_reads_what_we_would_read(parser: ParserProcess) -> None:
    """Same message on both sides of the pipe; one child for all."""
    assert parser.parse(RAW) == parse_message(RAW)
    first = parser.pid
    assert parser.parse(b"") == parse_message(b"")
    assert parser.pid == first


def test_the_child_is_on_its_own(parser: ParserProcess) -> None:
    """No streams, no terminal session, no environment, no user interface, bounded memory, no file, no program."""
    parser.parse(RAW)
    child = psutil.Process(parser.pid)
    assert {os.readlink(f"/proc/{parser.pid}/fd/{number}") for number in range(3)} == {"/dev/null"}
    assert os.getsid(parser.pid) == parser.pid
    assert child.environ().keys() <= {"LD_LIBRARY_PATH", "PYTHONHOME", "LC_CTYPE", *MALLOC}
    assert child.rlimit(psutil.RLIMIT_AS)[0] == 1024**3
    assert [child.rlimit(one)[0] for one in (psutil.RLIMIT_FSIZE, psutil.RLIMIT_NPROC)] == [0, 0]
    assert not any("textual" in mapped.path for mapped in child.memory_maps())
    os.kill(parser.pid, signal.SIGINT)
    assert parser.parse(RAW).subject == "Hello"


def test_a_killed_child_is_replaced(parser: ParserProcess) -> None:
    """The next message finds a new one."""
    parser.parse(RAW)
    first = parser.pid
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: is_gone(first))
    assert parser.parse(RAW) == parse_message(RAW)
    assert parser.pid != first


def stop(parser: ParserProcess) -> int:
    """Have the child say nothing any more; its process id. Without a child, 0 would stop everybody here."""
    assert parser.pid > 0
    os.kill(parser.pid, signal.SIGSTOP)
    return parser.pid


def test_a_child_that_dies_in_the_middle_leaves_the_raw_text(parser: ParserProcess) -> None:
    """And a warning; the one after it is parsed again."""
    parser.parse(RAW)
    stopped = stop(parser)
    killer = threading.Timer(0.2, os.kill, (stopped, signal.SIGKILL))
    killer.start()
    message = parser.parse(RAW)
    killer.join()
    assert message.subject == "Hello"
    assert "raw text" in message.warnings[0]
    assert parser.parse(RAW) == parse_message(RAW)


def test_a_child_that_takes_too_long_is_replaced() -> None:
    """The wait is bounded."""
    with ParserProcess(seconds=2) as parser:
        wait_for(lambda: not parser.parse(RAW).warnings)
        stop(parser)
        message = parser.parse(RAW)
        assert "too long" in message.warnings[0]
        assert message.text.startswith("From: a@example.org")
        wait_for(lambda: not parser.parse(RAW).warnings)


def test_threads_may_share_it(parser: ParserProcess) -> None:
    """Each gets the answer to its own question."""
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        answers[number] = parser.parse(b"Subject: %d\r\n\r\n" % number).subject

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: str(number) for number in range(20)}


def test_close_ends_the_child() -> None:
    """And later questions still get an answer."""
    parser = ParserProcess()
    parser.warm()
    pid = parser.pid
    parser.close()
    assert is_gone(pid)
    assert parser.parse(RAW).subject == "Hello"
    parser.close()


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    """Even when the parent is killed."""
    code = (
        "import sys, time; from tui_mail.mime.worker import ParserProcess; p = ParserProcess(); p.parse(b'x');"
        "print(p.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        wait_for(lambda: is_gone(child))


def test_a_large_message_goes_through_quickly(parser: ParserProcess) -> None:
    """Thirty megabytes, about a second, a child below 300 MB."""
    parser.warm()
    raw = (
        RAW.replace(b"\r\n\r\n", b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n")
        + (
            b"--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + b"QUJD" * 18
            + b"\r\n"
        )
        + (b"QUJD" * 18 + b"\r\n") * 400_000
        + b"--b--\r\n"
    )
    message = parser.parse(raw)
    assert (message.text, message.attachments[0].size) == ("Words.", 54 * 400_001)
    assert psutil.Process(parser.pid).memory_info().rss < 300_000_000


def test_codecs_that_are_no_charsets_are_refused_in_the_child(parser: ParserProcess) -> None:
    """Punycode is quadratic in mail-parser; in the child it does not exist."""
    started = time.monotonic()
    message = parser.parse(b"Subject: =?punycode?q?" + b"a" * 200_000 + b"-b?=\r\n\r\nx")
    assert message.subject.startswith("aaa")
    assert time.monotonic() - started < 9
