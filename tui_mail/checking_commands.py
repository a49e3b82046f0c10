"""The commands that look whether everything works: `account check` for the servers, `doctor` for all there is.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: what is
looked at (client/examining), what a failure means (client/cures).
"""

from __future__ import annotations

import contextlib
import os
import sys

from tui_mail.answers import Arguments, line
from tui_mail.client import MailClient, surroundings
from tui_mail.client.examining import Say, check_account, examine, first_code
from tui_mail.config import accounts as configuration
from tui_mail.errors import ConfigError, MailError
from tui_mail.questions import answer_at_terminal
from tui_mail.ui.keys import read_keymap
from tui_mail.ui.terminal_notice import way_of


def account_check(given: Arguments) -> int:
    """Try both servers of each account, step by step; the exit code is that of the first failure."""
    config = configuration.load(given.paths)
    for problem in config.problems:
        print(problem.sentence, file=sys.stderr)
    accounts = [config.account(name) for name in dict.fromkeys(given.names)] or list(config.accounts)
    if not accounts:
        if config.problems:
            return ConfigError.exit_code
        raise ConfigError("There is no account in config.toml; `tui-mail account add` makes one.")
    answer_at_terminal(given.paths)
    say = _sayer(given)
    checked = [check_account(account, config.accounts, given.paths, say, letter=given.letter) for account in accounts]
    code = first_code(checked) or (ConfigError.exit_code if config.problems and not given.names else 0)
    if given.json:
        line({"ok": code == 0, "accounts": [document for document, _ in checked]})
    return code


def doctor(given: Arguments) -> int:
    """Everything that a bug report needs, redacted: this computer, the store, the configuration, the servers."""
    answer_at_terminal(given.paths)
    troubles = list[str]()
    with contextlib.ExitStack() as open_store:
        client: MailClient | None = None
        try:
            client = MailClient(given.paths, configuration.load(given.paths).accounts)
            open_store.callback(client.stop)
        except MailError as error:
            troubles.append(str(error.shown))
        try:
            read_keymap(given.paths.keys_file)
        except MailError as error:
            troubles.append(str(error.shown))
        terminal = surroundings.terminal() | {"notifications": way_of(os.environ)}
        document, code = examine(
            given.paths, client, _sayer(given), terminal=terminal, troubles=troubles, offline=given.offline
        )
    if given.json:
        line(document)
    return code


def _sayer(given: Arguments) -> Say:
    """Words for people go to stderr where stdout is for a program."""
    stream = sys.stderr if given.json else sys.stdout
    return lambda words: print(words, file=stream, flush=True)
