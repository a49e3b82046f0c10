"""How the screen looks: four themes of our own, and the choice between them.

What belongs here: colours by name. Where each name is used is the stylesheet's business, `tui.tcss`.
State is never told by colour alone, so NO_COLOR and a monochrome terminal lose nothing but beauty.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="tui-mail-dark",
    dark=True,
    primary="#8ab4f8",
    secondary="#8ab4f8",
    accent="#8ab4f8",
    foreground="#cfd3dc",
    background="#14161b",
    surface="#191c22",
    panel="#20242c",
    warning="#e3b567",
    error="#e88388",
    success="#93c99a",
    variables={
        "strong": "#f4f6fa",
        "dim": "#8b93a3",
        "faint": "#5c6474",
        "line": "#2a2f39",
        "cursor": "#26344f",
        "cursor-blurred": "#22262f",
        "selected": "#1c2636",
        "quote": "#93a1b8",
        "scrollbar": "#343b48",
        "scrollbar-hover": "#465064",
        "scrollbar-active": "#8ab4f8",
        "scrollbar-background": "#14161b",
        "scrollbar-background-hover": "#14161b",
        "scrollbar-background-active": "#14161b",
        "input-cursor-background": "#8ab4f8",
        "input-selection-background": "#34507f",
        "screen-selection-background": "#34507f",
    },
)

LIGHT = Theme(
    name="tui-mail-light",
    dark=False,
    primary="#1f5fc4",
    secondary="#1f5fc4",
    accent="#1f5fc4",
    foreground="#2b2f38",
    background="#fdfcfa",
    surface="#f5f3ef",
    panel="#ebe8e2",
    warning="#8a5a00",
    error="#b3261e",
    success="#256b34",
    variables={
        "strong": "#0e1116",
        "dim": "#636a77",
        "faint": "#9a9fa9",
        "line": "#dedad2",
        "cursor": "#d6e4fb",
        "cursor-blurred": "#ebe8e2",
        "selected": "#e9f0fc",
        "quote": "#55627a",
        "scrollbar": "#cfcac0",
        "scrollbar-hover": "#b5afa3",
        "scrollbar-active": "#1f5fc4",
        "scrollbar-background": "#fdfcfa",
        "scrollbar-background-hover": "#fdfcfa",
        "scrollbar-background-active": "#fdfcfa",
        "input-cursor-background": "#1f5fc4",
        "input-selection-background": "#b9d2f7",
        "screen-selection-background": "#b9d2f7",
    },
)


def _plain(name: str, *, ground: str, text: str, accent: str, alarm: str, good: str, warn: str, dim: str) -> Theme:
    """A theme of few colours, each far from its ground."""
    return Theme(
        name=name,
        dark=True,
        primary=accent,
        secondary=accent,
        accent=accent,
        foreground=text,
        background=ground,
        surface=ground,
        panel="#262626",
        warning=warn,
        error=alarm,
        success=good,
        variables={
            "strong": "#ffffff",
            "dim": dim,
            "faint": dim,
            "line": dim,
            "cursor": "#4a4a4a",
            "cursor-blurred": "#2e2e2e",
            "selected": "#363636",
            "quote": dim,
            "scrollbar": dim,
            "scrollbar-hover": text,
            "scrollbar-active": accent,
            "scrollbar-background": ground,
            "scrollbar-background-hover": ground,
            "scrollbar-background-active": ground,
            "input-cursor-background": accent,
            "input-selection-background": "#5a5a5a",
            "screen-selection-background": "#5a5a5a",
        },
    )


CONTRAST = _plain(
    "tui-mail-contrast",
    ground="#000000", text="#ffffff", accent="#ffff00", alarm="#ff8080", good="#80ff80", warn="#ffc040", dim="#d0d0d0",
)  # fmt: skip
MONO = _plain(
    "tui-mail-mono",
    ground="#121212", text="#d8d8d8", accent="#ffffff", alarm="#ffffff", good="#d8d8d8", warn="#ffffff", dim="#9a9a9a",
)  # fmt: skip
"""Without colours: everything is told by signs, weight and grey."""

THEMES = (DARK, LIGHT, CONTRAST, MONO)


def first_theme(environ: Mapping[str, str], remembered: str = "") -> str:
    """The theme to start with: TUI_MAIL_THEME, else the one chosen last, else what fits the terminal.

    TUI_MAIL_THEME is dark, light, contrast or mono. COLORFGBG tells the terminal's background; without it: dark.
    """
    wish = environ.get("TUI_MAIL_THEME", "")
    for theme in THEMES:
        if wish == theme.name.removeprefix("tui-mail-"):
            return theme.name
    if remembered in {theme.name for theme in THEMES}:
        return remembered
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if background in ("7", "15") else DARK.name


def other_theme(name: str) -> str:
    """The theme that the key for "the other theme" leads to: the next one."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else DARK.name


def wants_stillness(environ: Mapping[str, str]) -> bool:
    """True when nothing should move by itself: TUI_MAIL_REDUCED_MOTION is set to anything but 0."""
    return environ.get("TUI_MAIL_REDUCED_MOTION", "") not in ("", "0")
