"""Who the accounts are: config.toml to `Account`.

What belongs here: reading the file as a whole. What must never be here: writing it (changing), secrets (a password in
the file is refused), networks, and opinions about providers.

Reading never fails as a whole: `load` gives every account that can be used and every problem at once, each
with its line. Only `tomllib` is needed for that.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.arriving import Rule
from tui_mail.config.arrival_rules import rules_of
from tui_mail.config.notice_rules import notices_of
from tui_mail.config.reading_rules import ADVANCES, PICTURES, reading_of
from tui_mail.config.rules import Problem, Reader, suggestion
from tui_mail.config.splits import Splits, splits_of
from tui_mail.config.writing import compose_of
from tui_mail.errors import ConfigError, NotFound
from tui_mail.model import Account
from tui_mail.notices import Notices
from tui_mail.outgoing import ComposeSettings
from tui_mail.paths import Paths
from tui_mail.records import frozen
from tui_mail.text import safe_line

if TYPE_CHECKING:
    pass


_TOP_KEYS = ("accounts", "compose", "notifications", "reading", "rules", "searches", "splits")

_UNUSABLE = "Your mail is safe; no account can be used until it is corrected."
_ERROR_LINE = re.compile(r"line (\d+)")


@frozen
class Config:
    """What config.toml says, as far as it makes sense."""

    accounts: tuple[Account, ...] = ()
    problems: tuple[Problem, ...] = ()
    compose: ComposeSettings = field(default_factory=ComposeSettings)
    notifications: Notices = field(default_factory=Notices)
    """The table; `notices` has the folders of the accounts too."""

    searches: tuple[tuple[str, str], ...] = ()
    """Saved searches: what each is called, and what it looks for, in the language of `understanding`."""
    auto_advance: str = ADVANCES[0]
    """What is shown when the message that is read was put away."""
    splits: Splits | None = None
    """The tabs of the inbox; None: it does not say."""
    rules: tuple[Rule, ...] = ()
    """What is done with mail that comes in, in this order; each account has its own of them too."""
    pictures: str = PICTURES[0]
    """Who paints pictures: auto, blocks or terminal."""

    @property
    def notices(self) -> Notices:
        """How the person wants to be told of new mail, and in which folders."""
        return replace(self.notifications, folders={account.name: account.notify for account in self.accounts})

    def refuse_unreadable(self) -> None:
        """Raise ConfigError when the file as a whole could not be read: then nobody knows which accounts there are."""
        for problem in self.problems:
            if not problem.account and not problem.path:
                raise ConfigError(problem.sentence)

    def account(self, name: str) -> Account:
        """The account called `name`. Raises NotFound with a suggestion, or ConfigError when it has a problem."""
        for account in self.accounts:
            if account.name == name:
                return account
        for problem in self.problems:
            if problem.account == name:
                raise ConfigError(problem.sentence)
        self.refuse_unreadable()
        names = [account.name for account in self.accounts]
        known = f"There are: {', '.join(names)}." if names else "There is none yet; add one with: tui-mail account add"
        raise NotFound(f'There is no account "{name}"{suggestion(name, names)}. {known}')


def load(paths: Paths) -> Config:
    """Read config.toml. Never raises: without the file there are no accounts, with errors there are problems."""
    try:
        text = paths.config_file.read_text("utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return Config(problems=(Problem(safe_line(f"{paths.config_file} cannot be read: {reason}. {_UNUSABLE}")),))
    return parse(text, paths.config)


def parse(text: str, folder: Path) -> Config:
    """What the text of a config.toml says; `folder` is what a relative ca_file is relative to."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _ERROR_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        sentence = f"config.toml line {line}: this is not TOML: {error}. {_UNUSABLE}"
        return Config(problems=(Problem(safe_line(sentence), line=line),))
    reader = Reader(text, folder)
    reader.unknown((), document, _TOP_KEYS)
    accounts = []
    tables = reader.table((), document, "accounts")
    for name, table in tables.items():
        account = reader.account_of(name, table)
        if account is not None:
            accounts.append(account)
    compose, notices = compose_of(reader, document), notices_of(reader, document)
    saved = reader.table((), document, "searches")
    searches = tuple((name, query) for name in saved if (query := reader.string(("searches",), saved, name)))
    rules = rules_of(reader, document, tables)
    accounts = [replace(one, rules=tuple(r for r in rules if r.account in ("", one.name))) for one in accounts]
    (advance, pictures), splits = reading_of(reader, document), splits_of(reader, document)
    problems = tuple(sorted(reader.problems, key=lambda problem: problem.line))
    return Config(tuple(accounts), problems, compose, notices, searches, advance, splits, rules, pictures)
