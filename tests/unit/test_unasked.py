"""What was typed for a picker that did not open."""

from __future__ import annotations

from textual.events import Key

from tui_mail.ui.unasked import PAUSE, SURPRISE, Unasked


def key(character: str, at: float) -> Key:
    made = Key({"\r": "enter", "\x1b": "escape"}.get(character, character), character)
    made.time = at
    return made


def swallowed(asking: str, action_id: str, *typed: tuple[str, float]) -> str:
    """What is done to nothing of the keys that follow one that asks, each so many seconds after the last one."""
    keys, at = Unasked(), 100.0
    keys.note(action_id, key(asking, at))
    out = ""
    for character, later in typed:
        at += later
        out += character if keys.swallows(key(character, at)) else "."
    return out


def test_a_name_that_is_typed_on_is_done_to_nothing() -> None:
    """However long it is, up to its Enter; and from a moment on in which nothing is typed, keys mean what they mean."""
    slow = [(letter, 0.3) for letter in "rojeded"]
    assert swallowed("v", "message.move", ("p", SURPRISE - 0.1), *slow, ("\r", 0.3), ("e", 0.1)) == "projeded\r."
    assert swallowed("v", "message.move", ("p", 0.1), ("e", PAUSE + 0.1), ("e", 0.1)) == "p.."
    assert swallowed("v", "message.move", ("e", SURPRISE + 0.1), ("e", 0.1)) == ".."
    endless = swallowed("v", "message.move", *[("j", 0.2) for _ in range(40)])
    assert endless.strip(".") == "j" * 24
    assert endless.endswith("." * 16)


def test_who_asks_again_or_leaves_is_obeyed() -> None:
    """The same key once more asks once more; in a name it is a letter. Esc ends what is typed."""
    assert swallowed("v", "message.move", ("v", 0.4)) == "."
    assert swallowed("v", "message.move", ("e", 0.1), ("v", 0.1), ("e", 0.1)) == "eve"
    assert swallowed("v", "message.move", ("e", 0.1), ("\x1b", 0.1), ("e", 0.1)) == "e.."


def test_a_letter_has_lines_and_other_actions_ask_for_nothing() -> None:
    """Enter does not end what is written to somebody."""
    assert swallowed("r", "mail.reply", ("y", 0.1), ("\r", 0.1), ("e", 0.1)) == "y\re"
    assert swallowed("e", "message.archive", ("e", 0.1)) == "."
