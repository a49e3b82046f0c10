"""The command line from outside: every command against a real server, its JSON, its words and its exit code."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.servers.dovecot import Dovecot, wait_until
from tests.terminal.conftest import PROGRAM, ROOT, Person, letter

pytestmark = [pytest.mark.server, pytest.mark.terminal]

ROW = {
    "id", "account", "folder", "uid", "message_id", "thread", "date", "from", "to", "subject", "flags", "size",
    "has_attachments", "snippet", "state",
}  # fmt: skip
SHOWN = ROW | {
    "cc", "bcc", "reply_to", "text", "links", "attachments", "on_server", "trust", "protection", "invitation",
    "headers",
}  # fmt: skip

WITH_FILE = (
    b"From: Anna <anna@example.org>\r\nTo: Ola <ola@example.org>\r\nCc: Cleo <cleo@example.org>\r\n"
    b"Reply-To: desk@example.org\r\nSubject: With a file\r\nDate: Mon, 02 Nov 2026 12:00:00 +0100\r\n"
    b"Message-ID: <file@test.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nSee https://example.org/plan and the file.\r\n"
    b'--b\r\nContent-Type: text/csv; name="plan.csv"\r\nContent-Disposition: attachment; filename="plan.csv"\r\n'
    b"\r\na,b\r\n--b--\r\n"
)


@pytest.fixture
def reader(person: Person) -> Person:
    """A person with an account and five messages, read."""
    assert person.add().code == 0
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 6)))
    person.synced()
    return person


@pytest.fixture(scope="module")
def stopped() -> Iterator[Dovecot]:
    """A server that a test may stop."""
    with Dovecot() as server:
        yield server


# --- accounts ---------------------------------------------------------------------------------


def test_two_accounts_of_one_mailbox(person: Person) -> None:
    """It is said when the second is added, and wherever accounts are looked at; once by what runs again and again."""
    assert person.add().code == 0
    words = f"work and club read the same mailbox ({person.user} at"
    added = person.add("club", protocol="pop3", port=person.server.ports["pop3s"])
    assert added.code == 0
    assert words in added.words
    assert words in person.run("account", "list").words
    assert [words in person.run("sync").words for _ in range(2)] == [True, False]
    assert words in person.run("account", "list").words
    doctor = person.run("doctor", "--json")
    assert doctor.json["warnings"][0].startswith("work and club read the same mailbox (")
    assert person.user not in doctor.out


def test_an_account_is_added_and_listed(person: Person) -> None:
    """config.toml holds what was said, never a password; both ways of asking for JSON work."""
    added = person.run("--json", "account", "add", "work", "--email=ola@example.org", "--host=imap.example.org",
                       "--password-command=pass show mail", "--smtp-host=smtp.example.org")  # fmt: skip
    assert (added.code, added.json) == (0, {"account": "work"})
    (listed,) = person.run("account", "list", "--json").json
    assert listed["incoming"] == {
        "host": "imap.example.org",
        "port": 993,
        "security": "tls",
        "user": "ola@example.org",
    }
    assert listed["outgoing"]["port"] == 465
    assert "ola@example.org" in person.run("account", "list").out
    assert (person.home / "config.toml").stat().st_mode & 0o777 == 0o600
    again = person.run("account", "add", "work", "--email=x@example.org", "--host=x", "--password-command=true")
    assert again.code == 2
    assert "already" in again.sentence


def test_home_may_stand_after_the_command(person: Person) -> None:
    """`folders --home DIR --json` is `--home DIR --json folders`."""
    person.add()
    words = ["folders", "--home", str(person.home), "--json"]
    done = subprocess.run([*PROGRAM, *words], capture_output=True, cwd=ROOT, timeout=30, check=False)
    assert (done.returncode, json.loads(done.stdout)) == (0, person.run("--json", "folders").json)


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        ({"password_command": "echo 'open"}, 2, "--password-command"),
        ({"port": 99999}, 2, "1 to 65535"),
        ({"security": "none", "host": "imap.example.org"}, 2, "in the clear"),
        ({"email": "nobody"}, 2, "anna@example.org"),
        ({"ca_file": "/no/such/file"}, 2, "is not there"),
        ({"host": ""}, 2, "--host"),
        ({"password_command": ""}, 2, "No password was given"),
    ],
)
def test_an_account_that_cannot_be(person: Person, options: dict[str, str | int], code: int, expected: str) -> None:
    """One sentence, and config.toml holds no half of it."""
    said = person.add(**options)
    assert said.code == code
    assert expected in said.sentence
    assert person.run("account", "list", "--json").json == []


def test_a_fingerprint_and_a_relative_file_are_understood(person: Person) -> None:
    """As openssl prints the one, and relative to where the person stands the other."""
    ca_file = os.path.relpath(person.server.ca_file, ROOT)
    assert person.add(ca_file=ca_file, fingerprint="SHA256:" + ":".join(["AB"] * 32)).code == 0
    assert str(person.server.ca_file) in (person.home / "config.toml").read_text("utf-8")


# --- reading ----------------------------------------------------------------------------------


def test_sync_folders_and_list(person: Person) -> None:
    """Rows newest first with every key; counts; progress is not on stdout."""
    person.add()
    person.deliver(*(letter(f"Letter {number}", number=number) for number in range(1, 4)))
    synced = person.run("sync", "--json", "--account", "work", "--bodies")
    assert (synced.code, synced.words) == (0, "")
    assert [(one["account"], one["messages"]) for one in synced.json] == [("work", 3)]
    folders = person.run("folders", "--json").json
    assert set(folders[0]) == {"account", "name", "role", "total", "unread"}
    assert {"account": "work", "name": "INBOX", "role": "inbox", "total": 3, "unread": 3} in folders
    assert {folder["role"] for folder in folders} == {"inbox", "drafts", "sent", "archive", "junk", "trash"}
    rows = person.rows()
    assert [row["subject"] for row in rows] == ["Letter 3", "Letter 2", "Letter 1"]
    assert all(set(row) == ROW for row in rows)
    assert rows[0]["date"] == "2026-11-02T10:00:03Z"
    assert rows[0]["from"] == [{"name": "Anna Berg", "email": "anna@example.org"}]
    assert (rows[0]["flags"], rows[0]["state"], rows[0]["folder"]) == ([], "synced", "INBOX")
    assert [row["id"] for row in person.rows("work:INBOX")] == [row["id"] for row in rows]
    assert len(person.run("list", "inbox", "--limit", 2).out.splitlines()) == 2
    assert "Letter 3" in person.run("list", "INBOX", "--unread").out
    for more in ((), ("--unread",), ("--threads",)):
        ordered = person.run("list", "inbox", "--sort", "subject", "--limit", 2, "--json", *more).json
        assert [row["subject"] for row in ordered] == ["Letter 1", "Letter 2"]
    assert next(row["subject"] for row in person.run("list", "inbox", "--reverse", "--json").json) == "Letter 1"
    assert person.run("list", "inbox", "--sort", "colour").code == 2


def test_show(person: Person) -> None:
    """Text for people, octets with --raw, fields with --headers, everything with --json."""
    person.add()
    person.deliver(WITH_FILE)
    person.synced()
    number = person.rows()[0]["id"]
    text = person.run("show", number)
    assert text.code == 0
    assert "Cc: Cleo <cleo@example.org>" in text.out
    assert "See https://example.org/plan" in text.out
    assert "plan.csv" in text.out
    document = person.run("show", number, "--json").json
    assert set(document) == SHOWN
    assert document["cc"] == [{"name": "Cleo", "email": "cleo@example.org"}]
    assert document["reply_to"] == [{"name": "", "email": "desk@example.org"}]
    assert "See https://example.org/plan" in document["text"]
    assert "https://example.org/plan" in document["links"]
    (attachment,) = document["attachments"]
    assert (attachment["index"], attachment["filename"], attachment["content_type"]) == (1, "plan.csv", "text/csv")
    assert ["Subject", "With a file"] in document["headers"]
    assert document["has_attachments"]
    assert person.run("show", number, "--headers").out.splitlines()[-1].startswith("Content-Type: multipart")
    raw = subprocess.run(
        [*PROGRAM, "--home", str(person.home), "show", str(number), "--raw"], capture_output=True, cwd=ROOT, check=True
    ).stdout
    assert raw.endswith(WITH_FILE)
    assert base64.b64decode(person.run("show", number, "--raw", "--json").json["raw"]) == raw


def test_show_fetches_a_body_that_is_not_here(person: Person) -> None:
    """After a sync of headers only, the text is fetched when it is asked for."""
    person.add(keep_bodies="opened")
    person.deliver(letter("Later"))
    assert person.run("sync").code == 0
    assert "What Later says." in person.run("show", person.rows()[0]["id"]).out


def test_hostile_text_stays_text(person: Person) -> None:
    """No command prints a control character that came in a message."""
    subject = "=?utf-8?B?" + base64.b64encode("\x1b]52;c;aGk=\x07\x9b2J\u202egnp [red]x[/red]".encode()).decode() + "?="
    person.add()
    person.deliver(
        letter(subject, text="\x1b[2J\x1b]0;owned\x07 \x9b31m \u202e end", sender='"\x1b[31mEve" <e@x.example>')
    )
    person.synced()
    number = person.rows()[0]["id"]
    for words in (("list", "inbox"), ("show", number), ("show", number, "--headers"), ("show", number, "--json")):
        out = person.run(*words).out
        assert not set(out) & {"\x1b", "\x07", "\x9b", "\u202e"}, words
        assert "[red]x[/red]" in out


# --- acting -----------------------------------------------------------------------------------


def test_mark(reader: Person) -> None:
    """Flags and keywords reach the server, and come off again."""
    number = reader.rows()[0]["id"]
    marked = reader.run("mark", number, "--seen", "--star", "--keyword", "todo", "--wait", "--json")
    assert (marked.code, marked.json["state"], marked.json["ids"]) == (0, "done", [number])
    assert set(reader.flags()[-1].split()) == {"\\Seen", "\\Flagged", "todo"}
    assert reader.rows()[0]["flags"] == ["seen", "flagged", "todo"]
    assert reader.run("mark", number, "--unseen", "--unstar", "--no-keyword", "todo", "--wait").code == 0
    assert reader.flags()[-1] == ""
    assert reader.run("mark", number, "--unstar").out.startswith("Nothing to do")


def test_archive_delete_junk_move_and_undo(reader: Person) -> None:
    """Each lands in its folder on the server, and undo brings it back."""
    five, four, three, two, _ = (row["id"] for row in reader.rows())
    assert reader.run("archive", five, "--wait").code == 0
    assert reader.run("delete", four, "--wait").code == 0
    assert reader.run("junk", three, "--wait", "--json").json["state"] == "done"
    assert reader.run("move", two, "work:Drafts", "--wait").code == 0
    places = [reader.subjects(folder) for folder in ("Archive", "Trash", "Junk", "Drafts", "INBOX")]
    assert places == [["Letter 5"], ["Letter 4"], ["Letter 3"], ["Letter 2"], ["Letter 1"]]
    for _ in range(3):
        assert reader.run("undo", "--wait").code == 0
    assert reader.subjects() == ["Letter 1", "Letter 2", "Letter 3", "Letter 4"]
    history = reader.run("undo", "--list", "--json").json
    assert [change["kind"] for change in history] == ["move"] * 7
    assert len(reader.run("undo", "--list").out.splitlines()) == 7
    assert reader.run("undo", "--json").json["state"] == "done"
    assert len(reader.subjects()) == 5
    assert reader.run("undo", "--json").json is None
    assert reader.run("undo").out == "There is nothing to undo.\n"


def test_for_ever_is_out_of_the_trash_only(reader: Person) -> None:
    """--forever refuses a message that is anywhere else."""
    number = reader.rows()[0]["id"]
    assert reader.run("delete", number, "--forever").code == 2
    assert reader.run("delete", number, "--wait").code == 0
    assert reader.run("delete", number, "--forever", "--wait").code == 0
    assert reader.subjects("Trash") == []


def test_watch_tells_what_happens(reader: Person) -> None:
    """One JSON document a line, until SIGTERM; what is delivered elsewhere is told."""
    words = [*PROGRAM, "watch", "--home", str(reader.home)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as watching:
        assert watching.stdout is not None
        told = [json.loads(watching.stdout.readline())]
        while told[-1].get("state") != "live":
            told.append(json.loads(watching.stdout.readline()))
        reader.deliver(letter("Fresh", number=9))
        while told[-1]["event"] != "arrived":
            told.append(json.loads(watching.stdout.readline()))
        with reader.elsewhere() as other:
            other.uid("STORE", "1", "+FLAGS", "(\\Flagged)")
        while told[-1]["event"] != "flags":
            told.append(json.loads(watching.stdout.readline()))
        watching.send_signal(signal.SIGTERM)
        rest, words_said = watching.communicate(timeout=10)
    arrived = next(event for event in told if event["event"] == "arrived")
    assert (arrived["subject"], arrived["account"], arrived["folder"]) == ("Fresh", "work", "INBOX")
    assert told[-1]["flags"] == ["flagged"]
    assert all(json.loads(line) for line in rest.splitlines())
    assert (watching.returncode, words_said) == (0, "")


# --- without a server -------------------------------------------------------------------------


def test_offline_actions_are_kept(stopped: Dovecot, person: Person) -> None:
    """They exit 0, 75 with --wait; the next sync sends them. A body that is not here is said to be missing."""
    offline = Person(stopped, person.home)
    offline.add(keep_bodies="opened")
    offline.deliver(letter("One", number=1), letter("Two", number=2), letter("Three", number=3))
    assert offline.run("sync").code == 0
    three, two, one = (row["id"] for row in offline.rows())
    assert offline.run("show", two).code == 0
    stopped.kill()
    archived = offline.run("archive", three, "--json")
    assert (archived.code, archived.json["state"]) == (0, "queued")
    assert "kept" in archived.sentence
    waited = offline.run("mark", one, "--star", "--wait")
    assert waited.code == 75
    assert "kept" in waited.sentence
    rows = offline.rows()
    assert [(row["id"], row["state"], row["flags"]) for row in rows] == [
        (two, "synced", []),
        (one, "pending", ["flagged"]),
    ]
    assert "What Two says." in offline.run("show", two).out
    missing = offline.run("show", one)
    assert missing.code == 69
    assert "not on this computer" in missing.sentence
    unreachable = offline.run("sync", "--json")
    assert (unreachable.code, unreachable.json[0]["state"]) == (69, "offline")
    assert "Your mail on this computer is safe." in unreachable.sentence
    stopped.start()
    assert offline.run("sync").code == 0
    assert offline.subjects("Archive") == ["Three"]
    assert "\\Flagged" in offline.flags()[0]
    assert {row["state"] for row in offline.rows()} == {"synced"}


def test_a_command_beside_the_screen(reader: Person) -> None:
    """What is archived by a command leaves the screen, and the screen's engine tells the server."""
    with reader.screen() as screen:
        screen.wait_for("live")
        screen.wait_for("Letter 5")
        assert reader.run("archive", reader.rows()[0]["id"], "--wait").code == 0
        screen.wait_for(lambda screen: not any("Letter 5" in line for line in screen.lines[:12]))
        assert reader.subjects("Archive") == ["Letter 5"]


