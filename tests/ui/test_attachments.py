"""Attachments on a real store: looked at, saved, and opened only by who asks twice."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.ui.world import Letter, World, screen_text, wait_for, world
from tests.unit.test_mime_pictures import picture
from tui_mail.client.saving import destination, safe_name, save_new
from tui_mail.errors import UsageError
from tui_mail.mime.risks import in_words, risk_of
from tui_mail.ui import opener
from tui_mail.ui.app import TuiMailApp
from tui_mail.ui.screens.attachments import Attachments
from tui_mail.ui.screens.prompt import Prompt
from tui_mail.ui.screens.text_page import TextPage

WIDE = (160, 48)
PARTS = (
    ("text/csv", "prices.csv", b"what,price\r\nrake,12\r\nspade,30\r\n"),
    ("text/x-patch", "fix.patch", b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n"),
    (
        "text/vcard",
        "ola.vcf",
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ola Nordmann\r\nEMAIL:ola@example.org\r\nEND:VCARD\r\n",
    ),
    ("application/octet-stream", "invoice.pdf.exe", b"MZ\x90\x00"),
    ("text/plain", "../../\x1b]0;evil\x07.bashrc", b"\x1b[2Jalias ls=rm\n"),
)


def body() -> str:
    """A message with one part of each kind."""
    out = ["--b\nContent-Type: text/plain\n\nFiles.\n"]
    for kind, name, content in PARTS:
        out.append(
            f'--b\nContent-Type: {kind}\nContent-Disposition: attachment; filename="{name}"\n'
            f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(content).decode()}"
        )
    return "\n".join([*out, "--b--\n"])


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[World]:
    """One message with five attachments."""
    with world(tmp_path / "home", [Letter("Files", body=body(), content_type="multipart/mixed; boundary=b")]) as made:
        yield made


async def opened(app: TuiMailApp, pilot: Pilot[None]) -> Attachments:
    """The box of the first message."""
    await pilot.press("enter")
    await wait_for(pilot, lambda: app.triage.reading.message is not None)
    await pilot.press("A")
    await wait_for(pilot, lambda: isinstance(app.screen, Attachments))
    box = app.screen
    assert isinstance(box, Attachments)
    return box


async def answered(app: TuiMailApp, pilot: Pilot[None], words: str) -> None:
    """Type an answer to the line that asks."""
    await wait_for(pilot, lambda: isinstance(app.screen, Prompt) and app.screen.focused is not None)
    app.screen.query_one(Input).value = words
    await pilot.press("enter")


def details(box: Attachments) -> str:
    return "\n".join("".join(text for text, _ in line) for line in box.details.document.lines)


async def test_the_box_lists_type_and_size_and_looks_into_each(mail: World) -> None:
    """A table, a patch in its colours, a card, and a plain word about a program."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        box = await opened(app, pilot)
        await wait_for(pilot, lambda: "rake   12" in details(box))
        await wait_for(pilot, lambda: "prices.csv  text/csv" in screen_text(app))
        await pilot.press("j")
        await wait_for(pilot, lambda: "+new" in details(box))
        looks = {look for line in box.details.document.lines for _, look in line}
        assert {"added", "removed", "hunk"} <= looks
        await pilot.press("j")
        await wait_for(pilot, lambda: "Ola Nordmann" in details(box) and "ola@example.org" in details(box))
        await pilot.press("j")
        await wait_for(pilot, lambda: "It is a program that calls itself PDF: opened" in details(box))
        await pilot.press("j")
        await wait_for(pilot, lambda: "alias ls=rm" in details(box))
        assert "\x1b" not in screen_text(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, TextPage) and "Esc closes" in screen_text(app))
        await pilot.press("q")
        await wait_for(pilot, lambda: app.screen is box)
        await pilot.press("q")
        await wait_for(pilot, lambda: app.screen is app.triage)


