"""Keys become actions; keys.toml changes them or says clearly why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_mail.errors import ConfigError
from tui_mail.ui.actions import Place
from tui_mail.ui.keys import KeyReader, default_keymap, forgiving_keymap, key_name, read_keymap


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    return path


def test_a_key_is_its_action_in_its_place() -> None:
    """q leaves in the list and goes back in the reader."""
    keys = KeyReader(default_keymap())
    assert keys.feed("q", Place.LIST) == "quit"
    assert keys.feed("q", Place.READER) == "back"
    assert keys.feed("e", Place.TREE) is None


def test_two_keys_make_a_sequence() -> None:
    """g waits for what follows; an unknown second key is forgotten."""
    keys = KeyReader(default_keymap())
    assert keys.feed("g", Place.LIST) is None
    assert keys.waiting == "g"
    assert keys.feed("i", Place.LIST) == "go.inbox"
    assert keys.feed("g", Place.LIST) is None
    assert keys.feed("ä", Place.LIST) is None
    assert keys.waiting == ""
    assert keys.feed("e", Place.LIST) == "message.archive"


def test_what_follows_a_prefix_can_be_shown() -> None:
    """The footer names what g may be followed by."""
    following = {key: action.id for key, action in default_keymap().after("g", Place.LIST)}
    assert following["i"] == "go.inbox"
    assert following["g"] == "move.top"


def test_names_of_keys() -> None:
    """A printing key is its character, others are named."""
    assert key_name("exclamation_mark", "!") == "!"
    assert key_name("space", " ") == "space"
    assert key_name("ctrl+w", "\x17") == "ctrl+w"
    assert key_name("J", "J") == "J"


def test_no_file_means_the_default_keys(tmp_path: Path) -> None:
    """keys.toml is not needed."""
    assert read_keymap(tmp_path / "keys.toml") == default_keymap()


def test_own_keys_replace_and_take(tmp_path: Path) -> None:
    """A key that is given to another action leaves the one that had it by default."""
    keymap = read_keymap(written(tmp_path, '[keys]\n"message.archive" = ["y", "s"]\n"go.inbox" = "g y"\n'))
    assert keymap.table[Place.LIST][("y",)] == "message.archive"
    assert keymap.table[Place.LIST][("s",)] == "message.archive"
    assert keymap.keys["message.star"] == ()
    assert ("e",) not in keymap.table[Place.LIST]
    assert keymap.table[Place.LIST][("g", "y")] == "go.inbox"


def test_a_preset_can_be_chosen(tmp_path: Path) -> None:
    """The keys of mutt."""
    keymap = read_keymap(written(tmp_path, 'preset = "mutt"\n'))
    assert keymap.shown("undo") == "u"
    assert keymap.shown("select.toggle") == "t"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[keys]\n"message.archiv" = "e"\n', "Did you mean “message.archive”"),
        ('[keys]\n"message.archive" = "y"\n"message.star" = "y"\n', "“y” is given to both"),
        ('[keys]\n"message.archive" = "g"\n', "also begins sequences"),
        ('[keys]\n"message.archive" = "entr"\n', "is no key"),
        ('[keys]\n"message.archive" = "a b c"\n', "is no key"),
        ('[keys]\n"message.archive" = 3\n', "must be a text"),
        ('preset = "emacs"\n', "there is no preset “emacs”"),
        ("keyz = 1\n", "“keyz” is not known"),
        ("[keys\n", "is not TOML"),
        ("keys = 1\n", "must be a table"),
    ],
)
def test_errors_say_what_and_where(tmp_path: Path, text: str, words: str) -> None:
    """Each mistake has a sentence of its own."""
    with pytest.raises(ConfigError, match=r"keys\.toml") as caught:
        read_keymap(written(tmp_path, text))
    assert words in caught.value.sentence


@pytest.mark.parametrize(
    "line",
    [
        '"message.archiv" = "e"',
        '"message.archive" = "entr"',
        '"message.star" = "Z"\n"message.archive" = "Z"',
        '"message.archive" = "g"',
    ],
    ids=["no action", "no key", "given twice", "begins sequences"],
)
def test_a_wrong_line_leaves_the_others_and_the_preset(tmp_path: Path, line: str) -> None:
    """Else `u` and `e` would mean something else on the day of a slip."""
    text = f'preset = "mutt"\n[keys]\n"mail.reply" = "ctrl+y"\n{line}\n'
    keymap, problems = forgiving_keymap(written(tmp_path, text))
    assert [type(one) for one in problems] == [ConfigError]
    table = keymap.table[Place.LIST]
    assert (table[("u",)], table[("e",)], table[("A",)]) == ("undo", "mail.edit_as_new", "message.archive")
    assert table[("ctrl+y",)] == "mail.reply"


@pytest.mark.parametrize(
    "text", ['preset = "emacs"\n[keys]\n"go.inbox" = "g y"\n', 'x = 1\n[keys]\n"go.inbox" = "g y"\n']
)
def test_what_is_not_known_leaves_the_keys(tmp_path: Path, text: str) -> None:
    keymap, problems = forgiving_keymap(written(tmp_path, text))
    assert len(problems) == 1
    assert keymap.table[Place.LIST][("g", "y")] == "go.inbox"