# --- exit codes and streams -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("show", 9999), 2, "no message 9999"),
        (("archive", 9999), 2, "nothing was done"),
        (("undo", 9999), 2, "no action 9999"),
        (("list", "nowhere"), 2, "no folder 'nowhere'"),
        (("list", "other:INBOX"), 2, "no folder"),
        (("sync", "--account", "other"), 2, "no account 'other'"),
        (("watch", "--account", "other"), 2, "no account 'other'"),
        (("mark", 1), 2, "--seen"),
        (("mark", 1, "--seen", "--unseen"), 2, "--seen or --unseen"),
        (("mark", 1, "--keyword", "two words"), 2, "cannot be a keyword"),
        (("account", "set-password", "work"), 2, "password_command"),
    ],
)
def test_what_does_not_exist(reader: Person, words: tuple[str | int, ...], code: int, expected: str) -> None:
    """One sentence and an exit code; with --json the same as a document."""
    said = reader.run(*words)
    assert (said.code, said.out) == (code, "")
    assert expected in said.sentence
    document = reader.run("--json", *words)
    assert document.json == {"error": said.sentence, "exit": code}


@pytest.mark.parametrize(
    "words",
    [("nothing",), ("account",), ("show", "x"), ("show", 10**30), ("list", "inbox", "--limit", -1), ("show", 1, "--x")],
)
def test_words_that_make_no_sense(person: Person, words: tuple[str | int, ...]) -> None:
    """Usage and the reason, exit 2; with --json the reason as a document, too."""
    said = person.run(*words)
    assert (said.code, said.out) == (2, "")
    assert said.words.startswith("usage: ")
    reason = said.words.splitlines()[-1].partition("error: ")[2]
    document = person.run(*words, "--json")
    assert reason
    assert (document.code, document.json) == (2, {"error": reason, "exit": 2})


