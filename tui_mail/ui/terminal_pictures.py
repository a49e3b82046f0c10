"""Pictures as octets that a terminal obeys (kitty's graphics protocol), and the cells in which it paints them.

What belongs here: which terminal can, the commands, the Unicode placeholders. Pure functions. What must never be here:
writing them anywhere (`placing`), anything of a message but the colours of pixels.

A placeholder is an ordinary character for everything else on the way: it scrolls, is covered and painted over like
text, so nothing has to be taken back where something else is shown. Its colour is the number of the picture, its two
marks are the row and the column (https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders).
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from functools import cache

from tui_mail.mime.pictures import Raster

PIECE = 4096
"""Most characters of a picture in one command."""
ENDING = "\x1b_Gq=2,m=0;\x1b\\"
"""The last command of a picture of which no more is coming."""
_FIRST_KITTY = (0, 28)
"""The kitty that brought placeholders: earlier ones show a character that no font has."""
_PLACEHOLDER = "\U0010eeee"
_MARKS = (
    "305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1 5a8-5a9"
    " 5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733 735-736 73a 73d"
    " 73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 953-954 f82-f83 f86-f87"
    " 135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1 1dc3-1dc9 1dcb-1dcc"
    " 1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1 2de0-2dff a66f a67c-a67d"
    " a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f 10a38 1d185-1d189 1d1aa-1d1ad"
    " 1d242-1d244"
)
"""The combining characters that stand for 0, 1, 2, …, as the protocol numbers them."""


def can_place(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is known to paint placeholders. May start a program: call it on a thread, once."""
    if any(environment.get(name) for name in ("TMUX", "STY", "ZELLIJ")):
        return False  # they let such commands through only when told to, and nothing says whether they were
    term = environment.get("TERM", "")
    if term == "xterm-ghostty" or environment.get("TERM_PROGRAM") == "ghostty":
        return True
    return term == "xterm-kitty" and _kitty_version() >= _FIRST_KITTY


@cache
def _kitty_version() -> tuple[int, ...]:
    """That of the kitty of this computer; (0,) where there is none: over a network nothing tells it."""
    program = shutil.which("kitty")
    if program is None:
        return (0,)
    try:
        said = subprocess.run([program, "--version"], capture_output=True, timeout=5, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return (0,)
    found = re.search(rb"kitty (\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0,)


def handing_over(number: int, raster: Raster, cells: int, lines: int) -> Iterator[str]:
    """The commands that give the terminal a picture for so many cells and lines, without an answer."""
    packed = base64.b64encode(zlib.compress(raster.colours)).decode()
    keys = f"a=T,U=1,q=2,f=24,o=z,i={number},s={raster.wide},v={raster.high},c={cells},r={lines},"
    for at in range(0, len(packed), PIECE):
        more = int(at + PIECE < len(packed))
        yield f"\x1b_G{keys}m={more};{packed[at : at + PIECE]}\x1b\\"
        keys = "q=2,"


def taking_back(number: int) -> str:
    """The command that has the terminal forget a picture."""
    return f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\"


def placeholders(line: int, cells: int) -> str:
    """The characters of one line of a picture."""
    marks = _marks()
    return "".join(f"{_PLACEHOLDER}{marks[line]}{marks[column]}" for column in range(cells))


def most() -> int:
    """Lines and columns that a picture may have at most."""
    return len(_marks())


@cache
def _marks() -> str:
    ends = [[int(end, 16) for end in part.split("-")] for part in _MARKS.split()]
    return "".join(chr(code) for end in ends for code in range(end[0], end[-1] + 1))
