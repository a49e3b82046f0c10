"""Commands that change something, from outside: copies, uploads, folders, undo and redo, against a real server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.terminal.conftest import PROGRAM, ROOT, Person, letter

pytestmark = [pytest.mark.server, pytest.mark.terminal]

HISTORY = {
    "change", "batch", "account", "accounts", "kind", "state", "summary", "count", "created", "undone", "undoable",
    "why_not", "error",
}  # fmt: skip


@pytest.fixture
def reader(person: Person) -> Person:
    """A person with an account and three messages, read."""
    assert person.add().code == 0
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 4)))
    person.synced()
    return person


@pytest.fixture
def stopped() -> Iterator[Dovecot]:
    """A server that a test may stop."""
    with Dovecot() as server:
        yield server


def test_copy(reader: Person) -> None:
    """The message is in both folders, here and on the server; undo takes the copy away."""
    number = reader.rows()[0]["id"]
    copied = reader.run("copy", number, "archive", "--wait", "--json")
    assert (copied.code, copied.json["state"], copied.json["kind"]) == (0, "done", "copy")
    assert copied.json["ids"] != [number]
    assert reader.subjects("Archive") == ["Letter 3"]
    assert reader.subjects() == ["Letter 1", "Letter 2", "Letter 3"]
    assert [row["subject"] for row in reader.rows("archive")] == ["Letter 3"]
    assert reader.run("undo", "--wait").code == 0
    assert reader.subjects("Archive") == []


def test_threads(reader: Person) -> None:
    """One line for each; an action on one of its messages is about all in the same folder, and one undo step."""
    plain = letter("Keys", number=10)
    name = plain.split(b"Message-ID: ")[1].split(b"\r\n")[0]
    answers = [
        letter(f"Re: Keys {number}", number=number, sender="Ola <ola@example.org>").replace(
            b"MIME-Version", b"In-Reply-To: " + name + b"\r\nMIME-Version"
        )
        for number in (11, 12)
    ]
    reader.deliver(plain, *answers)
    reader.synced()
    listed = reader.run("list", "inbox", "--threads", "--json").json
    assert [row["subject"] for row in listed] == ["Re: Keys 12", "Letter 3", "Letter 2", "Letter 1"]
    assert [row["messages"] for row in listed] == [3, 1, 1, 1]
    assert [one["email"] for one in listed[0]["people"]] == ["anna@example.org", "ola@example.org"]
    assert "(3)" in reader.run("list", "inbox", "--threads").out.splitlines()[0]
    moved = reader.run("archive", listed[0]["ids"][0], "--thread", "--wait", "--json")
    assert (moved.code, moved.json["count"]) == (0, 3)
    assert reader.subjects() == ["Letter 1", "Letter 2", "Letter 3"]
    assert reader.run("undo", "--wait").code == 0
    assert len(reader.subjects()) == 6
    assert reader.run("mark", listed[0]["id"], "--thread", "--seen").code == 0
    unread = reader.run("list", "inbox", "--threads", "--unread", "--json").json
    assert "Re: Keys 12" not in [row["subject"] for row in unread]


def test_import(reader: Person, tmp_path: Path) -> None:
    """Files and stdin become messages of the folder, dated as they are, read unless one says otherwise."""
    one, two = tmp_path / "one.eml", letter("Two", number=9)
    one.write_bytes(letter("One", number=8).replace(b"\r\n", b"\n"))
    stored = reader.run("import", "Drafts", one, "--wait", "--json")
    assert stored.code == 0, stored.words
    (document,) = stored.json
    assert (document["state"], document["kind"]) == ("done", "append")
    words = [*PROGRAM, "--home", str(reader.home), "import", "drafts", "-", "--unseen", "--wait"]
    piped = subprocess.run(words, input=two, capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert (piped.returncode, piped.stdout) == (0, b"stored in Drafts: 1 message (done)\n")
    assert reader.subjects("Drafts") == ["One", "Two"]
    assert reader.flags("Drafts") == ["\\Seen", ""]
    rows = reader.rows("drafts")
    assert [(row["subject"], row["date"]) for row in rows] == [
        ("Two", "2026-11-02T10:00:09Z"),
        ("One", "2026-11-02T10:00:08Z"),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "holds no message"), (None, "cannot be read")],
)
def test_import_of_what_is_no_message(reader: Person, tmp_path: Path, content: bytes | None, expected: str) -> None:
    """One sentence; nothing is stored, not even of the files before it."""
    good, bad = tmp_path / "good.eml", tmp_path / "bad.eml"
    good.write_bytes(letter("Good"))
    if content is not None:
        bad.write_bytes(content)
    said = reader.run("import", "drafts", good, bad)
    assert said.code == 2
    assert expected in said.sentence
    assert reader.rows("drafts") == []


def test_folders_are_made_renamed_and_deleted(reader: Person) -> None:
    """Each on the server when it says so; what was in a folder is in the trash, and undo brings all of it back."""
    number = reader.rows()[0]["id"]
    made = reader.run("folder", "create", "Garden", "--wait", "--json")
    assert (made.code, made.json["state"], made.json["summary"]) == (0, "done", "made the folder Garden")
    assert reader.run("move", number, "Garden", "--wait").code == 0
    assert reader.run("folder", "rename", "Garden", "Park", "--wait").code == 0
    assert reader.subjects("Park") == ["Letter 3"]
    deleted = reader.run("folder", "delete", "work:Park", "--wait")
    assert deleted.code == 0
    assert "1 message to the trash" in deleted.out
    assert reader.subjects("Trash") == ["Letter 3"]
    assert "Park" not in [folder["name"] for folder in reader.run("folders", "--json").json]
    assert reader.run("undo", "--wait").code == 0
    assert reader.subjects("Park") == ["Letter 3"]
    assert reader.subjects("Trash") == []
    assert reader.run("redo", "--wait").code == 0
    assert reader.subjects("Trash") == ["Letter 3"]
    assert reader.run("redo").out == "There is nothing to do again.\n"


def test_what_cannot_be(reader: Person) -> None:
    """One sentence and an exit code; with --json the same as a document. Nothing was done."""
    for words, code, expected in (
        (("folder", "create", "INBOX"), 2, "already"),
        (("folder", "create", "  "), 2, "cannot be the name"),
        (("folder", "delete", "inbox"), 2, "cannot be deleted"),
        (("folder", "rename", "inbox", "x"), 2, "cannot be renamed"),
        (("folder", "rename", "sent", "x"), 2, "has a purpose (sent) and cannot be renamed"),
        (("copy", 9999, "archive"), 2, "no message 9999"),
        (("import", "nowhere", "-"), 2, "no folder 'nowhere'"),
        (("undo", 9999), 2, "no action 9999"),
        (("retry", "--account", "other"), 2, "no account 'other'"),
    ):
        said = reader.run("--json", *words)
        assert said.code == code, words
        assert expected in said.sentence
        assert said.json == {"error": said.sentence, "exit": code}
    assert reader.run("undo", "--list", "--json").json == []


def test_undo_of_one_action_among_others(reader: Person) -> None:
    """By its number in the list, which says for each whether it can be undone, and why not."""
    three, two, _ = (row["id"] for row in reader.rows())
    archived = reader.run("archive", three, "--wait", "--json").json
    assert reader.run("mark", two, "--star", "--wait").code == 0
    assert reader.run("undo", archived["batch"], "--wait").code == 0
    assert reader.subjects() == ["Letter 1", "Letter 2", "Letter 3"]
    assert reader.flags()[1] == "\\Flagged"
    answer, starred, undone = reader.run("undo", "--list", "--json").json
    assert all(set(entry) == HISTORY for entry in (answer, starred, undone))
    assert (answer["summary"], answer["undoable"]) == ("took back: archived 1 message", False)
    assert (starred["undoable"], starred["why_not"], starred["undone"]) == (True, "", False)
    assert (undone["batch"], undone["undone"], undone["undoable"]) == (archived["batch"], True, False)
    again = reader.run("undo", archived["batch"])
    assert (again.code, again.sentence) == (1, undone["why_not"])


def test_a_refused_action_exits_1_and_can_be_tried_again(reader: Person) -> None:
    """The server's words are said; retry sends it again; undo drops it."""
    made = reader.run("folder", "create", "~root", "--wait")
    refused = made if made.code else reader.run("folder", "create", "../outside", "--wait")
    assert refused.code == 1, refused.words
    assert "refused: " in refused.out
    (entry,) = [one for one in reader.run("undo", "--list", "--json").json if one["state"] == "failed"]
    assert entry["error"]
    again = reader.run("retry", "--wait", "--json")
    assert (again.code, [one["batch"] for one in again.json]) == (1, [entry["batch"]])
    assert reader.run("undo", entry["batch"]).code == 0
    assert reader.run("retry").out == "Nothing was refused.\n"


