"""Pictures for terminals that paint them: which can, the commands, the placeholders."""

from __future__ import annotations

import base64
import re
import unicodedata
import zlib
from pathlib import Path

import pytest

from tui_mail.config.accounts import parse
from tui_mail.mime.pictures import SIDE_LIMIT, Raster
from tui_mail.ui import terminal_pictures
from tui_mail.ui.guard import _OBEYED
from tui_mail.ui.terminal_pictures import can_place, handing_over, most, placeholders, taking_back
from tui_mail.ui.widgets.cells import width
from tui_mail.ui.widgets.raster import NO_CANVAS, Canvas, coloured

COMMAND = re.compile(r"\x1b_G([a-zA-Z0-9=,]*)(?:;([A-Za-z0-9+/=]*))?\x1b\\")


def rebuilt(commands: str) -> tuple[dict[str, str], bytes]:
    """What a terminal understands of the commands of one picture: their keys, and the octets of its pixels."""
    found = COMMAND.findall(commands)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in found) == commands
    more = [dict(key.split("=") for key in keys.split(",")).pop("m") for keys, _ in found]
    assert more == ["1"] * (len(found) - 1) + ["0"]
    first = dict(key.split("=") for key in found[0][0].split(","))
    return first, zlib.decompress(base64.b64decode("".join(data for _, data in found)))


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (500, 300)])
def test_a_terminal_gets_every_pixel(size: tuple[int, int]) -> None:
    """In commands of a few kilobytes, none of which is answered."""
    wide, high = size
    colours = bytes(n * n % 251 for n in range(3 * wide * high))
    commands = list(handing_over(77, Raster(wide, high, colours), 5, 4))
    keys, pixels = rebuilt("".join(commands))
    assert pixels == colours
    expected = {"a": "T", "U": "1", "i": "77", "s": str(wide), "v": str(high), "c": "5", "r": "4", "f": "24", "q": "2"}
    assert expected.items() <= keys.items()
    assert max(map(len, commands)) < terminal_pictures.PIECE + 200
    assert COMMAND.fullmatch(taking_back(77))


def test_placeholders_are_text_of_one_cell_each() -> None:
    """Nothing of them is obeyed, so the guard lets them through; a mark for each number, and none twice."""
    line = placeholders(3, 40)
    assert width(line) == 40
    assert not _OBEYED.search(line)
    assert most() == 297
    assert len(set(terminal_pictures._marks())) == 297
    assert {unicodedata.combining(mark) for mark in terminal_pictures._marks()} == {230}
    assert [ord(mark) for mark in terminal_pictures._marks()[:5]] == [0x305, 0x30D, 0x30E, 0x310, 0x312]


def test_a_picture_of_placeholders_is_as_large_as_one_of_half_blocks() -> None:
    """With more pixels, and never more than can be asked for."""
    given = list[tuple[int, int]]()

    def take(_: Raster, cells: int, lines: int) -> int:
        given.append((cells, lines))
        return 0xABCDEF

    canvas = Canvas(40, 20, take)
    assert canvas.pixels == (320, 320)
    painted = canvas.painted(Raster(320, 200, bytes(3 * 320 * 200)))
    assert given == [(40, 13)]
    assert len(painted) == 13
    assert all(line.runs[0][1] == "#abcdef" for line in painted)
    color = coloured("#abcdef").color
    assert color is not None
    assert color.triplet is not None
    assert tuple(color.triplet) == (0xAB, 0xCD, 0xEF)
    assert max(Canvas(160, 200, take).pixels) <= SIDE_LIMIT
    assert Canvas(40, 20).pixels == (40, 40)
    assert NO_CANVAS.pixels == (0, 0)


def test_which_terminals_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those that are known to, by what they say of themselves; never through a multiplexer."""
    kitty = tmp_path / "kitty"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for version, can in (("0.26.5", False), ("0.28.0", True), ("0.41.1", True), ("1.0.0", True)):
        kitty.write_text(f"#!/bin/sh\necho 'kitty {version} created by Kovid Goyal'\n")
        kitty.chmod(0o755)
        terminal_pictures._kitty_version.cache_clear()
        assert can_place({"TERM": "xterm-kitty"}) is can
    assert not can_place({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux,1,0"})
    assert can_place({"TERM": "xterm-ghostty"})
    for term in ("xterm-256color", "foot", "dumb", ""):
        assert not can_place({"TERM": term})
    kitty.unlink()
    terminal_pictures._kitty_version.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not can_place({"TERM": "xterm-kitty"})
    terminal_pictures._kitty_version.cache_clear()


def test_what_config_says(tmp_path: Path) -> None:
    """Another word is pointed out, and changes nothing."""
    assert parse('[reading]\npictures = "terminal"\n', tmp_path).pictures == "terminal"
    config = parse('[reading]\npictures = "sixel"\n', tmp_path)
    assert config.pictures == "auto"
    assert "auto" in config.problems[0].sentence
