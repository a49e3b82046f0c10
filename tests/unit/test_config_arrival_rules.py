"""Rules in config.toml: what they may say, and that a wrong one is named while the others work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.test_config_accounts import account_toml
from tui_mail.arriving import Rule
from tui_mail.config.accounts import Config, parse
from tui_mail.model import Flag, Role

GOOD = """
[[rules]]
name = "Bills"
query = "in:inbox from:(stripe OR paypal)"
move = "Bills"
read = true
keyword = "paid"
[[rules]]
query = "list:linux"
archive = true
star = true
stop = true
account = "work"
"""


def read(rules: str) -> Config:
    return parse(account_toml() + rules, Path("/nowhere"))


def test_every_key() -> None:
    """Two rules; the account has both."""
    config = read(GOOD)
    assert config.problems == ()
    bills = Rule("Bills", "in:inbox from:(stripe OR paypal)", move="Bills", add=Flag.SEEN, keywords=("paid",))
    linux = Rule("rule 2", "list:linux", "work", role=Role.ARCHIVE, add=Flag.FLAGGED, stop=True, place=1)
    assert config.rules == (bills, linux)
    assert config.accounts[0].rules == config.rules
    assert bills.does() == "move to Bills, mark as read, keyword paid"
    assert linux.does() == "archive, star, stop"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('query = "from:a"\nmoev = "B"\nstar = true', 'line 21: "moev" is not a known key; did you mean "move"?'),
        ('query = "from:a"', 'line 19: the rule "rule 3" does nothing'),
        ('query = "form:a"\nstar = true', "line 20: this query is not clear: there is no “form:”"),
        ('query = ""\nstar = true', "line 20: a rule needs a query"),
        ("star = true", "line 19: a rule needs a query"),
        ('query = "body:invoice"\nstar = true', "line 20: body: cannot be asked by a rule"),
        ('query = "from:a"\nmove = "B"\ntrash = true', "line 22: a message cannot go to two places: move and trash"),
        ('query = "from:a"\nstar = "yes"', "line 21: star must be true or false"),
        ('query = "from:a"\nkeyword = "a b"', "line 21: a keyword is made of letters"),
        ('query = "from:a"\nstar = true\naccount = "wrok"', 'no account "wrok"; did you mean "work"?'),
        ('name = "Bills"\nquery = "from:a"\nstar = true', 'line 20: there are two rules called "Bills"'),
    ],
)
def test_a_wrong_rule_is_named_with_its_line(lines: str, said: str) -> None:
    """The sentence says where and what; the account and the other rules work."""
    config = read(f"{GOOD}[[rules]]\n{lines}\n")
    sentences = [str(problem.sentence) for problem in config.problems]
    assert any(said in sentence for sentence in sentences), sentences
    assert not any(problem.fatal for problem in config.problems)
    assert [rule.name for rule in config.rules] == ["Bills", "rule 2"]
    assert len(config.accounts) == 1


def test_one_bracket_instead_of_two() -> None:
    """Said as what it is."""
    config = read('[rules]\nquery = "from:a"\n')
    assert "with two brackets" in config.problems[0].sentence
    assert config.rules == ()