@pytest.mark.parametrize("words", [(), ("demo",)])
def test_the_screen_needs_a_terminal(person: Person, words: tuple[str, ...]) -> None:
    """Neither the client nor the demo starts anything without one."""
    said = person.run(*words)
    assert (said.code, said.out) == (2, "")
    assert "terminal" in said.sentence


def test_a_home_without_an_account(person: Person) -> None:
    """Commands say how to add one."""
    said = person.run("list", "inbox")
    assert said.code == 78
    assert "tui-mail account add" in said.sentence


def test_a_reader_that_goes_away(reader: Person) -> None:
    """`tui-mail list inbox | head -1` is silent, for JSON too."""
    reader.deliver(*(letter(f"More {number} {'x' * 400}", number=number) for number in range(200)))
    reader.synced()
    command = " ".join(PROGRAM) + f" --home '{reader.home}' list inbox --limit 1000"
    for more in ("", " --json"):
        line = f"({command}{more}; echo $? >&3) 3>'{reader.home}/code' | head -c 10 >/dev/null"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT, timeout=30, check=True)
        assert (done.stdout, done.stderr) == ("", "")
        assert wait_until((reader.home / "code").exists, 5)
        assert (reader.home / "code").read_text() == "0\n"


def test_output_that_cannot_be_written(reader: Person) -> None:
    """A full device is a sentence, not a traceback."""
    line = " ".join(PROGRAM) + f" --home '{reader.home}' list inbox >/dev/full"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
