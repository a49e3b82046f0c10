"""Pictures in a terminal that paints them itself: what it is given, where it paints, what stays behind."""

from __future__ import annotations

import base64
import random
import re
from pathlib import Path

import pytest

from tests.terminal.conftest import PROGRAM, ROOT
from tests.terminal.terminal import Terminal
from tests.terminal.test_typed_ahead import fill
from tests.ui.world import Letter
from tests.unit.test_mime_pictures import picture, with_words
from tests.unit.test_terminal_pictures import COMMAND, rebuilt
from tui_mail.ui.terminal_pictures import placeholders, taking_back

pytestmark = pytest.mark.terminal

PLACED = re.compile(rb"\x1b\[[0-9;]*38;2;(\d+);(\d+);(\d+)[0-9;]*m\xf4\x8e\xbb\xae")


def noise(size: tuple[int, int]) -> bytes:
    """A picture that does not become small when it is packed."""
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.frombytes("RGB", size, random.Random(7).randbytes(3 * size[0] * size[1])).save(file, "PNG")
    return file.getvalue()


def with_pictures(home: Path, *contents: bytes) -> None:
    """A home with a message in which these came."""
    home.mkdir()
    parts = "".join(
        f'--b\nContent-Type: image/png; name="{number}.png"\nContent-Transfer-Encoding: base64\n\n'
        f"{base64.encodebytes(content).decode()}\n"
        for number, content in enumerate(contents)
    )
    body = f"--b\n\nSee below.\n{parts}--b--\n"
    fill(home, {"INBOX": [Letter("Pictures", body=body, content_type="multipart/mixed; boundary=b")]})


def kitty(place: Path, version: str) -> dict[str, str]:
    """The environment of that kitty."""
    import os

    place.mkdir()
    program = place / "kitty"
    program.write_text(f"#!/bin/sh\necho 'kitty {version} created by Kovid Goyal'\n")
    program.chmod(0o755)
    return {"TERM": "xterm-kitty", "PATH": f"{place}:{os.environ['PATH']}"}


def commands(raw: bytes) -> list[str]:
    """All commands of kitty's protocol that were written, one string each."""
    return [found[0] for found in COMMAND.finditer(raw.decode("utf-8", "replace"))]


@pytest.mark.parametrize("columns", [80, 160])
def test_the_terminal_gets_the_picture_and_nothing_else_of_it(tmp_path: Path, columns: int) -> None:
    """Its pixels, whatever words are in it; the placeholders have its number as their colour; q takes it back."""
    with_pictures(tmp_path / "home", with_words())
    environment = kitty(tmp_path / "bin", "0.41.1")
    program = [*PROGRAM, "--home", str(tmp_path / "home")]
    with Terminal(program, columns=columns, rows=40, cwd=ROOT, env=environment) as screen:
        screen.wait_for("Pictures")
        screen.press("enter")
        screen.wait_for("See below.")
        assert not commands(screen.raw)
        screen.press("P")
        screen.wait_for(lambda terminal: bool(PLACED.search(terminal.raw)))
        screen.wait_for(lambda terminal: any("m=0;" in one for one in commands(terminal.raw)))
        raw = screen.raw
        keys, pixels = rebuilt("".join(commands(raw)))
        assert (keys["s"], keys["v"], keys["c"], keys["r"]) == ("40", "20", "5", "2")
        assert pixels == bytes([255, 0, 0]) * 400 + bytes([0, 0, 255]) * 400
        numbers = {int(red) << 16 | int(green) << 8 | int(blue) for red, green, blue in PLACED.findall(raw)}
        assert numbers == {int(keys["i"])}
        text = raw.decode("utf-8", "replace")
        assert all(placeholders(line, 5) in text for line in range(2))
        screen.press("q")
        screen.press("q")
        screen.wait_end()
        assert taking_back(int(keys["i"])) in commands(screen.raw)


def test_keys_do_not_wait_behind_a_large_picture(tmp_path: Path) -> None:
    """Octets that cannot be packed, half a megabyte of them: what is pressed meanwhile is answered between them."""
    with_pictures(tmp_path / "home", noise((600, 300)))
    environment = kitty(tmp_path / "bin", "0.41.1") | {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}
    program = [*PROGRAM, "--home", str(tmp_path / "home")]
    with Terminal(program, columns=160, rows=40, cwd=ROOT, env=environment) as screen:
        screen.wait_for("Pictures")
        screen.press("enter")
        screen.wait_for("See below.")
        screen.press("P")
        screen.wait_for(lambda terminal: bool(commands(terminal.raw)))
        screen.press("?")
        screen.wait_for("Keys")
        before = commands(screen.raw)
        assert not any("m=0;" in one for one in before)
        screen.press("escape")
        screen.wait_for(lambda terminal: any("m=0;" in one for one in commands(terminal.raw)), 60)
        _, pixels = rebuilt("".join(commands(screen.raw)))
        assert len(pixels) > 400_000


@pytest.mark.parametrize("how", [{"kitty": "0.26.5"}, {"TERM": "foot"}, {"TMUX": "/tmp/tmux-0/default,1,0"}])
def test_others_get_half_blocks(tmp_path: Path, how: dict[str, str]) -> None:
    """A kitty from before placeholders, another terminal, a multiplexer."""
    with_pictures(tmp_path / "home", picture())
    environment = kitty(tmp_path / "bin", how.get("kitty", "0.41.1")) | {key: how[key] for key in how if key.isupper()}
    program = [*PROGRAM, "--home", str(tmp_path / "home")]
    with Terminal(program, columns=80, rows=40, cwd=ROOT, env=environment) as screen:
        screen.wait_for("Pictures")
        screen.press("enter")
        screen.wait_for("See below.")
        screen.press("P")
        screen.wait_for("▀▀▀▀▀▀▀▀")
        assert b"\x1b_" not in screen.raw