async def test_saving_writes_nothing_over_and_remembers_the_folder(mail: World, tmp_path: Path) -> None:
    """A file of the same name is left as it is; the second question begins where the first ended."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "prices.csv").write_text("mine")
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("s")
        await answered(app, pilot, str(target))
        await wait_for(pilot, lambda: (target / "prices (2).csv").exists())
        assert (target / "prices.csv").read_text() == "mine"
        assert (target / "prices (2).csv").read_bytes() == PARTS[0][2]
        await wait_for(pilot, lambda: "Saved: " in screen_text(app))
        await pilot.press("S", "enter")
        await wait_for(pilot, lambda: len(list(target.iterdir())) == 7)
        names = {one.name for one in target.iterdir()}
        assert {"prices (3).csv", "fix.patch", "ola.vcf", "invoice.pdf.exe"} <= names
        assert not any(name.startswith(".") or "\x1b" in name for name in names)
        assert all(one.stat().st_mode & 0o111 == 0 for one in target.iterdir())


async def test_a_folder_that_is_not_there_is_said_and_nothing_is_saved(mail: World, tmp_path: Path) -> None:
    """No folder is made by a slip of the hand."""
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("s")
        await answered(app, pilot, f"{tmp_path}/nowhere/")
        await wait_for(pilot, lambda: "There is no folder" in screen_text(app))


async def test_a_program_is_opened_only_after_a_warning_and_a_second_press(
    mail: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first press says what it is; what is handed over is a private copy that cannot be run by itself."""
    log = tmp_path / "opened"
    program = tmp_path / "open-it"
    program.write_text(f'#!/bin/sh\necho "$1" > {log}.new; mv {log}.new {log}\n')
    program.chmod(0o755)
    monkeypatch.setattr(opener, "_program", lambda: str(program))
    app = mail.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("j", "j", "j", "o")
        await wait_for(pilot, lambda: "o again opens it · It is a program" in screen_text(app))
        assert not log.exists()
        await pilot.press("o")
        await wait_for(pilot, log.exists)
        copy = Path(log.read_text().strip())
        assert copy.read_bytes() == PARTS[3][2]
        assert copy.stat().st_mode & 0o177 == 0
        assert copy.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("CON.txt", "_CON.txt"),
        ("a\x00b\x1b[2J.txt", "a_b_[2J.txt"),
        ("  ", "attachment"),
        ("report.pdf.", "report.pdf"),
        ('a<b>:"c|?*.txt', "a_b___c___.txt"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names_that_could_do_harm_become_plain_ones(name: str, safe: str) -> None:
    """One file in the chosen folder, whatever the sender called it."""
    assert safe_name(name) == safe


def test_a_link_is_not_followed_when_saving(tmp_path: Path) -> None:
    """Somebody put a link where the file would go."""
    (tmp_path / "a.txt").symlink_to(tmp_path / "victim")
    assert save_new(tmp_path, "a.txt", b"x").name == "a (2).txt"
    assert not (tmp_path / "victim").exists()


def test_where_a_typed_path_leads(tmp_path: Path) -> None:
    """A folder takes the name; another word is the name."""
    assert destination(str(tmp_path), "a.txt") == (tmp_path, "a.txt")
    assert destination(f"{tmp_path}/b.txt", "a.txt") == (tmp_path, "b.txt")
    with pytest.raises(UsageError):
        destination(f"{tmp_path}/no/b.txt", "a.txt")


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("a.pdf", "application/pdf", ""),
        ("a.pdf", "application/octet-stream", ""),
        ("a.pdf", "image/png", "calls itself image/png"),
        ("run.SH ", "text/plain", "is a script: opened"),
        ("photo.jpg.lnk", "image/jpeg", "calls itself JPG"),
        ("v1.2.exe", "application/octet-stream", "is a program:"),
        ("budget.xlsm", "application/vnd.ms-excel", "macros"),
        ("page.svg", "image/svg+xml", "a browser runs"),
        ("\u202excod.exe", "application/octet-stream", "the other way"),
    ],
)
def test_what_a_file_may_do_is_said_plainly(name: str, kind: str, words: str) -> None:
    """By its true ending, whatever its type and the rest of its name claim."""
    said = in_words(risk_of(name, kind, b""))
    assert (words in said) if words else not said


