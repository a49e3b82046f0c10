"""Looking whether everything works: this computer, the store, config.toml, and both servers of each account.

What belongs here: what is looked at, in which order, and what is told of it; the command line and the screen show it.
What must never be here: what a failure means (cures), what settings do to mail (config/guards), a stream, a widget.
"""

from __future__ import annotations

import shlex
import shutil
import textwrap
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_mail.client import surroundings
from tui_mail.client.checking import check_leg
from tui_mail.client.surroundings import Redaction
from tui_mail.config import accounts as configuration
from tui_mail.config import secrets
from tui_mail.config.guards import Guard, Seen, accounts_elsewhere, guards, two_profiles
from tui_mail.errors import ConfigError, MailError
from tui_mail.model import Account, Protocol, Role, Server
from tui_mail.paths import Paths, paths
from tui_mail.records import frozen
from tui_mail.settings import Cure, Leg, LegReport, StepDone
from tui_mail.text import safe_line

if TYPE_CHECKING:
    from tui_mail.client.mail_client import MailClient

_SETTABLE = ("host", "port", "security", "user", "fingerprint")
"""What of a server `tui-mail account set` sets in one word each."""
THROUGH = ("terminal", "osc9", "osc99", "osc777")
"""Ways of telling of new mail that need the terminal itself."""
Say = Callable[[str], None]
"""Is given a line for people."""
_INDENTED = textwrap.TextWrapper(78, initial_indent="    ", subsequent_indent="    ", break_long_words=False)


def examine(
    here: Paths,
    client: MailClient | None,
    tell: Say,
    *,
    terminal: Mapping[str, str],
    troubles: Sequence[str] = (),
    offline: bool = False,
    stop: threading.Event | None = None,
) -> tuple[dict[str, Any], int]:
    """Everything that a bug report needs, redacted: a line at a time, then all of it for JSON, and an exit code.

    `terminal`: what is known of it; `troubles`: what was found before; `client`: None when there is no store to be
    had. Reads every message, asks the keyring and, unless `offline`, every server: blocks for seconds or minutes, so
    never call it on the UI thread. Soon after `stop` is set it ends.
    """
    stop = stop or threading.Event()
    config = configuration.load(here)
    redaction = Redaction(config.accounts)

    def say(words: str) -> None:
        tell(redaction.of(words))

    disk, wrong = surroundings.disk(here)
    document: dict[str, Any] = {
        "versions": surroundings.versions(),
        "terminal": dict(terminal),
        "clock": surroundings.clock(),
        "disk": disk,
        "running": surroundings.engine(here),
        "secrets": surroundings.keyring(here, config.accounts),
    }
    for title, facts in document.items():
        say(f"{title}: {' · '.join(f'{key} {value}' for key, value in facts.items())}")
    if silent := surroundings.silence(here):
        wrong.append(
            f"This mail is kept up to date by {silent}. Mail is safe; continue that one (kill -CONT), or end it."
        )
    found = [*wrong, *(str(problem.sentence) for problem in config.problems), *troubles]
    kept = _store(client, found)
    for trouble in found:
        say(f"✗ {trouble}")
    many = "1 message is" if kept.whole == 1 else f"{kept.whole:,} messages are"
    say(f"{'✗' if kept.damaged else '✓'} {many} whole on this disk.")
    if any(kept.waiting):
        say(f"waiting: {_waiting_words(*kept.waiting)}")
    warnings = list(kept.warnings)
    if terminal.get("passthrough") == "off" and config.notices.by in THROUGH:
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
        check_account(account, config.accounts, here, say, offline=offline, stop=stop)
        for account in config.accounts
        if not stop.is_set()
    ]
    if kept.strangers:
        say(f"! {two_profiles(list(kept.strangers)).words}")
    document |= {
        "strangers": list(kept.strangers),
        "whole": kept.whole,
        "damaged": list(kept.damaged),
        "waiting": dict(zip(("changes", "messages"), kept.waiting, strict=True)),
        "warnings": warnings,
        "troubles": found,
        "accounts": [document for document, _ in checked],
    }
    whole = redaction.whole(document)
    assert isinstance(whole, dict)
    return whole, 1 if found or kept.damaged else first_code(checked)


