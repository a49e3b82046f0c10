"""A program that sends: what it is given, and what its end is taken for."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tests.servers.dovecot import wait_until
from tests.servers.smtp_scripted import ENVELOPE, RAW
from tui_mail.errors import ConnectionLost, DeliveryUnknown, Unreachable, UnsafeArgument
from tui_mail.net.sendmail import send_by_command
from tui_mail.net.smtp import Delivery, Reply
from tui_mail.outgoing import Envelope


def program(tmp_path: Path, text: str) -> tuple[str, ...]:
    """A command that runs this Python text."""
    file = tmp_path / "program.py"
    file.write_text(text, "utf-8")
    return (sys.executable, "-I", "-S", str(file), "--account=work mail")


def test_what_it_is_given(tmp_path: Path) -> None:
    """The command as configured, then the convention of sendmail(8); the message with LF line ends, whole."""
    argv = program(
        tmp_path,
        "import sys, json\n"
        f"open({str(tmp_path / 'told')!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
        f"open({str(tmp_path / 'text')!r}, 'wb').write(sys.stdin.buffer.read())\n",
    )
    envelope = Envelope(ENVELOPE.sender, (*ENVELOPE.recipients, ENVELOPE.recipients[0]))
    delivery = send_by_command(argv, envelope, RAW.removesuffix(b"\r\n"), lambda: None)
    fine = Reply(250, "")
    assert delivery == Delivery(dict.fromkeys(ENVELOPE.recipients, fine), fine)
    assert (tmp_path / "told").read_text() == (
        '["--account=work mail", "-i", "-f", "anna@example.org", "--", "bea@example.org", "carl@example.org"]'
    )
    assert (tmp_path / "text").read_bytes() == RAW.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("status", "code"), [(0, 250), (75, 451), (1, 554), (64, 554), (67, 554), (69, 554), (77, 554), (127, 554)]
)
def test_what_its_end_means(tmp_path: Path, status: int, code: int) -> None:
    """Done, later, or never, with the program's own words on one line."""
    argv = program(tmp_path, f"import sys; sys.stderr.write('the relay\\n said \\x1b[2J so\\n'); sys.exit({status})")
    final = send_by_command(argv, ENVELOPE, RAW, lambda: None).final
    assert final == Reply(code, "the relay said \x1b[2J so")


def test_a_program_that_says_nothing(tmp_path: Path) -> None:
    """Its status is named, so that there is something to look for."""
    final = send_by_command(program(tmp_path, "raise SystemExit(78)"), ENVELOPE, RAW, lambda: None).final
    assert final is not None
    assert "ended with status 78" in final.text


def test_a_program_that_says_too_much(tmp_path: Path) -> None:
    """A page of it is kept."""
    argv = program(tmp_path, "import sys; sys.stdout.write('x' * 10_000_000); sys.exit(1)")
    final = send_by_command(argv, ENVELOPE, RAW, lambda: None).final
    assert final is not None
    assert len(final.text) == 2000


def test_the_moment_before(tmp_path: Path) -> None:
    """Nothing runs before it, and what it raises comes out."""
    mark = tmp_path / "started"
    argv = program(tmp_path, f"open({str(mark)!r}, 'w')")

    def before() -> None:
        assert not mark.exists()
        raise KeyError

    with pytest.raises(KeyError):
        send_by_command(argv, ENVELOPE, RAW, before)
    assert not mark.exists()


def test_a_program_that_was_killed(tmp_path: Path) -> None:
    """It may have sent the message before."""
    argv = program(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(DeliveryUnknown, match="signal 9"):
        send_by_command(argv, ENVELOPE, RAW, lambda: None)


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Neither it nor its children go on behind our back; the outcome is unknown."""
    children = tmp_path / "children"
    argv = program(
        tmp_path,
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        f"open({str(children)!r}, 'w').write(f'{{child.pid}}')\n"
        "time.sleep(60)\n",
    )
    began = time.monotonic()
    with pytest.raises(DeliveryUnknown, match="did not end"):
        send_by_command(argv, ENVELOPE, RAW, lambda: None, timeout=1.0)
    assert time.monotonic() - began < 15
    child = int(children.read_text())
    assert wait_until(lambda: not is_running(child), 3)


def is_running(pid: int) -> bool:
    """Whether a process does anything still (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def test_a_program_that_leaves_a_child_behind(tmp_path: Path) -> None:
    """A queue runner in the background does not hold up the sender."""
    argv = program(tmp_path, "import subprocess; print(subprocess.Popen(['sleep', '5']).pid)")
    began = time.monotonic()
    final = send_by_command(argv, ENVELOPE, RAW, lambda: None).final
    assert time.monotonic() - began < 9
    assert final is not None
    assert final.is_ok
    os.kill(int(final.text), 9)


@pytest.mark.parametrize("argv", [(), ("/nonexistent/sendmail",), ("tui-mail-no-such-program", "-t")])
def test_a_program_that_is_not_there(argv: tuple[str, ...]) -> None:
    """Found out before the last moment; nothing is in doubt."""
    with pytest.raises(Unreachable, match="sendmail_command"):
        send_by_command(argv, ENVELOPE, RAW, lambda: pytest.fail("too early"))


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    """It is there and executable, and the system will not run it: nothing was sent."""
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nothing of the kind")
    broken.chmod(0o755)
    with pytest.raises(ConnectionLost, match="could not be started"):
        send_by_command((str(broken),), ENVELOPE, RAW, lambda: None)


@pytest.mark.parametrize(
    ("envelope", "raw"),
    [(Envelope("a b@example.org", ("c@example.org",)), RAW), (ENVELOPE, b"a\nb\r\n"), (Envelope("a@b", ()), RAW)],
)
def test_what_is_unsafe_on_a_line_is_so_here(envelope: Envelope, raw: bytes) -> None:
    """The program would hand it on to a line."""
    with pytest.raises(UnsafeArgument):
        send_by_command(("true",), envelope, raw, lambda: pytest.fail("too early"))