def test_a_copy_for_another_program_goes_when_this_one_ends(tmp_path: Path) -> None:
    """Nobody but the person can read it, and nobody can write it."""
    program = (
        "import sys; from tui_mail.client.saving import put_aside; from tui_mail.paths import paths;"
        " path = put_aside(paths(sys.argv[1]), 'a.txt', b'x'); print(path, oct(path.stat().st_mode & 0o777))"
    )
    said = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    path, mode = said.stdout.split()
    assert mode == "0o400"
    assert not Path(path).exists()


async def test_the_files_of_an_attached_message_are_reached(tmp_path: Path) -> None:
    """A letter that was sent on as a whole, with what was attached to it."""
    inner = Letter("Files", body=body(), content_type="multipart/mixed; boundary=b").raw(1).decode()
    outer = f"--o\nContent-Type: text/plain\n\nSee below.\n--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
    letter = Letter("Fwd", body=outer.replace("\r\n", "\n"), content_type="multipart/mixed; boundary=o")
    with world(tmp_path, [letter]) as made:
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            box = await opened(app, pilot)
            await wait_for(pilot, lambda: "Files." in details(box))
            await pilot.press("A")
            await wait_for(pilot, lambda: app.screen is not box and isinstance(app.screen, Attachments))
            within = app.screen
            assert isinstance(within, Attachments)
            await wait_for(pilot, lambda: "rake   12" in details(within))
            await pilot.press("s")
            await answered(app, pilot, str(tmp_path))
            await wait_for(pilot, (tmp_path / "prices.csv").exists)
            await pilot.press("q")
            await wait_for(pilot, lambda: app.screen is box)


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_a_picture_is_seen_in_half_blocks(tmp_path: Path, size: tuple[int, int]) -> None:
    """Red above blue, as large as the window has room for; a damaged one is a sentence."""
    parts = ("red.png", picture(size=(400, 400))), ("broken.png", picture()[:70]), ("page.svg", b"<svg>")
    text = "".join(
        f'--b\nContent-Type: image/png\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(content).decode()}\n"
        for name, content in parts
    )
    with world(tmp_path, [Letter("Red", body=f"{text}--b--\n", content_type="multipart/mixed; boundary=b")]) as made:
        app = made.app()
        async with app.run_test(size=size) as pilot:
            box = await opened(app, pilot)
            await wait_for(pilot, lambda: "▀▀▀▀▀▀▀▀" in details(box))
            assert "400 × 400 pixels" in details(box)
            await wait_for(pilot, lambda: "▀▀▀▀▀▀▀▀" in screen_text(app))
            first = next(line for line in box.details.document.lines if line and "▀" in line[0][0])
            style = box.details.look(first[0][1])
            assert style.color is not None
            assert style.color.triplet is not None
            assert style.color.triplet.red > 240
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, TextPage) and "▀" * 60 in screen_text(app))
            assert "…" not in screen_text(app)
            assert "▀" * (size[0] * 9 // 10 - 8) in screen_text(app)
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.screen is box)
            await pilot.press("j")
            await wait_for(pilot, lambda: "It is damaged" in details(box))
            await pilot.press("j")
            await wait_for(pilot, lambda: "not shown here" in details(box))
            await pilot.press("escape", "P")
            await wait_for(
                pilot, lambda: any("▀▀" in text for line in app.triage.reader.document.body for text, _ in line.runs)
            )
            await pilot.press("P")
            await wait_for(
                pilot, lambda: not any("▀" in text for line in app.triage.reader.document.body for text, _ in line.runs)
            )


async def test_without_colours_a_picture_is_told_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR: half blocks would be one grey field."""
    monkeypatch.setenv("NO_COLOR", "1")
    content = base64.encodebytes(picture()).decode()
    text = f"--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n{content}\n--b--\n"
    with world(tmp_path, [Letter("Red", body=text, content_type="multipart/mixed; boundary=b")]) as made:
        app = made.app()
        async with app.run_test(size=WIDE) as pilot:
            box = await opened(app, pilot)
            await wait_for(pilot, lambda: "no colours" in details(box))