@frozen
class _Kept:
    """What is to be said of the store."""

    whole: int = 0
    damaged: tuple[int, ...] = ()
    strangers: tuple[str, ...] = ()
    """Whose mail is there that config.toml does not name."""
    warnings: tuple[str, ...] = ()
    """Mailboxes that somebody else reads too."""
    waiting: tuple[int, int] = (0, 0)
    """(changes, messages to be sent) that a server has not been told."""


def _store(client: MailClient | None, troubles: list[str]) -> _Kept:
    """Every message against its hash. What is wrong with the files is added to `troubles`."""
    if client is None:
        return _Kept()
    try:
        found, strangers, warnings = client.check_store(), client.strangers(), client.warnings()
        waiting = client.waiting()
    except MailError as error:
        troubles.append(error.sentence)
        return _Kept()
    troubles += map(str, found.troubles)
    return _Kept(found.whole, tuple(found.damaged), tuple(strangers), tuple(warnings), waiting)


def _waiting_words(changes: int, messages: int) -> str:
    """How much waits: "1 change and 2 messages to be sent wait for the server"."""
    said = [
        f"{count:,} {words if count == 1 else words.replace(' ', 's ', 1)}".rstrip()
        for count, words in ((changes, "change "), (messages, "message to be sent"))
        if count
    ]
    return f"{' and '.join(said)} wait{'s' * (changes + messages == 1)} for the server"


# --- one account ------------------------------------------------------------------------------


def check_account(
    account: Account,
    others: Iterable[Account],
    here: Paths,
    say: Say,
    *,
    letter: bool = False,
    offline: bool = False,
    stop: threading.Event | None = None,
) -> tuple[dict[str, Any], int]:
    """Both servers and the settings of one account, as JSON has it; and the exit code of its first failure."""
    reports: list[LegReport] = []
    if account.protocol is Protocol.LOCAL:
        say(f"{account.name}, incoming: its mail is on this computer only, and no server is asked")
    legs: tuple[tuple[Leg, Server | None], ...] = (("incoming", account.incoming), ("outgoing", account.outgoing))
    for leg, server in legs:
        if offline or server is None or (leg == "incoming" and account.protocol is Protocol.LOCAL):
            continue
        say(f"{account.name}, {leg}: {server.host}, port {server.port}, {server.security.value}")
        reports.append(_check_leg(account, leg, say, stop or threading.Event(), letter=letter))
    command = _sendmail(account, say)
    found = guards(
        account,
        others,
        seen_by(reports),
        elsewhere=accounts_elsewhere(here, [paths()]),
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


def _check_leg(account: Account, leg: Leg, say: Say, stop: threading.Event, *, letter: bool) -> LegReport:
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
        command = _command(account, cure)
        say(f"    → {cure.words}{f': {command}' if command else ''}")
    return report


def _command(account: Account, cure: Cure) -> str:
    """The command that makes the change that a button makes elsewhere; empty when one command cannot."""
    server = account.incoming if cure.leg == "incoming" else account.outgoing
    if server is None or replace(cure.server, **{key: getattr(server, key) for key in _SETTABLE}) != server:
        return ""
    keys = [key for key in _SETTABLE if getattr(cure.server, key) != getattr(server, key)]
    settings = [shlex.quote(f"{cure.leg}.{key}={getattr(cure.server, key)}") for key in keys]
    return " ".join(["tui-mail account set", shlex.quote(account.name), *settings])


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


def seen_by(reports: Iterable[LegReport]) -> Seen:
    """What checks saw of an account, for its guards."""
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


def first_code(checked: Sequence[tuple[dict[str, Any], int]]) -> int:
    """The exit code of the first failure; 0 when there is none."""
    return next((code for _, code in checked if code), 0)
