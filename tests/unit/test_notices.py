"""Notifications: their words, their hours, their octets, and what config.toml may say of them."""

from __future__ import annotations

import base64
import re
from datetime import time
from pathlib import Path

import pytest

from tui_mail.config.accounts import load, parse
from tui_mail.config.changing import set_table
from tui_mail.config.notice_rules import notice_words
from tui_mail.errors import ConfigError
from tui_mail.notices import Newcomer, Notice, Notices, Quiet, notice_of
from tui_mail.paths import paths
from tui_mail.text import SafeText, safe_line
from tui_mail.ui.terminal_notice import BELL, octets_of, way_of

HOSTILE = (
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1b\\\x1b]0;owned\x07",
    "\x9d0;owned\x9c",
    "4;1;50",
    "a;b;c",
    "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\",
    "line\r\nbreak\x00\x7f",
    "\u202egnp.exe\u2066",
    "\ud800 alone",
    "x" * 100_000,
)
WAYS = ("osc9", "osc99", "osc777", "bell")
FRAMES = {
    "osc9": r"\x1b\]9;New: [^\x00-\x1f\x7f-\x9f]*\x07",
    "osc99": r"\x1b\]99;i=tui-mail:d=0:e=1;[A-Za-z0-9+/=]*\x1b\\\x1b\]99;i=tui-mail:p=body:e=1;[A-Za-z0-9+/=]*\x1b\\",
    "osc777": r"\x1b\]777;notify;[^\x00-\x1f\x7f-\x9f;]*;[^\x00-\x1f\x7f-\x9f;]*\x1b\\",
    "bell": r"\x07",
}


def newcomer(subject: str = "Hello", sender: str = "Anna", folder: str = "Inbox") -> Newcomer:
    return Newcomer("work", safe_line(folder), safe_line(sender), safe_line(subject))


def raw_notice(words: str) -> Notice:
    """As if nothing had made it safe before."""
    return Notice(SafeText(words), SafeText(words), (newcomer(),))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("words", HOSTILE, ids=ascii)
def test_nothing_of_a_message_is_obeyed(way: str, words: str) -> None:
    """The frame is the only thing that a terminal understands, whatever came through."""
    assert re.fullmatch(FRAMES[way], octets_of(raw_notice(words), way, {})), way
    octets_of(raw_notice(words), way, {}).encode("utf-8")
    safe = notice_of([newcomer(words, words, words)])
    assert re.fullmatch(FRAMES[way], octets_of(safe, way, {}))
    assert len(octets_of(safe, way, {})) < 2_000


@pytest.mark.parametrize("way", ["osc9", "osc99", "osc777"])
def test_through_a_multiplexer(way: str) -> None:
    """Wrapped for tmux and for GNU screen, and the same when it is unwrapped."""
    plain = octets_of(raw_notice("hi"), way, {})
    wrapped = octets_of(raw_notice("hi"), way, {"TMUX": "/tmp/x,1,0"})
    assert wrapped.startswith("\x1bPtmux;")
    assert wrapped.endswith("\x1b\\")
    assert wrapped[7:-2].replace("\x1b\x1b", "\x1b") == plain
    screen = octets_of(raw_notice("hi"), way, {"STY": "1.x"})
    assert "".join(re.findall(r"\x1bP(.*?)\x1b\\", screen, re.DOTALL)) == plain


def test_what_kitty_is_told() -> None:
    """Title and body, coded."""
    octets = octets_of(notice_of([newcomer("Grüße; \x1b]0;x\x07", "Ölaf")]), "osc99", {})
    title, body = (base64.b64decode(part).decode() for part in re.findall(r"e=1;([^\x1b]*)", octets))
    assert title == "Mail from Ölaf"
    assert body.startswith("Grüße; ")
    assert "\x1b" not in body


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, "osc99"),
        ({"TERM": "tmux-256color", "TMUX": "x", "TERM_PROGRAM": "tmux", "KITTY_WINDOW_ID": "1"}, "osc99"),
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, "osc9"),
        ({"TERM_PROGRAM": "ghostty"}, "osc777"),
        ({"TERM_PROGRAM": "WezTerm"}, "osc777"),
        ({"TERM": "foot-extra"}, "osc777"),
        ({"TERM": "rxvt-unicode-256color"}, "osc777"),
        ({"WT_SESSION": "x", "TERM": "xterm-256color"}, "osc9"),
        ({"TERM": "linux"}, "bell"),
        ({"TERM": "xterm-256color"}, "bell"),
        ({}, "bell"),
    ],
)
def test_the_terminal_decides(environment: dict[str, str], way: str) -> None:
    """One that is not known to show notifications rings its bell."""
    assert way_of(environment) == way
    if way == "bell":
        assert octets_of(raw_notice("hi"), "terminal", environment) == BELL


