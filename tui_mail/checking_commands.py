"""The commands that look whether everything works: `account check` for the servers, `doctor` for all there is.

What belongs here: one function a command, from parsed arguments to an exit code. What must never be here: what a
failure means (client/cures), what settings do to mail (config/guards).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import textwrap
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tui_mail.answers import Arguments, line
from tui_mail.client import MailClient, surroundings
from tui_mail.client.checking import check_leg
from tui_mail.client.surroundings import Redaction
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets
from tui_mail.config.guards import Guard, Seen, accounts_elsewhere, guards, two_profiles
from tui_mail.errors import ConfigError, MailError
from tui_mail.model import Account, Role
from tui_mail.paths import paths
from tui_mail.settings import Leg, LegReport, StepDone
from tui_mail.text import safe_line
from tui_mail.ui.keys import read_keymap
from tui_mail.ui.terminal_notice import way_of

THROUGH = ("terminal", "osc9", "osc99", "osc777")
"""Ways of telling of new mail that need the terminal itself."""
Say = Callable[[str], None]
"""Prints a line for people."""
_INDENTED = textwrap.TextWrapper(78, initial_indent="    ", subsequent_indent="    ", break_long_words=False)


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
    say = _sayer(given, lambda words: words)
    checked = [_check_account(account, config.accounts, say, given, letter=given.letter) for account in accounts]
    code = _code(checked) or (ConfigError.exit_code if config.problems and not given.names else 0)
    if given.json:
        line({"ok": code == 0, "accounts": [document for document, _ in checked]})
    return code


def doctor(given: Arguments) -> int:
    """Everything that a bug report needs, redacted: this computer, the store, the configuration, the servers."""
    config = configuration.load(given.paths)
    redaction = Redaction(config.accounts)
    say = _sayer(given, redaction.of)
    disk, troubles = surroundings.disk(given.paths)
    document: dict[str, Any] = {
        "versions": surroundings.versions(),
        "terminal": surroundings.terminal() | {"notifications": way_of(os.environ)},
        "clock": surroundings.clock(),
        "disk": disk,
        "running": surroundings.engine(given.paths),
        "secrets": surroundings.keyring(given.paths, config.accounts),
    }
    for title, facts in document.items():
        say(f"{title}: {' · '.join(f'{key} {value}' for key, value in facts.items())}")
    troubles += [str(problem.sentence) for problem in config.problems]
    try:
        read_keymap(given.paths.keys_file)
    except MailError as error:
        troubles.append(str(error.shown))
    kept = _store(given, config.accounts, troubles)
    for trouble in troubles:
        say(f"✗ {trouble}")
    say(f"{'✗' if kept.damaged else '✓'} {kept.whole} messages are whole on this disk.")
    warnings = list(kept.warnings)
    if document["terminal"].get("passthrough") == "off" and config.notices.by in THROUGH:
        warnings.append(
            "tmux keeps notifications of new mail from the terminal; `set -g allow-passthrough on` lets them."
        )
    for warning in warnings:
        say(f"! {warning}")
    for id_ in kept.damaged:
        say(
            f"✗ The octets of message {id_} are not what was stored; `tui-mail show {id_}` tells which it is. What a "
            "server still has is fetched again when it is opened."
        )
    checked = [
        _check_account(account, config.accounts, say, given, letter=False, offline=given.offline)
        for account in config.accounts
    ]
    if kept.strangers:
        say(f"! {two_profiles(list(kept.strangers)).words}")
    document |= {
        "strangers": list(kept.strangers),
        "whole": kept.whole,
        "damaged": list(kept.damaged),
        "warnings": warnings,
        "troubles": troubles,
        "accounts": [document for document, _ in checked],
    }
    if given.json:
        line(redaction.whole(document))
    return 1 if troubles or kept.damaged else _code(checked)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is to be said of the store."""

    whole: int = 0
    damaged: tuple[int, ...] = ()
    strangers: tuple[str, ...] = ()
    """Whose mail is there that config.toml does not name."""
    warnings: tuple[str, ...] = ()
    """Mailboxes that somebody else reads too."""


def _store(given: Arguments, accounts: Sequence[Account], troubles: list[str]) -> _Kept:
    """Every message against its hash. What is wrong with the files is added to `troubles`."""
    try:
        client = MailClient(given.paths, accounts)
    except MailError as error:
        troubles.append(error.sentence)
        return _Kept()
    try:
        found, strangers, warnings = client.check_store(), client.strangers(), client.warnings()
    finally:
        client.stop()
    troubles += map(str, found.troubles)
    return _Kept(found.whole, tuple(found.damaged), tuple(strangers), tuple(warnings))


# --- one account ------------------------------------------------------------------------------


