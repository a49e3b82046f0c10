"""What a terminal, or a reader's eye, obeys: every class of it, with bytes that the program itself never writes."""

from __future__ import annotations

TERMINAL: dict[str, str] = {
    "clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "clipboard-st": "\x1b]52;p;cHduZWQ=\x1b\\",
    "title": "\x1b]0;pwned\x07",
    "icon": "\x1b]1;pwned\x1b\\",
    "hyperlink": "\x1b]8;;https://pwned.example/\x1b\\x\x1b]8;;\x1b\\",
    "notification": "\x1b]777;notify;pwned;x\x07",
    "palette": "\x1b]4;1;#bada55\x07",
    "directory": "\x1b]7;file:///pwned\x07",
    "picture": "\x1b]1337;File=inline=1:cHduZWQ=\x07",
    "cursor": "\x1b[77;77H",
    "clear": "\x1b[2J\x1b[3J",
    "colours": "\x1b[38;5;197;7m",
    "report": "\x1b[6n\x1b[5n",
    "attributes": "\x1b[c\x1b[>0c",
    "setting": "\x1bP$qm\x1b\\",
    "tmux": "\x1bPtmux;\x1b\x1b]52;c;cHduZWQ=\x07\x1b\\",
    "sixel": "\x1bPq#0;2;0;0;0~\x1b\\",
    "kitty": "\x1b_Ga=T,f=100;cHduZWQ=\x1b\\",
    "private-message": "\x1b^pwned\x1b\\",
    "keys": "\x1b[>4;2m\x1b[=31;1u",
    "reset": "\x1bc",
    "charset": "\x1b(0\x0e",
    "mouse": "\x1b[?1000h\x1b[?1006h\x1b[?2004l",
    "window": "\x1b[3;0;0t\x1b[21t",
    "c1-csi": "\x9b31;1m",
    "c1-osc": "\x9d52;c;cHduZWQ=\x9c",
    "c1-dcs": "\x90q~\x9c",
    "nel": "a\x85b",
    "nul": "a\x00b",
    "delete": "a\x7fb",
    "bell": "a\x07b",
    "back": "safe\x08\x08\x08\x08evil",
    "return": "safe\revil",
    "vertical": "a\x0bb\x0cc",
    "shift": "a\x0eb\x0f",
    "unfinished": "\x1b]52;c;",
}
"""By name; a terminal does something at each of them."""

EYE: dict[str, str] = {
    "override": "a\u202etxt.exe",
    "embedding": "a\u202ab\u202bc\u202c",
    "isolate": "a\u2066b\u2067c\u2068d\u2069",
    "marks": "a\u200eb\u200fc\u061cd",
    "separators": "a\u2028b\u2029c",
    "zero-width": "pay\u200bpal\u2060.example\ufeff",
    "tags": "a\U000e0041\U000e0042\U000e007fb",
    "soft-hyphen": "pay\u00adpal",
    "filler": "a\u3164b\u115fc",
    "interlinear": "a\ufff9b\ufffac\ufffb",
    "marks-flood": "e" + "\u0301" * 300,
    "selectors": "x" + "\ufe0f" * 300,
    "surrogate": "a\ud800b",
}
"""By name; each makes a text look like another one, or a line longer than it is."""

MARKUP = ("[/nope]", "[@click=app.quit]x[/]", "[link=https://pwned.example]x[/link]", "[red", "$surface", "{0}%s")
"""What a screen could take for its own."""
