"""No secret in a log: neither those that are known, nor what looks like one in a protocol; in tracebacks too."""

from __future__ import annotations

import logging
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tui_mail.redaction import RedactingFormatter, hide, redacted

SECRET = "zebra-pässwörd-41"


@pytest.mark.parametrize(
    "line",
    [
        "a1 LOGIN anna zebra-unknown",
        'a1 LOGIN "anna" "zebra-unknown"',
        "b'a1 LOGIN anna zebra-unknown\\r\\n'",
        "a1 AUTHENTICATE PLAIN AHplYnJhLXVua25vd24=",
        "a1 AUTHENTICATE XOAUTH2 dXNlcj1hbm5hemVicmEtdW5rbm93bg==",
        "AUTH PLAIN AHplYnJhLXVua25vd24=",
        "AUTH OAUTHBEARER bixhPWFubmF6ZWJyYS11bmtub3du",
        "PASS zebra-unknown",
        "b'PASS zebra-unknown\\r\\n'",
        "APOP anna c4c9334bac560ecc979e58001b3e22fb",
        "Authorization: Bearer zebra-unknown",
        '{"access_token": "zebra-unknown", "expires_in": 1}',
        "{'refresh_token': 'zebra-unknown'}",
        "grant_type=refresh_token&refresh_token=zebra-unknown&client_id=x",
        "POST /token code=zebra-unknown&code_verifier=zebra-unknown",
    ],
)
def test_what_a_protocol_carries(line: str) -> None:
    """By its place alone, for nobody told that it is one."""
    shown = redacted(line)
    assert "•••" in shown
    for secret in ("zebra-unknown", "AHplYnJh", "dXNlcj1", "bixhPW", "c4c9334"):
        assert secret not in shown


@pytest.mark.parametrize(
    "line", ["user anna logged in", "LOGIN", "account work: [AUTHENTICATIONFAILED] no", "code 421"]
)
def test_usual_words_stay(line: str) -> None:
    assert redacted(line) == line


@pytest.mark.parametrize("before", ["", "x", "xy", "\0anna\0", "user=anna\x01auth=Bearer "])
def test_a_known_secret_in_any_clothes(before: str) -> None:
    """As it is, in a repr, in a URL, and in base64 whatever stands before it."""
    hide(SECRET)
    octets = f"{before}{SECRET}\x01".encode()
    for text in (SECRET, repr(octets), "z%C3%A9 zebra-p%C3%A4ssw%C3%B6rd-41", f"x {b64encode(octets).decode()} y"):
        shown = redacted(f"the server said {text} again")
        assert "•••" in shown
        for part in ("zebra", "p\\xc3", b64encode(octets).decode()[len(before) + 6 : -8] or "zebra"):
            assert part not in shown


def test_a_traceback_shows_none(caplog: pytest.LogCaptureFixture) -> None:
    """Of an exception whose words hold it, and of the one that it came from."""
    hide("zebra-secret-7")
    formatter = RedactingFormatter("%(message)s")
    try:
        try:
            raise ValueError("a1 LOGIN anna zebra-secret-7")
        except ValueError as error:
            raise RuntimeError("it said zebra-secret-7") from error
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed: %r", (b"zebra-secret-7",), sys.exc_info())
    shown = formatter.format(record)
    assert "Traceback" in shown
    assert "zebra-secret-7" not in "\n".join(line for line in shown.splitlines() if "raise " not in line)


def test_the_program_logs_through_it(tmp_path: Path) -> None:
    """The log file of a real command, with a fault of ours that carries a password."""
    script = (
        "import sys; from tui_mail import cli, account_commands\n"
        "def fail(_): raise RuntimeError('a1 LOGIN anna ' + 'zebra' + '-secret')\n"
        "account_commands.account_list = fail\n"
        f"sys.exit(cli.run(['account', 'list', '--home', {str(tmp_path)!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 1, run.stderr
    log = (tmp_path / "state" / "tui-mail.log").read_text("utf-8")
    assert "RuntimeError" in log
    assert "•••" in log
    assert "zebra-secret" not in log + run.stderr + run.stdout