def _check_account(
    account: Account, others: Iterable[Account], say: Say, given: Arguments, *, letter: bool, offline: bool = False
) -> tuple[dict[str, Any], int]:
    """Both servers and the settings of one account, as JSON has it; and the exit code of its first failure."""
    reports: list[LegReport] = []
    legs: tuple[Leg, ...] = () if offline else ("incoming",) if account.outgoing is None else ("incoming", "outgoing")
    for leg in legs:
        server = account.incoming if leg == "incoming" else account.outgoing
        assert server is not None
        say(f"{account.name}, {leg}: {server.host}, port {server.port}, {server.security.value}")
        reports.append(_check_leg(account, leg, say, letter=letter))
    command = _sendmail(account, say)
    found = guards(
        account,
        others,
        _seen(reports),
        elsewhere=accounts_elsewhere(given.paths, [paths()]),
    )
    for guard in found:
        say(f"  ! {guard.words}")
    document = {
        "account": account.name,
        "protocol": account.protocol.value,
        "legs": [_leg_json(account, report) for report in reports],
        "guards": [_guard_json(guard) for guard in found],
    }
    problem = next((report.problem for report in reports if report.problem is not None), None) or command
    return document, problem.exit_code if problem is not None else 0


def _check_leg(account: Account, leg: Leg, say: Say, *, letter: bool) -> LegReport:
    def tell(step: StepDone) -> None:
        say(f"  {'✓' if step.ok else '✗'} {step.step.value:<10}  {step.words}")

    missing: MailError | None = None
    secret, other = "", None
    try:
        secret = secrets.secret(account, leg)
        if letter and leg == "outgoing":
            other = secrets.secret(account, "incoming")
    except MailError as error:
        missing = error
    wants_letter = letter and leg == "outgoing"
    stop = threading.Event()
    report = check_leg(
        account, leg, secret, tell, stop, letter=wants_letter, other_secret=other, instead_of_login=missing
    )
    for warning in report.warnings:
        say(f"  ! {warning}")
    if report.problem is not None:
        begun = report.steps[-1].words if report.steps and not report.steps[-1].ok else ""
        rest = report.problem.shown.removeprefix(f"{begun}. ") if begun else report.problem.shown
        say(_INDENTED.fill(rest))
    for cure in report.cures:
        say(f"    → {cure.words}")
    return report


def _sendmail(account: Account, say: Say) -> MailError | None:
    """Whether the program that sends is there, where one is used instead of a server."""
    if not account.sendmail_command:
        return None
    program = account.sendmail_command[0]
    if shutil.which(program):
        say(f"{account.name}, outgoing: {safe_line(shlex.join(account.sendmail_command))}")
        return None
    problem = ConfigError(f"The sendmail_command of {account.name} is not on this computer: {program}.")
    say(f"  ✗ {problem.shown}")
    return problem


def _seen(reports: Iterable[LegReport]) -> Seen:
    facts: dict[str, str] = {}
    for report in reports:
        facts |= report.facts
    known = {role.value: role for role in Role}
    roles = frozenset(known[word] for word in facts["roles"].split() if word in known) if "roles" in facts else None
    filed = {"server": True, "copy": False}.get(facts.get("sent_copy", ""))
    wrong = frozenset(known[word] for word in facts.get("wrong_folders", "").split())
    return Seen(roles, filed, wrong)


def _leg_json(account: Account, report: LegReport) -> dict[str, Any]:
    server = account.incoming if report.leg == "incoming" else account.outgoing
    return {
        "leg": report.leg,
        "host": server.host if server else "",
        "port": server.port if server else 0,
        "security": server.security.value if server else "",
        "ok": report.ok,
        "steps": [{"step": one.step.value, "ok": one.ok, "words": one.words} for one in report.steps],
        "error": report.problem.shown if report.problem is not None else "",
        "cures": [
            {
                "words": cure.words,
                "leg": cure.leg,
                "host": cure.server.host,
                "port": cure.server.port,
                "security": cure.server.security.value,
                "user": cure.server.user,
                "auth": cure.server.auth,
                "fingerprint": cure.server.fingerprint,
            }
            for cure in report.cures
        ],
        "warnings": list(report.warnings),
        "facts": report.facts,
    }


def _guard_json(guard: Guard) -> dict[str, Any]:
    return {"name": guard.name, "words": guard.words, "grave": guard.grave}


def _code(checked: Sequence[tuple[dict[str, Any], int]]) -> int:
    return next((code for _, code in checked if code), 0)


def _sayer(given: Arguments, change: Callable[[str], str]) -> Say:
    """Words for people go to stderr where stdout is for a program."""
    stream = sys.stderr if given.json else sys.stdout
    return lambda words: print(change(words), file=stream, flush=True)
