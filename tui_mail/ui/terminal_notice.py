"""Notifications as octets that a terminal obeys: OSC 9, 99 and 777, and the bell. Pure functions.

What belongs here: which terminal understands what, and writing it so that nothing of a message is obeyed.
What must never be here: when (noticing), or writing it anywhere.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from tui_mail.notices import Notice

BELL = "\x07"
_ESC = "\x1b"
_OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_BY_PROGRAM = {
    "kitty": "osc99",
    "ghostty": "osc777",
    "wezterm": "osc777",
    "iterm.app": "osc9",
    "contour": "osc777",
    "windows_terminal": "osc9",
}
_BY_TERM = {"xterm-kitty": "osc99", "xterm-ghostty": "osc777", "foot": "osc777", "rxvt": "osc777", "wezterm": "osc777"}
_BY_TRACE = {
    "KITTY_WINDOW_ID": "osc99",
    "GHOSTTY_RESOURCES_DIR": "osc777",
    "WEZTERM_PANE": "osc777",
    "ITERM_SESSION_ID": "osc9",
    "WT_SESSION": "osc9",
    "ConEmuPID": "osc9",
}
"""What terminals leave in the environment, also of what runs in a multiplexer."""


def way_of(environment: Mapping[str, str]) -> str:
    """How the terminal shows notifications: osc9, osc99, osc777, or bell when it is not known to show any."""
    program = environment.get("TERM_PROGRAM", "").lower()
    if program in _BY_PROGRAM:
        return _BY_PROGRAM[program]
    term = environment.get("TERM", "")
    for name, way in _BY_TERM.items():
        if term == name or term.startswith(f"{name}-"):
            return way
    if environment.get("LC_TERMINAL") == "iTerm2":
        return "osc9"
    return next((way for trace, way in _BY_TRACE.items() if environment.get(trace)), "bell")


def octets_of(notice: Notice, way: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal. `way`: terminal, or one of those that `way_of` gives."""
    title, body = _plain(notice.title), _plain(notice.body)
    match way_of(environment) if way == "terminal" else way:
        case "osc9":  # ConEmu takes "4;…" for progress: no digit comes first
            return _through(f"{_ESC}]9;New: {title}: {body}{BELL}", environment)
        case "osc99":
            first = f"{_ESC}]99;i=tui-mail:d=0:e=1;{_coded(title)}{_ESC}\\"
            return _through(f"{first}{_ESC}]99;i=tui-mail:p=body:e=1;{_coded(body)}{_ESC}\\", environment)
        case "osc777":
            plain = title.replace(";", ","), body.replace(";", ",")
            return _through(f"{_ESC}]777;notify;{plain[0]};{plain[1]}{_ESC}\\", environment)
    return BELL


def _plain(words: str) -> str:
    return _OBEYED.sub("", words)


def _coded(words: str) -> str:
    return base64.b64encode(words.encode("utf-8", "replace")).decode()


def _through(octets: str, environment: Mapping[str, str]) -> str:
    """Past a multiplexer; tmux lets it through with `set -g allow-passthrough on`."""
    if environment.get("TMUX"):
        return f"{_ESC}Ptmux;{octets.replace(_ESC, _ESC * 2)}{_ESC}\\"
    if environment.get("STY"):
        return "".join(f"{_ESC}P{part}{_ESC}\\" for part in _parts(octets))
    return octets


def _parts(octets: str) -> list[str]:
    """For GNU screen, which ends a passage at ESC backslash: the two never stand in one."""
    return [part for part in re.split(r"(?<=\x1b)(?=\\)", octets) if part]
