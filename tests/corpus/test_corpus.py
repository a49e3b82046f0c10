"""The runner over a few messages of every kind: it finds nothing in ours, and would find what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.__main__ import Opened, _forbidden, main, report

PAYLOADS = ("\x1b]0;owned\x07", "\x1b[2J", "\u202egnp.exe", "\x9b31m", "a\rb", "\u2066x\u2069", "\x00", "\u2028")


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Payloads in subject, sender, name of a file, text and HTML; and what is no message at all."""
    for number, payload in enumerate(PAYLOADS):
        word = payload.replace("\r", " ")
        (tmp_path / f"{number}.eml").write_bytes(
            (
                f"From: {word} <a@b.example>\nSubject: hello {word}\nMIME-Version: 1.0\n"
                'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n'
                f"text {payload} text\n--b\nContent-Type: text/html; charset=utf-8\n\n"
                f"<p title='{payload}'>{payload}</p>"
                f'\n--b\nContent-Type: image/png; name="{word}.png"\n\nx\n--b--\n'
            ).encode()
        )
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 300)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "long.eml").write_bytes(
        b"Subject: long\nContent-Type: text/plain; charset=utf-8\n\n" + "漢".encode() * 90_000
    )
    return tmp_path


def test_nothing_gets_through(letters: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(letters), "--limit", "30"]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert f"{len(PAYLOADS) + 3} messages" in said
    assert "crashes 0, with control characters 0" in said


def test_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A crash, a character that may not be painted, a message that takes too long: each of them alone."""
    assert all(list(_forbidden(payload)) for payload in PAYLOADS)
    assert not list(_forbidden("naïve 漢字 🍷 a\u200db"))
    for wrong in (Opened("a", 1, crash="x"), Opened("b", 1, controls=["U+001B"]), Opened("c", 1, parse_seconds=2.0)):
        assert report([Opened("good", 1), wrong], 0, 1.0, 0) == 1
    assert report([Opened("good", 1)], 0, 1.0, 0) == 0
    assert "U+001B" in capsys.readouterr().out
