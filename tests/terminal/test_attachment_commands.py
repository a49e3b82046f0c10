"""Attachments from a shell, as a script takes them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import Person

pytestmark = [pytest.mark.server, pytest.mark.terminal]

RAW = (
    b"From: Ola <ola@example.org>\r\nTo: anna@example.org\r\nSubject: Files\r\nMessage-ID: <f@x.example>\r\n"
    b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\ntext\r\n'
    b'--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename="../a.csv"\r\n\r\nx,y\r\n'
    b"--b\r\nContent-Type: application/pdf\r\n"
    b'Content-Disposition: attachment; filename="b.pdf.exe"\r\n\r\nMZ\r\n--b--\r\n'
)


def test_attachments_are_listed_and_saved(dovecot: Dovecot, tmp_path: Path) -> None:
    """Twice is two files; a folder or a number that is not there is a sentence, and nothing is written."""
    person = Person(dovecot, tmp_path)
    person.deliver(RAW)
    assert person.add().code == 0
    assert person.run("sync").code == 0
    message = str(person.run("list", "inbox", "--json").json[0]["id"])
    found = person.run("attachments", message, "--json").json
    assert [(one["index"], one["filename"], one["content_type"]) for one in found] == [
        (1, "../a.csv", "text/csv"),
        (2, "b.pdf.exe", "application/pdf"),
    ]
    assert "It is a program" in found[1]["warning"]
    target = tmp_path / "files"
    assert person.run("attachments", message, "--save", str(target)).code == 2
    target.mkdir()
    for _ in range(2):
        assert person.run("attachments", message, "1", "--save", str(target)).code == 0
    assert sorted(one.name for one in target.iterdir()) == ["a (2).csv", "a.csv"]
    assert (target / "a.csv").read_bytes() == b"x,y"
    assert person.run("attachments", message, "7").code == 2
