"""Sending from the command line, through a real Postfix: what a script sees, and what arrives."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.terminal.conftest import PROGRAM, ROOT, Person
from tests.terminal.writer import Writer

pytestmark = [pytest.mark.server, pytest.mark.terminal]


def test_send_waits_until_it_is_sent(writer: Writer) -> None:
    """Recipients come from the header, Bcc stays behind; the copy is in Sent, once; the outbox is empty."""
    bob, eve = writer.post.new_user(), writer.post.new_user()
    raw = (
        f"To: Bob <{writer.post.address(bob)}>\nBcc: {writer.post.address(eve)}\nSubject: Hello\n\n.dot\nGrüße\n"
    ).encode()
    said = writer.send(raw, "--wait", "--json")
    assert said.code == 0, said.words
    document = said.json
    assert document["state"] == "done"
    assert [one["state"] for one in document["recipients"]] == ["accepted", "accepted"]
    assert set(document) >= {"id", "message_id", "state", "recipients", "attempts", "next_try", "error"}
    for user in (bob, eve):
        [arrived] = writer.post.arrived(user)
        assert b"\r\n\r\n.dot\r\nGr\xc3\xbc\xc3\x9fe\r\n" in arrived
        assert b"Bcc" not in arrived
        assert document["message_id"].encode() in arrived
    assert writer.subjects("Sent") == ["Hello"]
    assert writer.run("outbox", "--json").json == []
    assert [one["state"] for one in writer.run("outbox", "--all", "--json").json] == ["done"]


def test_what_cannot_be_sent(writer: Writer, tmp_path: Path) -> None:
    """Wrong usage says why in one sentence; nothing is in the outbox."""
    for raw, words in (
        (b"Subject: x\n\nx\n", "names no recipient"),
        (b"To: ola@@\n\nx\n", "is no address"),
        (b"", "no message"),
        (b"To: a@b.example\nX: " + b"x" * 2000 + b"\n\nx\n", "longer than"),
    ):
        said = writer.send(raw)
        assert said.code == 2
        assert words in said.sentence
    assert writer.run("send", tmp_path / "missing.eml").code == 2
    assert writer.run("outbox", "--all", "--json").json == []


def test_refused_recipient(writer: Writer) -> None:
    """Exit 1, with the server's words; `outbox` shows it until somebody does something about it."""
    said = writer.send(b"To: nobody7@test.example\nSubject: x\n\nx\n", "--wait", "--json")
    assert said.code == 1
    assert said.json["state"] == "failed"
    assert "5.1.1" in said.json["recipients"][0]["reply"]
    listed = writer.run("outbox")
    assert "nobody7@test.example refused: 550" in listed.out
    number = said.json["id"]
    taken_back = writer.run("outbox", "--cancel", number)
    assert "cancelled" in taken_back.out
    assert "a draft again, to nobody7@test.example" in taken_back.out
    assert [row["subject"] for row in writer.run("list", "drafts", "--json").json] == ["x"]
    assert writer.run("outbox", "--retry", number).code == 2


def test_offline_it_is_kept_and_sent_later(writer: Writer) -> None:
    """Exit 0 (75 with --wait) while the server is away; the next command that runs sends it, once."""
    bob = writer.post.new_user()
    config = writer.home / "config.toml"
    right = config.read_text()
    config.write_text(right.replace(f"port = {writer.post.ports['submissions']}", "port = 1"))
    raw = f"To: {writer.post.address(bob)}\nSubject: Later\n\nx\n".encode()
    said = writer.send(raw, "--wait", "--timeout", "2", "--json")
    assert said.code == 75
    assert said.json["state"] == "queued"
    assert "safe" in said.words
    assert writer.post.arrived(bob, 0) == []
    config.write_text(right)
    again = writer.run("outbox", "--retry", said.json["id"], "--wait", "--json")
    assert (again.code, again.json["state"]) == (0, "done")
    assert len(writer.post.arrived(bob)) == 1


def test_draft(writer: Writer) -> None:
    """It goes to the Drafts folder of the server and nowhere else."""
    said = writer.send(b"To: ola\nSubject: Half\n\nx\n", "--draft", "--wait", "--json")
    assert said.code == 0, said.words
    assert writer.subjects("Drafts") == ["Half"]
    assert writer.run("outbox", "--all", "--json").json == []


def test_account_that_cannot_send(person: Person) -> None:
    """One sentence says what is missing."""
    assert person.add().code == 0
    argv = [*PROGRAM, "--home", str(person.home), "--json", "send", "-"]
    done = subprocess.run(argv, input=b"To: a@b.example\n\nx\n", capture_output=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert "can send" in json.loads(done.stdout)["error"]


def test_mailto_without_a_screen(person: Person) -> None:
    """No running screen and no terminal: it says so, and what is no mailto: link is no link."""
    assert person.add().code == 0
    assert person.run("mailto:ola@example.org").code == 2
    assert "needs a terminal" in person.run("mailto:ola@example.org").sentence
    assert "no mailto" in person.run("mailto", "https://example.org").sentence