def test_words() -> None:
    """One is named; many are counted."""
    one = notice_of([newcomer("Re: coffee", "Kirsten")])
    assert (one.title, one.body) == ("Mail from Kirsten", "Re: coffee")
    twelve = notice_of([newcomer(sender=f"S{at % 5}") for at in range(12)])
    assert (twelve.title, twelve.body) == ("12 new messages in Inbox", "S0, S1, S2 and others")
    mixed = notice_of([newcomer(), newcomer(), newcomer(folder="Lists")])
    assert mixed.title == "3 new messages: 2 in Inbox, 1 in Lists"
    assert notice_of([newcomer("", "")]).title == "Mail from somebody"


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (0, True), (6, True), (7, False), (12, False)])
def test_quiet_hours_over_midnight(hour: int, quiet: bool) -> None:
    """22:00-07:00; and hours of one day."""
    assert Quiet(time(22), time(7)).holds(time(hour)) is quiet
    assert Quiet(time(7), time(22)).holds(time(hour)) is not quiet


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('by = "osc7"', 'config.toml line 2: by = "osc7" must be "off" or "terminal"'),
        ('by = "osc7"', 'did you mean "osc7'),
        ('by = "command"', 'line 2: by = "command" needs notify_command'),
        ('quiet = "22-7"', 'line 2: quiet = "22-7" must be hours such as "22:00-07:00"'),
        ('quiet = "25:00-07:00"', "must be hours"),
        ('quite = "22:00-07:00"', 'line 2: "quite" is not a known key; did you mean "quiet"?'),
        ("notify_command = [1]", "line 2: notify_command must be a list of words"),
    ],
)
def test_what_cannot_be(line: str, sentence: str) -> None:
    """Said with line, key and suggestion; accounts are used all the same, and nothing is told."""
    config = parse(f"[notifications]\n{line}\n[accounts.a]\nemail='a@b.c'\nincoming={{host='h'}}\n", Path("/"))
    assert any(sentence in problem.sentence for problem in config.problems), config.problems
    assert [account.name for account in config.accounts] == ["a"]
    assert config.notices.by == "off"


def test_read_and_changed(tmp_path: Path) -> None:
    """Off, and the inbox, unless a person says otherwise; comments stay."""
    assert parse("", Path("/")).notices == Notices()
    here = paths(tmp_path)
    here.prepare()
    here.config_file.write_text(
        "[notifications]  # mine\nby = 'bell'\n[accounts.a]\nemail='a@b.c'\nnotify=['inbox', 'Lists']\n"
        "incoming={host='h'}\n"
    )
    set_table(here, "notifications", {"quiet": "22:00 - 7:00"})
    set_table(here, "notifications", {"notify_command": ["true"]})
    notices = load(here).notices
    assert notices == Notices("bell", ("true",), Quiet(time(22), time(7)), {"a": ("inbox", "Lists")})
    assert notice_words(notices) == {"by": "bell", "notify_command": "true", "quiet": "22:00-07:00"}
    assert "# mine" in here.config_file.read_text()
    before = here.config_file.read_bytes()
    with pytest.raises(ConfigError, match="Nothing was changed"):
        set_table(here, "notifications", {"quiet": "night"})
    assert here.config_file.read_bytes() == before
    set_table(here, "notifications", {"quiet": None, "notify_command": None, "by": None})
    assert load(here).notices.by == "off"
    here.config_file.unlink()
    set_table(here, "notifications", {"by": "bell"})
    assert load(here).notices.by == "bell"