def test_an_action_in_two_accounts_waits_for_both(reader: Person, stopped: Dovecot) -> None:
    """The server that is there has it; 75 for the one that is not; undo, too, is about both."""
    other = Person(stopped, reader.home)
    assert other.add("home").code == 0
    other.deliver(letter("At home"))
    assert other.run("sync").code == 0
    here, there = reader.rows("work:INBOX")[0]["id"], reader.rows("home:INBOX")[0]["id"]
    stopped.kill()
    archived = reader.run("archive", here, there, "--wait", "--json")
    assert archived.code == 75
    assert "kept" in archived.sentence
    assert reader.subjects("Archive") == ["Letter 3"]
    entry = reader.run("undo", "--list", "--json").json[0]
    assert (sorted(entry["accounts"]), entry["state"]) == (["home", "work"], "queued")
    assert reader.run("undo", "--wait").code == 0
    assert reader.subjects("Archive") == []
    assert [row["subject"] for row in reader.rows("home:INBOX")] == ["At home"]


def test_the_history_is_live(reader: Person) -> None:
    """What a command beside the screen does appears in the open history, and that the server has it; u undoes it."""
    with reader.screen(columns=120, rows=30) as screen:
        screen.wait_for("live")
        screen.wait_for("Letter 3")
        screen.press("H")
        screen.wait_for("Nothing done yet")
        assert reader.run("archive", reader.rows()[0]["id"], "--wait").code == 0
        screen.wait_for(lambda screen: any("archived 1 message" in line and "✓ on" in line for line in screen.lines))
        screen.press("u")
        screen.wait_for(lambda screen: any("archived 1 message" in line and "undone" in line for line in screen.lines))
        reader.until_server_has("Archive")
        screen.press("escape")
        screen.wait_for("Letter 3")
