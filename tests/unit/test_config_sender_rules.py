"""Writing rules into config.toml: what a person wrote there stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tui_mail.config.changing import put_rule
from tui_mail.errors import ConfigError
from tui_mail.paths import Paths, paths

RULE = {"name": "From news@ex.example", "query": "in:inbox from:news@ex.example", "move": "News"}


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    return paths(tmp_path)


def written(home: Paths) -> str:
    return home.config_file.read_text()


def test_a_rule_is_added_to_an_empty_file(home: Paths) -> None:
    """One table, with the keys as they were given."""
    put_rule(home, RULE)
    assert tomllib.loads(written(home)) == {"rules": [RULE]}
    assert written(home).startswith("[[rules]]\n")


def test_others_stay_with_their_comments_and_one_of_the_same_name_is_replaced(home: Paths) -> None:
    """In its place."""
    home.prepare()
    home.config_file.write_text('# mine\n[[rules]]\nname = "first"  # keep\nquery = "is:unread"\nmove = "A"\n')
    put_rule(home, RULE)
    put_rule(home, {"name": RULE["name"], "query": RULE["query"], "archive": True})
    found = tomllib.loads(written(home))["rules"]
    assert [one["name"] for one in found] == ["first", RULE["name"]]
    assert found[1] == {"name": RULE["name"], "query": RULE["query"], "archive": True}
    assert written(home).startswith('# mine\n[[rules]]\nname = "first"  # keep\n')


def test_rules_that_are_none_are_not_touched(home: Paths) -> None:
    """An error in words, and the file as it was."""
    home.prepare()
    home.config_file.write_text("rules = 3\n")
    with pytest.raises(ConfigError, match="Nothing was changed"):
        put_rule(home, RULE)
    assert written(home) == "rules = 3\n"
